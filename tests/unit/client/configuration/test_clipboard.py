"""The app's clipboard form: every key, there and back, and what is said of the odd ones."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import re
import struct
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawbridge.client.configuration import clipboard, spellings
from drawbridge.client.configuration.enums import (
    ColorCalibration,
    CompressionMethod,
    ControlMode,
    LoRAMode,
    SeedMode,
)
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.client.configuration.wire import BLOCK_FIELDS, INTEGERS, shortest
from drawbridge.devtools import configuration_reader
from drawbridge.errors import RequestRejected
from drawbridge.facts.hints import ControlInput
from drawbridge.facts.samplers import Sampler
from drawbridge.proto.generation_config_slots import TABLES

# What each writer of configurations says; `says` is in the app's keys. The drawn seed is 4711.
CASES = json.loads((Path(__file__).parents[3] / "vectors" / "configurations.json").read_text())

# Written out, so that a wrong rule for names cannot agree with itself.
_APP_KEYS = """
id width height seed steps guidanceScale strength model sampler batchCount batchSize hiresFix
hiresFixWidth hiresFixHeight hiresFixStrength upscaler imageGuidanceScale seedMode clipSkip
controls loras maskBlur faceRestoration clipWeight negativePromptForImagePrior imagePriorSteps
refinerModel originalImageHeight originalImageWidth cropTop cropLeft targetImageHeight
targetImageWidth aestheticScore negativeAestheticScore zeroNegativePrompt refinerStart
negativeOriginalImageHeight negativeOriginalImageWidth fps motionScale guidingFrameNoise
startFrameGuidance numFrames maskBlurOutset sharpness shift stage2Steps stage2Guidance
stage2Shift tiledDecoding decodingTileWidth decodingTileHeight decodingTileOverlap
stochasticSamplingGamma preserveOriginalAfterInpaint tiledDiffusion diffusionTileWidth
diffusionTileHeight diffusionTileOverlap upscalerScaleFactor t5TextEncoder separateClipL
clipLText separateOpenClipG openClipGText speedUpWithGuidanceEmbed guidanceEmbed
resolutionDependentShift teaCacheStart teaCacheEnd teaCacheThreshold teaCache separateT5 t5Text
teaCacheMaxSkipSteps causalInference causalInferencePad cfgZeroStar cfgZeroInitSteps
compressionArtifacts compressionArtifactsQuality colorCalibration expandPromptToJson
shiftForAudio usesSolAttention solAttentionStart solAttentionTau
"""
_CONTROL_KEYS = """
file weight guidanceStart guidanceEnd noPrompt globalAveragePooling downSamplingRate
controlImportance targetBlocks inputOverride
"""
APP_KEYS = set(_APP_KEYS.split())
CONTROL_KEYS = set(_CONTROL_KEYS.split())
_RECORDS: dict[str, type[Any]] = {
    "GenerationConfiguration": GenerationConfig,
    "Control": Control,
    "LoRA": LoRA,
}
_FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


def as_float32(value: float) -> float:
    return struct.unpack("<f", struct.pack("<f", value))[0]


def _field(record: type[Any], name: str, wire: str) -> st.SearchStrategy[Any]:
    hint = get_type_hints(record)[name]
    if name == "file":
        return st.text(min_size=1, max_size=12)
    if wire == "string":
        return st.text(max_size=12)
    if wire == "[string]":
        return st.lists(st.text(max_size=8), max_size=3).map(tuple)
    if wire.startswith("["):
        return st.lists(_record(wire.strip("[]")), max_size=3).map(tuple)
    if wire == "bool":
        return st.booleans()
    if name == "compression_artifacts_quality":
        return st.integers(0, 1000).map(lambda n: n / 10)
    if wire == "float":
        return st.integers(-99999, 99999).map(lambda n: n / 1000)
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return st.sampled_from(list(hint))
    if name in ("batch_count", "batch_size"):
        return st.integers(1, 4)
    low, high = INTEGERS[wire]
    return st.integers(low, high).map(lambda n: n * (64 if name in BLOCK_FIELDS else 1))


def _canonical(config: GenerationConfig) -> GenerationConfig:
    """What JSON can say: it has no name, and one number for a chunk and whether there is one."""
    chunk = config.causal_inference % 1000 + 1
    if not config.causal_inference_enabled:
        chunk = GenerationConfig.causal_inference
    return dataclasses.replace(config, name="", causal_inference=chunk)


def _record(kind: str) -> st.SearchStrategy[Any]:
    record = _RECORDS[kind]
    built = st.builds(
        record,
        **{
            name: _field(record, name, wire)
            for name, wire, deprecated in TABLES[kind]
            if not deprecated
        },
    )
    return built.map(_canonical) if record is GenerationConfig else built


def _same(first: Any, second: Any) -> bool:
    """Equal as what travels: numbers as float32, unless both are whole."""
    if isinstance(first, float) or isinstance(second, float):
        return as_float32(first) == as_float32(second)
    return type(first) is type(second) and first == second


@given(_record("GenerationConfiguration"))
@settings(max_examples=60)
def test_any_configuration_comes_back_from_its_json(config: GenerationConfig) -> None:
    imported = clipboard.read(clipboard.write(config))
    assert imported.config() == config
    assert (imported.unknown, imported.warnings) == ({}, ())
    assert imported.config().to_bytes() == config.to_bytes()


@given(_FLOATS)
def test_every_float32_comes_back_from_json(value: float) -> None:
    text = clipboard.write(GenerationConfig(sharpness=value))
    assert as_float32(clipboard.read(text).config().sharpness) == value


@given(_FLOATS)
def test_nine_digits_are_enough_for_any_float32(value: float) -> None:
    short = shortest(value)
    assert as_float32(short) == value
    assert len(Decimal(repr(short)).normalize().as_tuple().digits) <= 9


def test_float32_that_takes_nine_digits_gets_no_more() -> None:
    assert repr(shortest(1.5264183527931113e-33)) == "1.52641835e-33"
    assert shortest(1e39) == math.inf


@given(_FLOATS)
def test_long_decimals_of_a_float32_become_short_ones(value: float) -> None:
    read = clipboard.read(json.dumps({"sharpness": value})).config()
    wire = configuration_reader.read(read.to_bytes())
    assert read.sharpness == wire.sharpness
    assert len(repr(read.sharpness)) <= len(repr(value))


def test_long_decimal_reads_as_the_number_that_was_typed() -> None:
    found = clipboard.read('{"refinerStart": 0.69999998807907104}')
    assert found.values == {"refiner_start": 0.7}


JSON_VALUES: dict[str, list[Any]] = {
    "width": [1024, 64, 8192],
    "seed": [0, 4294967295],
    "sampler": list(range(20)),
    "seedMode": [0, 1, 2, 3],
    "batchCount": [1, 100],
    "batchSize": [1, 4],
    "compressionArtifacts": ["disabled", "h264", "h265", "jpeg"],
    "compressionArtifactsQuality": [0, 43.1, 100],
    "colorCalibration": ["none", "lab"],
    "causalInference": [0, 1, 3, 1000, -1],
    "maskBlurOutset": [-100, 0, 1000],
    "cropTop": [-5, 0, 1024],
    "teaCacheEnd": [-1, 28],
    "upscalerScaleFactor": [0, 2, 4, 255],
    "loras": [
        [],
        [
            {"file": "a.ckpt", "weight": 0.6, "mode": "all"},
            {"file": "b.ckpt", "weight": -1.25, "mode": "base"},
            {"file": "b.ckpt", "weight": 2, "mode": "refiner"},
        ],
    ],
    "controls": [
        [],
        [
            {
                "file": "c.ckpt",
                "weight": 1,
                "guidanceStart": 0.1,
                "guidanceEnd": 0.9,
                "noPrompt": True,
                "globalAveragePooling": False,
                "downSamplingRate": 2,
                "controlImportance": "control",
                "targetBlocks": ["up", "down"],
                "inputOverride": "lineart",
            }
        ],
    ],
}


def _json_values(key: str) -> list[Any]:
    if key in JSON_VALUES:
        return JSON_VALUES[key]
    name = clipboard.KEYS[key]
    wire = {slot: kind for slot, kind, _ in TABLES["GenerationConfiguration"]}[name]
    if wire == "string":
        return ["", "a name.ckpt", '日本語 "quoted" \n']
    if wire == "bool":
        return [True, False]
    if wire == "float":
        return [0, 0.1, 3.5, 7, 0.0625, 12.345]
    low, high = INTEGERS[wire]
    scale = 64 if name in BLOCK_FIELDS else 1
    return [0, scale, 10 * scale, high * scale, low * scale]


@pytest.mark.parametrize("key", sorted(APP_KEYS))
def test_each_key_comes_back_as_it_was(key: str) -> None:
    for value in _json_values(key):
        imported = clipboard.read(json.dumps({key: value}))
        assert imported.warnings == ()
        again = json.loads(clipboard.write(imported.config()))
        assert again.get(key, "") == value, value
        assert type(again.get(key, "")) is type(value)


def test_keys_are_the_apps() -> None:
    assert set(clipboard.KEYS) == APP_KEYS
    config = GenerationConfig(model="m", controls=(Control("c"),), loras=(LoRA("l"),))
    found = clipboard.to_object(config)
    assert set(found) == APP_KEYS
    assert set(found["controls"][0]) == CONTROL_KEYS
    assert set(found["loras"][0]) == {"file", "weight", "mode"}
    missing = {field.name for field in dataclasses.fields(GenerationConfig)}
    assert missing - set(clipboard.KEYS.values()) == {"name", "causal_inference_enabled"}


def test_a_configuration_from_the_app_reads_as_it_is_meant() -> None:
    text = """
    {"model": "flux_1_dev_q8p.ckpt", "width": 832, "height": 1216, "seed": 3063012845, "steps": 28,
     "guidanceScale": 3.5, "sampler": 10, "seedMode": 2, "shift": 3.16, "strength": 1,
     "resolutionDependentShift": true, "fps": 7, "motionScale": 90, "guidingFrameNoise": 0.1,
     "startFrameGuidance": 1.5, "stage2Guidance": 4, "hiresFixWidth": 448, "hiresFixHeight": 640,
     "decodingTileOverlap": 128, "refinerModel": "", "upscaler": null, "clipLText": "a lake",
     "causalInference": 5, "causalInferencePad": 2, "compressionArtifacts": "H264",
     "colorCalibration": "lab", "batchCount": 3,
     "loras": [{"file": "style.ckpt", "weight": 0.8, "mode": "refiner"}],
     "controls": [{"file": "canny.ckpt", "weight": 0.5, "guidanceStart": 0, "guidanceEnd": 0.75,
       "noPrompt": false, "globalAveragePooling": false, "downSamplingRate": 1,
       "controlImportance": "prompt", "inputOverride": "canny", "targetBlocks": ["a"]}]}
    """
    imported = clipboard.read(text)
    assert imported.warnings == ()
    assert imported.config() == GenerationConfig(
        model="flux_1_dev_q8p.ckpt",
        start_width=832,
        start_height=1216,
        seed=3063012845,
        steps=28,
        guidance_scale=3.5,
        sampler=Sampler.EULER_A_TRAILING,
        seed_mode=SeedMode.SCALE_ALIKE,
        shift=3.16,
        fps_id=7,
        motion_bucket_id=90,
        cond_aug=0.1,
        start_frame_cfg=1.5,
        stage_2_cfg=4,
        hires_fix_start_width=448,
        hires_fix_start_height=640,
        decoding_tile_overlap=128,
        clip_l_text="a lake",
        causal_inference_enabled=True,
        causal_inference=5,
        causal_inference_pad=2,
        compression_artifacts=CompressionMethod.H264,
        color_calibration=ColorCalibration.LAB,
        batch_count=3,
        loras=(LoRA("style.ckpt", 0.8, LoRAMode.REFINER),),
        controls=(
            Control(
                file="canny.ckpt",
                weight=0.5,
                guidance_end=0.75,
                global_average_pooling=False,
                control_mode=ControlMode.PROMPT,
                target_blocks=("a",),
                input_override=ControlInput.CANNY,
            ),
        ),
    )


def test_only_what_the_text_says_is_set() -> None:
    assert clipboard.read('{"steps": 8}').values == {"steps": 8}
    base = GenerationConfig(model="m.ckpt", steps=3, sharpness=2)
    assert clipboard.read('{"steps": 8}').config(base) == dataclasses.replace(base, steps=8)


@pytest.mark.parametrize("empty", ['""', "null"])
def test_empty_text_is_none(empty: str) -> None:
    values = clipboard.read(f'{{"upscaler": {empty}, "loras": []}}').values
    assert values == {"upscaler": "", "loras": ()}


def test_negative_seed_draws_one_and_says_which() -> None:
    imported = clipboard.read('{"seed": -1}', draw=lambda: 4294967295)
    assert imported.values == {"seed": 4294967295}
    assert "4294967295" in imported.warnings[0]
    drawn = {clipboard.read('{"seed": -1}').config().seed for _ in range(4)}
    assert len(drawn) > 1
    assert all(0 <= seed < 1 << 32 for seed in drawn)


@pytest.mark.parametrize(
    ("chunk", "enabled", "kept"), [(0, False, 3), (1, True, 1), (7, True, 7), (-2, False, -2)]
)
def test_causal_inference_is_on_above_zero(chunk: int, enabled: bool, kept: int) -> None:
    config = clipboard.read(json.dumps({"causalInference": chunk})).config()
    assert (config.causal_inference_enabled, config.causal_inference) == (enabled, kept)
    assert clipboard.to_object(config)["causalInference"] == chunk


def test_causal_inference_that_is_off_is_zero_in_json() -> None:
    config = GenerationConfig(causal_inference_enabled=False, causal_inference=9)
    assert clipboard.to_object(config)["causalInference"] == 0


@pytest.mark.parametrize(
    ("key", "given", "taken"),
    [
        ("batchSize", 9, 4),
        ("batchSize", 0, 1),
        ("batchCount", 0, 1),
        ("compressionArtifactsQuality", 120, 100),
        ("compressionArtifactsQuality", -3.5, 0),
        ("width", 1000, 960),
        ("diffusionTileOverlap", 100, 64),
    ],
)
def test_value_that_the_app_corrects_is_corrected_and_told(
    key: str, given: float, taken: float
) -> None:
    imported = clipboard.read(json.dumps({key: given}))
    assert imported.values == {clipboard.KEYS[key]: taken}
    [warning] = imported.warnings
    assert key in warning
    assert warning.endswith(".")


def test_unknown_keys_survive_and_are_told() -> None:
    given = {
        "steps": 8,
        "shiftForSmell": 3.5,
        "future": {"deep": [1, None, True]},
        "name": "mine",
        "loras": [{"file": "a", "weight": 1, "mode": "all", "version": "flux1"}],
        "controls": [{"file": "b", "strange": 1}, {"file": "b"}],
    }
    imported = clipboard.read(json.dumps(given))
    [warning] = imported.warnings
    for word in ("shiftForSmell", "future", "name", "version", "strange"):
        assert word in warning
    again = json.loads(clipboard.write(imported.config(), imported.unknown))
    for key in ("steps", "shiftForSmell", "future", "name", "loras"):
        assert again[key] == given[key]
    assert again["controls"][0]["strange"] == 1
    assert "strange" not in again["controls"][1]


def test_unknown_keys_of_a_lora_go_with_its_file_only() -> None:
    imported = clipboard.read('{"loras": [{"file": "a", "x": 1}]}')
    config = GenerationConfig(loras=(LoRA("b"), LoRA("a")))
    found = clipboard.to_object(config, imported.unknown)["loras"]
    assert ["x" in one for one in found] == [False, True]


def test_unknown_keys_overwrite_nothing() -> None:
    found = clipboard.to_object(GenerationConfig(steps=5), {"steps": 9, "other": 1})
    assert (found["steps"], found["other"]) == (5, 1)


def test_lora_without_a_file_is_left_out_and_told() -> None:
    imported = clipboard.read('{"loras": [{"weight": 1}, {"file": "a", "weight": 1}]}')
    assert imported.values == {"loras": (LoRA("a", 1.0),)}
    assert "loras[0]" in imported.warnings[0]


@pytest.mark.parametrize(
    "around",
    [
        '[{"steps": 8}]',
        '{"configuration": {"steps": 8}}',
        '{"name": "mine", "configuration": {"steps": 8}, "version": "flux1"}',
        '[{"configuration": {"steps": 8}}]',
        '{"configuration": {"steps": 8}, "steps": 8}',
        '{"v2": {"steps": 8}, "steps": 20, "sampler": "Euler A"}',
        '\ufeff {"steps": 8}\n',
    ],
)
def test_configuration_is_found_in_what_surrounds_it(around: str) -> None:
    assert clipboard.read(around).values == {"steps": 8}


def test_a_text_that_is_no_json_within_costs_nothing_but_itself() -> None:
    for inner in ("{broken", "mine", "[]", "5", None):
        imported = clipboard.read(json.dumps({"v2": inner, "configuration": inner, "steps": 8}))
        assert imported.values == {"steps": 8}
        [warning] = imported.warnings
        assert warning.endswith("kept for the export: v2, configuration.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no configuration"),
        ("  \n", "no configuration"),
        ("steps: 8", "not JSON.*line 1, column 1"),
        ('{"steps": 8', "not JSON"),
        ('{"steps": 8} {"steps": 9}', "not JSON"),
        ("8", "is 8, not a configuration"),
        ('"steps"', "not a configuration"),
        ("null", "not a configuration"),
        ("[]", "array of 0 elements"),
        ('[{"steps": 8}, {"steps": 9}]', "array of 2 elements"),
        ("{}", "none of a configuration's keys"),
        ('{"prompt": "a lake"}', "none of a configuration's keys, but prompt"),
        ('{"shift": NaN}', "shift is NaN"),
        ('{"shift": -Infinity}', "shift is -Infinity"),
        ("[" * 100_000, "of a kind"),
        ('{"steps": ' + "9" * 10_000 + "}", "steps|of a kind"),
        (" " * 10 + "[" + "1," * 600_000 + "1]", "too many"),
    ],
    ids=lambda value: value[:20],
)
def test_text_that_is_no_configuration_is_refused(text: str, words: str) -> None:
    with pytest.raises(RequestRejected, match=words) as caught:
        clipboard.read(text)
    for sentence in (caught.value.problem, caught.value.remedy):
        assert sentence.endswith(".")
        assert len(sentence) < 300


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("steps", "eight"),
        ("steps", 8.5),
        ("steps", True),
        ("steps", -1),
        ("steps", 1 << 32),
        ("steps", None),
        ("seed", "random"),
        ("width", -64),
        ("width", 1 << 30),
        ("guidanceScale", "high"),
        ("guidanceScale", 1e300),
        ("guidanceScale", 10**400),
        ("guidanceScale", False),
        ("guidanceScale", None),
        ("hiresFix", 2),
        ("hiresFix", "perhaps"),
        ("sampler", 20),
        ("sampler", -1),
        ("sampler", "Heun"),
        ("sampler", 1.5),
        ("upscalerScaleFactor", 256),
        ("model", 5),
        ("model", "\ud800"),
        ("size", "large"),
        ("size", "512x"),
        ("loras", {}),
        ("loras", "a.ckpt"),
    ],
    ids=str,
)
def test_value_of_a_wrong_kind_costs_nothing_but_itself(key: str, value: Any) -> None:
    imported = clipboard.read(json.dumps({"strength": 0.5, key: value}))
    assert imported.values == {"strength": 0.5}
    [warning] = imported.warnings
    assert re.search(rf"\b{key}\b", warning)
    assert warning.endswith("It was passed over.")
    assert len(warning) < 300
    with pytest.raises(RequestRejected, match=rf"\b{key}\b") as caught:  # nothing else is said
        clipboard.read(json.dumps({key: value}))
    assert caught.value.problem.endswith(".")


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"loras": [[]]}, r"loras\[0\]"),
        ({"loras": [{"file": "a"}, {"file": 5}]}, r"loras\[1\]\.file"),
        ({"controls": [{"file": "a", "weight": "x"}]}, r"controls\[0\]\.weight"),
        ({"controls": [{"file": "a", "controlImportance": True}]}, "controlImportance"),
        ({"controls": [{"file": "a", "inputOverride": "smell"}]}, 'inputOverride "smell".*none'),
        ({"controls": [{"file": "a", "targetBlocks": "up"}]}, "targetBlocks"),
        ({"controls": [{"file": "a", "targetBlocks": [1]}]}, r"targetBlocks\[0\]"),
    ],
    ids=str,
)
def test_wrong_value_inside_a_lora_or_control_is_told_by_its_place(
    value: dict[str, Any], where: str
) -> None:
    imported = clipboard.read(json.dumps({"steps": 8, **value}))
    assert imported.values["steps"] == 8
    assert re.search(where, imported.warnings[0])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_every_writer_of_configurations_is_read(case: dict[str, Any]) -> None:
    imported = clipboard.read(case["text"], draw=lambda: 4711)
    written = clipboard.to_object(imported.config())
    assert {key: written[key] for key in case["says"]} == case["says"]
    fields = {clipboard.KEYS[key] for key in case["says"]}
    assert imported.values.keys() - {"controls", "causal_inference_enabled"} == fields
    assert len(imported.warnings) == len(case["notes"]), imported.warnings
    for note, warning in zip(case["notes"], imported.warnings, strict=True):
        assert re.search(note, warning)


def test_a_control_is_read_in_every_spelling() -> None:
    control = Control(
        "c.ckpt",
        weight=0.5,
        guidance_start=0.1,
        guidance_end=0.9,
        no_prompt=True,
        global_average_pooling=False,
        control_mode=ControlMode.PROMPT,
        input_override=ControlInput.NORMALBAE,
    )
    plain = {"file": "c.ckpt", "weight": 0.5}
    for spelt in (
        {
            **{"guidanceStart": 0.1, "guidanceEnd": 0.9, "noPrompt": True},
            **{"globalAveragePooling": False, "controlMode": 1, "inputOverride": 6},
        },
        {
            **{"guidance_start": 0.1, "guidance_end": 0.9, "no_prompt": True},
            **{"global_average_pooling": 0, "control_mode": "Prompt"},
            **{"input_override": "Normalbae"},
        },
        {
            **{"guidanceStart": 0.1, "guidanceEnd": 0.9, "noPrompt": True},
            **{"globalAveragePooling": False, "controlImportance": "prompt"},
            **{"inputOverride": "normal bae"},
        },
    ):
        imported = clipboard.read(json.dumps({"controls": [{**plain, **spelt}]}))
        assert imported.values == {"controls": (control,)}
        assert imported.warnings == ()


@pytest.mark.parametrize("kind", [Sampler, SeedMode, ControlMode, LoRAMode, CompressionMethod])
def test_every_choice_is_read_by_number_and_by_name(kind: type[IntEnum]) -> None:
    for member in kind:
        spelt = [member.name, member.name.replace("_", " ").title(), str(member.value)]
        if isinstance(member, Sampler | SeedMode):
            spelt.append(member.label)
        assert {spellings.member(kind, word) for word in spelt} == {member}


def test_a_foreign_samplers_name_is_read_as_the_app_reads_it() -> None:
    for word, sampler in (
        ("DPM++ SDE", Sampler.DPMPP_SDE_KARRAS),
        ("Euler", Sampler.EULER_A),
        ("dpm_2_ancestral trailing", Sampler.DPMPP_2M_TRAILING),
        ("uni_pc_bh2", Sampler.UNIPC),
        ("Heun", None),
    ):
        assert spellings.nearest_sampler(word) is sampler


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(RequestRejected):
        clipboard.read(text)


@given(
    st.dictionaries(
        st.sampled_from([*sorted(APP_KEYS), "other"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["file", "weight", "x"]), inner, max_size=3)
            ),
            max_leaves=5,
        ),
        max_size=4,
    )
)
def test_any_object_is_read_or_refused_and_what_is_read_can_be_sent(given: dict[str, Any]) -> None:
    try:
        imported = clipboard.read(json.dumps(given))
    except RequestRejected:
        return
    config = imported.config()
    assert configuration_reader.read(config.to_bytes()) == config
    assert clipboard.read(clipboard.write(config, imported.unknown)).config() == config
    assert math.isfinite(config.sharpness)


def test_a_twin_among_many_keys_is_found_at_once() -> None:
    """Also where a text has as many keys as it may: the prompt's thread waits for this."""
    keys = ",".join(f'"{number:x}":1' for number in range(100_000))
    twin, *_ = clipboard.read("{" + keys + ',"1869f":2,"steps":8}').warnings
    assert "1869f more than once" in twin


@pytest.mark.parametrize(
    ("member", "word", "before"),
    [
        (ControlInput.UNSPECIFIED, "", "unspecified"),
        (ControlInput.NORMALBAE, "normal bae", "normalbae"),
        (ControlInput.SEG, "segmentation", "seg"),
        (ControlInput.IP2P, "instruct pix2pix", "ip2p"),
        (ControlInput.LOWQUALITY, "low quality", "lowquality"),
        (ControlInput.SOFTEDGE, "softedge", "SoftEdge"),
    ],
)
def test_an_input_override_has_the_apps_words(member: ControlInput, word: str, before: str) -> None:
    control = Control("a", input_override=member)
    [written] = clipboard.to_object(GenerationConfig(controls=(control,)))["controls"]
    assert written["inputOverride"] == word
    for spelt in (word, before):
        read = clipboard.read(json.dumps({"controls": [{"file": "a", "inputOverride": spelt}]}))
        assert read.values["controls"] == (control,)
