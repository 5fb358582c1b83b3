"""What a Generate would send is told before it runs, as it is sent when it does."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import torch
from standin.stage import Stage, graph

from drawbridge.client.configuration import clipboard
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes import NODES
from drawbridge.nodes.generate import Generate

Ask = Callable[..., Awaitable[Any]]
Serve = Callable[..., Emulator]
Prompt = dict[str, Any]
INPUTS = {
    schema.node_id: {entry.id: entry for entry in schema.inputs}
    for schema in (node.GET_SCHEMA() for node in NODES)
}
DEFAULTS = {
    kind: {
        name: entry.as_dict()["default"]
        for name, entry in inputs.items()
        if "default" in entry.as_dict()
    }
    for kind, inputs in INPUTS.items()
}
CHAINS = ("settings", "loras", "controls")
SD1, FLUX, Z = "sd_v1.5_f16.ckpt", "flux_1_dev_q8p.ckpt", "z_image_turbo_1.0_q8p.ckpt"
CANNY = "controlnet_canny_1.x_v1.1_f16.ckpt"


def step(kind: str, unknown: tuple[str, ...] = (), **values: Any) -> dict[str, Any]:
    """Return what the page says of a node whose other widgets are as it comes."""
    name = f"Drawbridge_{kind}"
    whole = {**DEFAULTS[name], **values}
    return {"type": name, "title": kind, "values": whole, "unknown": list(unknown)}


def generate(**values: Any) -> dict[str, Any]:
    return step("Generate", **values)


def imported(**keys: Any) -> dict[str, Any]:
    return step("ImportConfiguration", configuration=json.dumps(keys))


async def wins(ask: Ask, *settings: Any, **more: Any) -> dict[str, Any]:
    """Return the value that counts for each widget that does not."""
    told = await ask(
        "configuration/overruled", **{"generate": generate(), "settings": settings, **more}
    )
    return {name: one["value"] for name, one in told["wins"].items()}


async def test_what_is_imported_overrules_widgets(ask: Ask) -> None:
    told = await wins(
        ask, imported(width=768, height=512, seed=1234, sampler=10, batchCount=4, maskBlur=3)
    )
    assert told == {
        **{"width": 768, "height": 512, "seed": 1234, "sampler": "Euler A Trailing"},
        "batch_count": 4,
    }


async def test_later_nodes_win_and_are_named(ask: Ask) -> None:
    recommended = step("RecommendedSettings")
    told = await ask(
        "configuration/overruled",
        generate=generate(),
        settings=[imported(steps=9, strength=0.4), {**recommended, "title": "The app's"}],
        model=Z,
        version="z_image",
    )
    assert told["wins"]["steps"] == {"value": 8, "by": "The app's"}
    assert told["wins"]["strength"] == {"value": 0.4, "by": "ImportConfiguration"}


async def test_settings_without_a_widget_overrule_nothing(ask: Ask) -> None:
    assert await wins(ask, step("SettingsTiling", tiled_decoding=True)) == {}


@pytest.mark.parametrize(
    ("version", "keys", "shift"),
    [
        ("flux1", {"shift": 3, "resolutionDependentShift": False}, 3),
        ("flux1", {"shift": 3}, "automatic"),  # from the size, as the widget's own 0 asks for
        ("flux1", {"shift": 3, "resolutionDependentShift": True}, "automatic"),
        ("v1", {"shift": 3, "resolutionDependentShift": True}, 3),
        ("flux1", {"resolutionDependentShift": False}, None),
        ("flux1", {"resolutionDependentShift": True}, "automatic"),
    ],
    ids=str,
)
async def test_shift_is_told_as_it_will_count(
    ask: Ask, version: str, keys: dict[str, Any], shift: Any
) -> None:
    assert (await wins(ask, imported(**keys), version=version)).get("shift") == shift


async def test_guidance_of_a_model_that_takes_it_as_an_input_is_told(ask: Ask) -> None:
    embed = step("SettingsSpeed", guidance_embed=2.5)
    assert (await wins(ask, embed, version="flux1"))["guidance"] == 2.5
    assert "guidance" not in await wins(ask, embed, version="v1")
    both = step("SettingsSpeed", guidance_embed=2.5, speed_up_with_guidance_embed=False)
    assert "guidance" not in await wins(ask, both, version="flux1")


async def test_what_only_a_run_knows_has_no_value(ask: Ask) -> None:
    assert (await wins(ask, imported(seed=-1)))["seed"] is None
    unknown = {**imported(steps=4), "unknown": ["configuration"]}
    assert await wins(ask, unknown) == {}
    off = {**imported(seed=7)}
    off["values"]["use_seed"] = False
    assert await wins(ask, off) == {}


async def test_text_that_is_refused_is_noted_and_overrules_nothing(ask: Ask) -> None:
    told = await ask(
        "configuration/overruled",
        generate=generate(),
        settings=[step("ImportConfiguration", configuration="{nonsense"), imported(steps=4)],
    )
    assert told["wins"].keys() == {"steps"}
    assert "not JSON" in told["notes"][0]


@pytest.mark.parametrize(
    ("given", "words"),
    [({"sampler": "Pigeon"}, "Pigeon"), ({"width": 1000}, "width"), ({"steps": 0}, "steps")],
    ids=str,
)
async def test_widgets_that_cannot_be_are_said(ask: Ask, given: Any, words: str) -> None:
    told = await ask("configuration/write", generate=generate(**given))
    assert words in told["error"]["problem"]


async def test_seeds_of_other_nodes_fit(ask: Ask) -> None:
    told = await ask("configuration/write", generate=generate(seed=(1 << 40) + 5))
    assert json.loads(told["text"])["seed"] == 5


async def test_what_the_page_cannot_know_is_named(ask: Ask) -> None:
    told = await ask(
        "configuration/write",
        generate={**generate(steps=9), "unknown": ["steps"]},
        settings=[step("SettingsVideo", unknown=("num_frames",), num_frames=33)],
        controls=[{"type": "Drawbridge_FromTomorrow", "title": "Tomorrow", "values": {}}],
        ends=["loras"],
    )
    said = json.loads(told["text"])
    assert (said["steps"], said["numFrames"]) == (9, 33)
    assert told["unknown"] == ["steps", "loras"]
    assert told["notes"] == ["SettingsVideo: num_frames", "Tomorrow"]


async def test_keys_of_a_newer_app_are_written_again(ask: Ask) -> None:
    told = await ask(
        "configuration/write", generate=generate(), settings=[imported(steps=3, newKey=[1])]
    )
    assert json.loads(told["text"])["newKey"] == [1]


def described(prompt: Prompt, key: str = "generate") -> dict[str, Any]:
    """Return what the page would say of a prompt's Generate."""

    def one(node: Prompt) -> dict[str, Any]:
        inputs = {**DEFAULTS[node["class_type"]], **node["inputs"]}
        linked = [name for name, value in inputs.items() if isinstance(value, list)]
        values = {name: value for name, value in inputs.items() if name not in linked}
        named = {"type": node["class_type"], "title": node["class_type"]}
        return {**named, "values": values, "linked": linked}

    def chain(name: str) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = []
        node = prompt[key]
        while name in node["inputs"]:
            node = prompt[node["inputs"][name][0]]
            steps.insert(0, one(node))
        return steps

    load = prompt["model"]["inputs"]
    server = {**DEFAULTS["Drawbridge_Connect"], **prompt["connect"]["inputs"]}
    chains = {name: chain(name) for name in CHAINS}
    return {"generate": one(prompt[key]), "model": load["model"], "server": server, **chains}


