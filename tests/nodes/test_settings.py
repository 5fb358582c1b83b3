"""Settings from nodes, from the app's recommendations and from its configurations."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from comfy_api.latest import io
from server import PromptServer
from standin.executor import Outcome
from standin.stage import Stage, graph

from drawbridge.client.configuration import clipboard
from drawbridge.client.configuration.control_kind import kind_of
from drawbridge.client.configuration.enums import ColorCalibration, LoRAMode, SeedMode
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.client.configuration.ranges import ranges
from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import DrawbridgeError
from drawbridge.facts.hints import ControlInput
from drawbridge.facts.samplers import Sampler
from drawbridge.nodes import NODES
from drawbridge.nodes.configuration import ImportConfiguration
from drawbridge.nodes.records import Hinted, Settings
from drawbridge.nodes.settings.fields import SettingsNode, label

Serve = Callable[..., Emulator]
SETTINGS = [node for node in NODES if issubclass(node, SettingsNode)]
RANGES = ranges(GenerationConfig)
# Generate's own widgets and inputs, what belongs to LoRAs and controls, and what no server reads
ELSEWHERE = {
    *("start_width", "start_height", "steps", "guidance_scale", "strength", "seed", "sampler"),
    *("shift", "resolution_dependent_shift", "batch_size", "model", "loras", "controls"),
    *("id", "name", "batch_count", "expand_prompt_to_json"),
    *("compression_artifacts", "compression_artifacts_quality"),
}


def widgets(node: type[io.ComfyNode]) -> dict[str, Any]:
    """Return what a person finds in the widgets of a fresh node."""
    required = node.INPUT_TYPES()["required"]
    return {name: options["default"] for name, (_, options) in required.items()}


def by_id(name: str) -> Any:
    return next(node for node in NODES if node.GET_SCHEMA().node_id == name)


def run(stage: Stage, *nodes: tuple[str, dict[str, Any]]) -> Outcome:
    """Run nodes in a row, each fed by the one before it, and export what comes out."""
    prompt: dict[str, dict[str, Any]] = {}
    for number, (kind, inputs) in enumerate(nodes):
        given = {**widgets(by_id(kind)), **inputs}
        if number:
            given.setdefault("settings", [str(number - 1), 0])
        prompt[str(number)] = {"class_type": kind, "inputs": given}
    last = str(len(nodes) - 1)
    prompt["export"] = {
        "class_type": "Drawbridge_ExportConfiguration",
        "inputs": {"settings": [last, 0]},
    }
    return stage.host.run(prompt)


def exported(outcome: Outcome) -> dict[str, Any]:
    assert outcome.status == "success", outcome.exception_message or outcome.node_errors
    [[text]] = outcome.outputs["export"]
    assert outcome.ui["export"] == {"text": [text]}
    return json.loads(text)


def test_every_field_has_a_place_in_the_graph() -> None:
    placed = [setting.name for node in SETTINGS for setting in node.FIELDS]
    assert len(placed) == len(set(placed))
    assert set(placed) | ELSEWHERE == {entry.name for entry in dataclasses.fields(GenerationConfig)}
    assert not set(placed) & ELSEWHERE


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_input_and_output_says_what_it_is(node: type[io.ComfyNode]) -> None:
    schema = node.GET_SCHEMA()
    assert schema.node_id.startswith("Drawbridge_")
    assert str(schema.display_name).startswith("Draw Things ")
    assert schema.description.endswith(".")
    for entry in schema.inputs:
        assert str(entry.tooltip).endswith("."), entry.id
    for entry in schema.outputs:
        assert str(entry.tooltip).endswith("."), entry.display_name


@pytest.mark.parametrize("node", SETTINGS, ids=lambda node: node.__name__)
def test_widgets_have_the_configurations_defaults_and_limits(node: type[SettingsNode]) -> None:
    shown = node.INPUT_TYPES()
    assert shown["optional"].keys() == {"settings"}
    for setting in node.FIELDS:
        default: Any = getattr(GenerationConfig, setting.name)
        kind, options = shown["required"][setting.name]
        expected = 0 if setting.automatic else default
        if kind == "COMBO":
            expected = label(default)
            assert options["options"] == [label(member) for member in default.__class__]
        assert options["default"] == expected
        if kind in ("INT", "FLOAT"):
            allowed = RANGES[setting.name]
            assert options["max"] == allowed.most >= allowed.high
            assert options["min"] == (0 if setting.automatic else allowed.least)
            assert options["min"] <= allowed.low
            assert options["step"] == (setting.step or allowed.step or options["step"])


@pytest.mark.parametrize("node", SETTINGS, ids=lambda node: node.__name__)
def test_fresh_node_changes_nothing(stage: Stage, node: type[SettingsNode]) -> None:
    found = exported(run(stage, (node.GET_SCHEMA().node_id, {})))
    assert found == clipboard.to_object(GenerationConfig())


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "SamplingDetails",
        {"seed_mode": "NVIDIA GPU Compatible", "clip_skip": 2, "sharpness": 2.5},
        {"seed_mode": SeedMode.NVIDIA_GPU_COMPATIBLE, "clip_skip": 2, "sharpness": 2.5},
    ),
    (
        "HighResolutionFix",
        {"hires_fix": True, "hires_fix_start_width": 640, "hires_fix_strength": 0.55},
        {"hires_fix": True, "hires_fix_start_width": 640, "hires_fix_strength": 0.55},
    ),
    (
        "Tiling",
        {"tiled_decoding": True, "decoding_tile_width": 1024, "diffusion_tile_overlap": 256},
        {"tiled_decoding": True, "decoding_tile_width": 1024, "diffusion_tile_overlap": 256},
    ),
    (
        "Refiner",
        {"refiner_model": " refiner.ckpt ", "refiner_start": 0.125},
        {"refiner_model": "refiner.ckpt", "refiner_start": 0.125},
    ),
    (
        "Upscaler",
        {"upscaler": "up.ckpt", "upscaler_scale_factor": 4, "face_restoration": "face.ckpt"},
        {"upscaler": "up.ckpt", "upscaler_scale_factor": 4, "face_restoration": "face.ckpt"},
    ),
    (
        "Speed",
        {"tea_cache": True, "tea_cache_threshold": 0.15, "cfg_zero_star": True},
        {"tea_cache": True, "tea_cache_threshold": 0.15, "cfg_zero_star": True},
    ),
    (
        "Speed",
        {"guidance_embed": 7.0, "speed_up_with_guidance_embed": False},
        {"guidance_embed": 7.0, "speed_up_with_guidance_embed": False},
    ),
    (
        "SDXLSizeConditioning",
        {"original_image_width": 1000, "crop_top": 20, "aesthetic_score": 9.0},
        {"original_image_width": 1000, "crop_top": 20, "aesthetic_score": 9.0},
    ),
    (
        "TextEncoders",
        {"separate_clip_l": True, "clip_l_text": "dunes", "t5_text_encoder": False},
        {"separate_clip_l": True, "clip_l_text": "dunes", "t5_text_encoder": False},
    ),
    (
        "Video",
        {"num_frames": 81, "causal_inference_enabled": True, "causal_inference": 5},
        {"num_frames": 81, "causal_inference_enabled": True, "causal_inference": 5},
    ),
    (
        "Stage2",
        {"stage_2_steps": 12, "stage_2_cfg": 1.1},
        {"stage_2_steps": 12, "stage_2_cfg": 1.1},
    ),
    ("ImagePrior", {"image_prior_steps": 25}, {"image_prior_steps": 25}),
    (
        "Inpainting",
        {"mask_blur": 4.0, "mask_blur_outset": -8, "color_calibration": "Lab"},
        {"mask_blur": 4.0, "mask_blur_outset": -8, "color_calibration": ColorCalibration.LAB},
    ),
]


@pytest.mark.parametrize(("name", "inputs", "fields"), CASES, ids=[case[0] for case in CASES])
def test_settings_become_fields(
    stage: Stage, name: str, inputs: dict[str, Any], fields: dict[str, Any]
) -> None:
    outcome = run(stage, (f"Drawbridge_Settings{name}", inputs))
    expected = GenerationConfig(**fields)
    assert exported(outcome) == clipboard.to_object(expected)
    [[settings]] = outcome.outputs["0"]
    assert settings.as_dict().items() >= fields.items()


def test_settings_chain_and_later_ones_win(stage: Stage) -> None:
    video = {"num_frames": 33}
    outcome = run(
        stage,
        ("Drawbridge_SettingsVideo", {"num_frames": 49, "fps_id": 12}),
        ("Drawbridge_SettingsRefiner", {"refiner_model": "r.ckpt"}),
        ("Drawbridge_SettingsVideo", video),
    )
    found = exported(outcome)
    assert (found["numFrames"], found["fps"], found["refinerModel"]) == (33, 5, "r.ckpt")


@pytest.mark.parametrize(("name", "field"), [("Video", "num_frames"), ("Speed", "guidance_embed")])
def test_zero_leaves_the_field_to_generate(stage: Stage, name: str, field: str) -> None:
    [[settings]] = run(stage, (f"Drawbridge_Settings{name}", {field: 0})).outputs["0"]
    assert field not in settings.as_dict()


@pytest.mark.parametrize(
    ("name", "inputs", "words"),
    [
        ("HighResolutionFix", {"hires_fix_start_height": -64}, "0 or more in steps of 64"),
        ("Tiling", {"diffusion_tile_height": 32}, "64 or more in steps of 64"),
        ("SDXLSizeConditioning", {"target_image_width": -1}, "0 or more"),
    ],
)
def test_size_that_cannot_be_is_said_at_the_field(
    stage: Stage, name: str, inputs: dict[str, Any], words: str
) -> None:
    outcome = run(stage, (f"Drawbridge_Settings{name}", inputs))
    assert outcome.status == "invalid"
    [field] = inputs
    errors = outcome.node_errors["0"]
    assert field in {error["extra_info"]["input_name"] for error in errors}
    assert field in errors[0]["details"]
    assert words in errors[0]["details"]
    assert errors[0]["details"].endswith(".")


@pytest.mark.parametrize("node", SETTINGS, ids=lambda node: node.__name__)
def test_every_number_that_a_link_brings_is_checked(node: type[SettingsNode]) -> None:
    for setting in node.FIELDS:
        if setting.name not in RANGES:
            continue
        allowed = RANGES[setting.name]
        beyond = [end + 64 * sign for end, sign in zip(allowed.safe, (-1, 1), strict=True)]
        for number in [*beyond, float("nan")]:
            with pytest.raises(DrawbridgeError, match=setting.name):
                node.execute(**{**widgets(node), setting.name: number})
        far = allowed.high + 64  # further than the app goes, which is told when it is sent
        if allowed.bears(far):
            node.execute(**{**widgets(node), setting.name: far})


def test_choice_that_nobody_knows_is_refused(stage: Stage) -> None:
    outcome = run(stage, ("Drawbridge_SettingsSamplingDetails", {"seed_mode": "Lucky"}))
    assert (outcome.status, outcome.node_id) == ("error", "0")
    assert isinstance(outcome.exception, DrawbridgeError)
    assert "seed_mode cannot be 'Lucky'" in outcome.exception.problem
    assert "Scale Alike" in outcome.exception.remedy


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("fps_id", "Only for Stable Video Diffusion; left out for others."),
        ("crop_top", "Only for SDXL, SSD-1B; left out for others."),
        ("stage_2_cfg", "Only for Stable Cascade; left out for others."),
        ("hires_fix", "For all but Stable Cascade, where it is left out."),
        ("t5_text", "Only for HiDream I1; left out for others."),
    ],
)
def test_tooltip_says_which_models_read_the_field(field: str, words: str) -> None:
    [tooltip] = [
        setting.input().tooltip
        for node in SETTINGS
        for setting in node.FIELDS
        if setting.name == field
    ]
    assert str(tooltip).endswith(words)


# Recommended Settings


def with_recommendation(port: int, **inputs: Any) -> dict[str, dict[str, Any]]:
    prompt = graph(port, **inputs)
    prompt["recommended"] = {
        "class_type": "Drawbridge_RecommendedSettings",
        "inputs": {"model": ["model", 0]},
    }
    for slot, name in enumerate(("width", "height", "steps", "guidance"), start=1):
        prompt["generate"]["inputs"][name] = ["recommended", slot]
    prompt["export"] = {
        "class_type": "Drawbridge_ExportConfiguration",
        "inputs": {"settings": ["recommended", 0], "model": ["model", 0]},
    }
    return prompt


def test_recommended_settings_generate(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    outcome = stage.host.run(with_recommendation(emulator.port))
    found = exported(outcome)
    assert (found["width"], found["height"], found["steps"]) == (1024, 1024, 8)
    assert (found["guidanceScale"], found["sampler"], found["shift"]) == (1, 17, 3)
    assert found["resolutionDependentShift"] is False
    assert found["model"] == "z_image_turbo_1.0_q8p.ckpt"
    values = [column[0] for column in outcome.outputs["recommended"]]
    assert values[1:6] == [1024, 1024, 8, 1.0, "UniPC Trailing"]
    assert [type(value) for value in values[1:6]] == [int, int, int, float, str]
    assert "Steps: 8" in values[6]
    calls: list[Any] = emulator.journal.events("call", rpc="GenerateImage")
    sent = calls[0]["request"]["configuration"]
    assert (sent["start_width"], sent["steps"], sent["guidance_scale"]) == (16, 8, 1)


# Import and Export Configuration

EVERYTHING = GenerationConfig(
    id=7,
    start_width=832,
    start_height=1216,
    seed=4294967295,
    steps=28,
    guidance_scale=3.5,
    strength=0.75,
    model="flux_1_dev_q8p.ckpt",
    sampler=Sampler.EULER_A_TRAILING,
    batch_size=2,
    hires_fix=True,
    upscaler="up.ckpt",
    seed_mode=SeedMode.LEGACY,
    mask_blur=3.25,
    refiner_model="refiner.ckpt",
    refiner_start=0.1,
    shift=3.16,
    clip_l_text='Dünen\nim "Wind"',
    tea_cache=True,
    causal_inference_enabled=True,
    causal_inference=9,
    color_calibration=ColorCalibration.LAB,
    loras=(LoRA("style.ckpt", 0.8, LoRAMode.BASE), LoRA("light.ckpt", -1.0)),
    controls=(
        Control("controlnet_canny_f16.ckpt", 0.5, 0.1, 0.9),
        Control("union.ckpt", input_override=ControlInput.DEPTH, target_blocks=("up", "down")),
    ),
)


def round_trip(text: str, **inputs: Any) -> dict[str, dict[str, Any]]:
    return {
        "import": {
            "class_type": "Drawbridge_ImportConfiguration",
            "inputs": {"configuration": text, "use_seed": True, **inputs},
        },
        "export": {
            "class_type": "Drawbridge_ExportConfiguration",
            "inputs": {
                "settings": ["import", 0],
                "loras": ["import", 1],
                "controls": ["import", 2],
                "other_keys": ["import", 8],
            },
        },
    }


def imported(outcome: Outcome) -> list[Any]:
    assert outcome.status == "success", outcome.exception_message or outcome.node_errors
    return [column[0] for column in outcome.outputs["import"]]


def test_configuration_comes_out_as_it_went_in(stage: Stage) -> None:
    text = clipboard.write(
        EVERYTHING,
        {"shiftForAudio": 3, "loras": [{"file": "light.ckpt", "version": "flux1"}]},
    )
    outcome = stage.host.run(round_trip(text))
    found, given = exported(outcome), json.loads(text)
    assert given.pop("model") == imported(outcome)[3]
    assert found == given
    assert found["shiftForAudio"] == 3
    assert found["loras"][1]["version"] == "flux1"


def test_model_from_the_configuration_is_loaded_and_exported(serve: Serve, stage: Stage) -> None:
    prompt = {
        **graph(serve().port),
        **round_trip('{"model": "z_image_turbo_1.0_q8p.ckpt", "width": 128, "height": 128}'),
    }
    prompt["model"]["inputs"]["model"] = ["import", 3]
    prompt["export"]["inputs"]["model"] = ["model", 0]
    prompt["generate"]["inputs"].update(width=["import", 4], height=["import", 5])
    outcome = stage.host.run(prompt)
    assert exported(outcome)["model"] == "z_image_turbo_1.0_q8p.ckpt"
    assert len(stage.pictures) == 1


def test_import_gives_each_part_on_its_socket(stage: Stage) -> None:
    outcome = stage.host.run(round_trip(clipboard.write(EVERYTHING)))
    settings, loras, controls, model, width, height, seed, warnings, other = imported(outcome)
    assert isinstance(settings, Settings)
    values = settings.as_dict()
    assert not values.keys() & {"model", "loras", "controls"}
    config = dataclasses.replace(GenerationConfig(), **values)
    assert config == dataclasses.replace(EVERYTHING, model="", loras=(), controls=())
    assert loras == EVERYTHING.loras
    assert [hinted.control for hinted in controls] == list(EVERYTHING.controls)
    assert [hinted.kind for hinted in controls] == ["canny", "depth"]
    assert all(hinted.image is None for hinted in controls)
    assert (model, width, height, seed) == ("flux_1_dev_q8p.ckpt", 832, 1216, 4294967295)
    assert (warnings, other) == ("", "")


def test_import_adds_to_what_is_chained(stage: Stage) -> None:
    class Running(ImportConfiguration):
        hidden = io.HiddenHolder({"unique_id": "7"})

    before = Settings().with_values(steps=3, sharpness=2.0)
    lora, hinted = LoRA("first.ckpt"), Hinted(Control("c"), "pose", torch.zeros(1, 8, 8, 3))
    pasted = '{"steps": 8, "loras": [{"file": "second.ckpt"}], "controls": [{"file": "d"}]}'
    output = Running.execute(
        configuration=pasted,
        use_seed=True,
        settings=before,
        loras=(lora,),
        controls=(hinted,),
    )
    assert output.result is not None
    settings, loras, controls, *_ = output.result
    assert settings.as_dict() == {"steps": 8, "sharpness": 2.0}
    assert loras == (lora, LoRA("second.ckpt"))
    assert controls[0] is hinted
    assert controls[1].control == Control("d")


def test_import_leaves_the_seed_to_generate_where_that_is_wished(stage: Stage) -> None:
    outcome = stage.host.run(round_trip('{"seed": 5, "steps": 8}', use_seed=False))
    assert imported(outcome)[0].as_dict() == {"steps": 8}


def test_negative_seed_is_drawn_at_every_run_and_told(stage: Stage) -> None:
    seeds = set()
    for _ in range(3):
        values = imported(stage.host.run(round_trip('{"seed": -1}')))
        seed = values[6]
        assert values[0].as_dict() == {"seed": seed}
        assert 0 <= seed < 1 << 32
        assert str(seed) in values[7]
        seeds.add(seed)
    assert len(seeds) > 1


@pytest.mark.parametrize(("seed", "use_seed"), [(5, True), (-1, False)])
def test_configuration_with_a_seed_is_imported_once(
    stage: Stage, seed: int, use_seed: bool
) -> None:
    prompt = round_trip(json.dumps({"seed": seed}), use_seed=use_seed)
    stage.host.run(prompt)
    assert stage.host.run(prompt).executed == []


def test_warnings_say_what_was_changed(stage: Stage) -> None:
    text = '{"width": 1000, "batchSize": 9, "future": 1}'
    warnings = imported(stage.host.run(round_trip(text)))[7].splitlines()
    assert ["width" in warnings[0], "batchSize" in warnings[1], "future" in warnings[2]] == [
        True
    ] * 3
    assert all(line.endswith(".") for line in warnings)


def test_what_import_did_not_take_stands_on_the_node_and_in_the_log(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    PromptServer.instance.texts.clear()
    text = '{"guidance_scale": 9, "stepz": 4, "width": [1]}'
    warnings = imported(stage.host.run(round_trip(text)))[7].splitlines()
    [shown] = [words for node, words in PromptServer.instance.texts if node == "import"]
    assert len(warnings) == 2
    assert shown == " ".join(warnings)
    assert [record.getMessage() for record in caplog.records] == [
        f"Import Configuration: {warning}" for warning in warnings
    ]
    assert "stepz" in shown
    assert "width" in shown


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no configuration"), ("{", "not JSON"), ('{"steps": "many"}', 'steps is "many"')],
)
def test_text_that_is_no_configuration_is_said_at_the_field(
    stage: Stage, text: str, words: str
) -> None:
    outcome = stage.host.run(round_trip(text))
    assert outcome.status == "invalid"
    [error] = outcome.node_errors["import"]
    assert error["extra_info"]["input_name"] == "configuration"
    assert words in error["details"]


def test_export_of_nothing_gives_the_defaults(stage: Stage) -> None:
    export = {"class_type": "Drawbridge_ExportConfiguration", "inputs": {}}
    found = exported(stage.host.run({"export": export}))
    assert found == clipboard.to_object(GenerationConfig())


def test_export_takes_a_request_and_parts_win(stage: Stage) -> None:
    request = json.dumps({"prompt": "dunes", "configuration": {"steps": 8, "shift": 2, "new": 1}})
    prompt = round_trip('{"steps": 9, "loras": [{"file": "a.ckpt", "weight": 1}]}')
    prompt["export"]["inputs"]["request"] = request
    found = exported(stage.host.run(prompt))
    assert (found["steps"], found["shift"], found["new"]) == (9, 2, 1)
    assert [lora["file"] for lora in found["loras"]] == ["a.ckpt"]
    assert "prompt" not in found


@pytest.mark.parametrize(
    ("control", "kind"),
    [
        (Control("x_depth.ckpt", input_override=ControlInput.POSE), "pose"),
        (Control("controlnet_canny_1.x_v1.1_f16.ckpt"), "canny"),
        (Control("controlnet_openpose_1.x_v1.1_f16.ckpt"), "pose"),
        (Control("Controlnet-SoftEdge.ckpt"), "softedge"),
        (Control("controlnet_union_sdxl.ckpt"), "custom"),
        (Control("posed.ckpt"), "custom"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.file,
)
def test_kind_of_an_imported_control(control: Control, kind: str) -> None:
    assert kind_of(control) == kind