def node(kind: str, **inputs: Any) -> Prompt:
    return {
        "class_type": f"Drawbridge_{kind}",
        "inputs": {**DEFAULTS[f"Drawbridge_{kind}"], **inputs},
    }


def hires(prompt: Prompt) -> None:
    prompt["hires"] = node(
        "SettingsHighResolutionFix",
        **{"hires_fix": True, "hires_fix_start_width": 64 * 2, "hires_fix_start_height": 64 * 2},
    )
    prompt["upscaler"] = node(
        "SettingsUpscaler", upscaler="realesrgan_x2plus_f16.ckpt", settings=["hires", 0]
    )
    prompt["generate"]["inputs"].update(width=256, height=256, settings=["upscaler", 0])


def loras(prompt: Prompt) -> None:
    prompt["stack"] = node(
        "LoRAStack", lora_1="Paper Cut-Out", weight_1=0.8, lora_3="", weight_4=0.1
    )
    prompt["generate"]["inputs"].update(loras=["stack", 0])


def control(prompt: Prompt) -> None:
    prompt["hint"] = node(
        "ControlNetHint", control=CANNY, weight=0.7, end=0.6, image=["picture", 0]
    )
    prompt["model"]["inputs"]["model"] = SD1
    prompt["generate"]["inputs"].update(controls=["hint", 0], width=256, height=256)


def recommended(prompt: Prompt) -> None:
    prompt["recommended"] = node("RecommendedSettings", model=["model", 0])
    prompt["generate"]["inputs"].update(settings=["recommended", 0])


def whole_configuration(prompt: Prompt) -> None:
    config = GenerationConfig(
        start_width=192, start_height=128, steps=3, seed=11, sharpness=2, mask_blur=4.5, clip_skip=2
    )
    text = clipboard.write(config, {"newKey": "kept"})
    prompt["import"] = node("ImportConfiguration", configuration=text)
    prompt["speed"] = node("SettingsSpeed", cfg_zero_star=True, settings=["import", 0])
    prompt["generate"]["inputs"].update(
        settings=["speed", 0], loras=["import", 1], controls=["import", 2]
    )


@pytest.mark.parametrize("wire", [hires, loras, control, recommended, whole_configuration])
async def test_copy_says_what_export_says(
    ask: Ask, serve: Serve, stage: Stage, wire: Callable[[Prompt], None]
) -> None:
    emulator = serve(strict=True)
    prompt = graph(emulator.port, seed=5, picture=torch.rand(1, 256, 256, 3))
    picture = prompt["generate"]["inputs"].pop("picture")
    prompt["picture"] = prompt.pop(picture[0])
    wire(prompt)
    parts: Prompt = {"request": ["generate", 6]}
    if "settings" in prompt["generate"]["inputs"]:
        parts["settings"] = prompt["generate"]["inputs"]["settings"]
    if "import" in prompt:
        parts["other_keys"] = ["import", 8]
    prompt["export"] = {"class_type": "Drawbridge_ExportConfiguration", "inputs": parts}
    outcome = await run(stage, prompt)
    assert outcome.status == "success", outcome.exception_message
    [[exported], *_] = outcome.outputs["export"]
    told = await ask("configuration/write", **described(prompt))
    assert json.loads(told["text"]) == json.loads(exported)
    assert (told["unknown"], told["notes"]) == ([], [])


async def run(stage: Stage, prompt: Prompt) -> Any:
    """Run a prompt in a thread: the page's loop goes on meanwhile."""
    import asyncio

    return await asyncio.to_thread(stage.host.run, prompt)


def test_every_widget_of_generate_is_in_its_description() -> None:
    assert DEFAULTS["Drawbridge_Generate"].keys() <= {e.id for e in Generate.GET_SCHEMA().inputs}
