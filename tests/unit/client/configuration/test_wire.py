"""The configuration: every slot, exactly, there and back."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, get_type_hints

import flatbuffers
import pytest
from flatbuffers import number_types
from hypothesis import given, settings
from hypothesis import strategies as st

from drawbridge.client.configuration.enums import SeedMode
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.client.configuration.ranges import ranges
from drawbridge.client.configuration.wire import BLOCK_FIELDS
from drawbridge.devtools import configuration_reader
from drawbridge.errors import RequestRejected
from drawbridge.facts.samplers import FLOW_SAMPLERS, Sampler
from drawbridge.proto import configuration
from drawbridge.proto.generation_config_fbs import GenerationConfigurationT
from drawbridge.proto.generation_config_slots import TABLES

_VALID = GenerationConfig(model="model.ckpt")
_INTEGERS = {
    "ubyte": st.integers(0, 255),
    "ushort": st.integers(0, 65535),
    "int": st.integers(-(1 << 31), (1 << 31) - 1),
    "uint": st.integers(0, (1 << 32) - 1),
    "long": st.integers(-(1 << 63), (1 << 63) - 1),
}
_RECORDS: dict[str, type] = {
    "GenerationConfiguration": GenerationConfig,
    "Control": Control,
    "LoRA": LoRA,
}


def _strategy(kind: str) -> st.SearchStrategy[Any]:
    record = _RECORDS[kind]
    hints = get_type_hints(record)
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for name, wire, deprecated in TABLES[kind]:
        if deprecated:
            continue
        if wire == "string":
            fields[name] = st.text(max_size=20)
        elif wire == "[string]":
            fields[name] = st.lists(st.text(max_size=8), max_size=3).map(tuple)
        elif wire.startswith("["):
            fields[name] = st.lists(_strategy(wire.strip("[]")), max_size=3).map(tuple)
        elif wire == "bool":
            fields[name] = st.booleans()
        elif wire == "float":
            # Decimals of few digits come back as they were; all float32 come back as equals.
            fields[name] = st.integers(-99999, 99999).map(lambda n: n / 1000)
        elif wire == "byte":
            fields[name] = st.sampled_from(list(hints[name]))
        elif name in BLOCK_FIELDS:
            fields[name] = st.integers(0, 65535).map(lambda n: n * 64)
        else:
            fields[name] = _INTEGERS[wire]
    return st.builds(record, **fields)


@given(_strategy("GenerationConfiguration"))
@settings(max_examples=60)
def test_bytes_of_any_configuration_read_back_equal(config: GenerationConfig) -> None:
    data = config.to_bytes()
    assert configuration_reader.read(data) == config
    assert configuration_reader.read(data).to_bytes() == data


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@settings(deadline=None)
def test_every_float32_survives_reading_and_writing(value: float) -> None:
    table = configuration.read(dataclasses.replace(_VALID, sharpness=value).to_bytes())
    assert table.sharpness == value
    again = configuration_reader.read(configuration.write(table))
    assert configuration.read(again.to_bytes()).sharpness == value


@pytest.mark.parametrize("kind", list(TABLES))
def test_records_have_exactly_the_slots_that_are_not_deprecated(kind: str) -> None:
    slots = [name for name, _, deprecated in TABLES[kind] if not deprecated]
    assert [field.name for field in dataclasses.fields(_RECORDS[kind])] == slots


@pytest.mark.parametrize("kind", list(TABLES))
def test_every_number_has_a_range_or_is_the_apps_own(kind: str) -> None:
    record = _RECORDS[kind]
    numbers = {
        name
        for name, hint in get_type_hints(record).items()
        if hint in (int, float) and not (isinstance(hint, type) and issubclass(hint, enum.Enum))
    }
    assert numbers - ranges(record).keys() <= {"id"}


def test_block_fields_are_the_ten_that_the_wire_counts_in_blocks() -> None:
    assert len(BLOCK_FIELDS) == 10
    assert "original_image_height" not in BLOCK_FIELDS


# What each slot is given by number, and what the typed field must then be.
_BY_NUMBER: dict[int, tuple[type, Any, str, Any]] = {
    1: (number_types.Uint16Flags, 13, "start_width", 832),
    2: (number_types.Uint16Flags, 7, "start_height", 448),
    3: (number_types.Uint32Flags, 4294967295, "seed", 4294967295),
    4: (number_types.Uint32Flags, 7, "steps", 7),
    5: (number_types.Float32Flags, 3.5, "guidance_scale", 3.5),
    6: (number_types.Float32Flags, 0.25, "strength", 0.25),
    8: (number_types.Int8Flags, 17, "sampler", Sampler.UNIPC_TRAILING),
    10: (number_types.Uint32Flags, 4, "batch_size", 4),
    11: (number_types.BoolFlags, True, "hires_fix", True),
    17: (number_types.Int8Flags, 3, "seed_mode", SeedMode.NVIDIA_GPU_COMPATIBLE),
    29: (number_types.Uint32Flags, 1000, "original_image_height", 1000),
    47: (number_types.Int32Flags, -12, "mask_blur_outset", -12),
    49: (number_types.Float32Flags, 3.0, "shift", 3.0),
    56: (number_types.Uint16Flags, 3, "decoding_tile_overlap", 192),
    63: (number_types.Uint8Flags, 4, "upscaler_scale_factor", 4),
    71: (number_types.BoolFlags, False, "resolution_dependent_shift", False),
    73: (number_types.Int32Flags, -3, "tea_cache_end", -3),
    87: (number_types.BoolFlags, True, "expand_prompt_to_json", True),
}


def test_a_buffer_built_by_slot_number_reads_as_the_named_fields() -> None:
    builder = flatbuffers.Builder(0)
    strings = {number: builder.CreateString(text) for number, text in ((7, "m"), (77, "t5"))}
    builder.StartObject(88)
    for number, offset in strings.items():
        builder.PrependUOffsetTRelativeSlot(number, offset, 0)
    for number, (flags, value, _, _) in _BY_NUMBER.items():
        builder.Prepend(flags, value)
        builder.Slot(number)
    builder.Finish(builder.EndObject())
    config = configuration_reader.read(bytes(builder.Output()))
    assert (config.model, config.t5_text) == ("m", "t5")
    for _, _, name, expected in _BY_NUMBER.values():
        assert getattr(config, name) == expected, name


def test_unset_fields_read_as_the_wires_defaults_not_as_ours() -> None:
    config = configuration_reader.read(configuration.write(GenerationConfigurationT()))
    assert (config.strength, config.seed_mode, config.steps) == (0, SeedMode.LEGACY, 0)
    assert config.hires_fix_strength == 0.7
    assert config.decoding_tile_width == 640


def test_defaults_are_the_apps_where_the_wires_are_useless() -> None:
    config = GenerationConfig()
    assert (config.strength, config.steps, config.mask_blur) == (1, 20, 1.5)
    assert config.seed_mode is SeedMode.SCALE_ALIKE
    assert config.sampler in FLOW_SAMPLERS


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start_width": 500}, "width is 500, not 64 to 8192 in steps of 64"),
        ({"start_height": 0}, "height is 0"),
        ({"start_height": 8256}, "height is 8256"),
        ({"strength": 1.01}, "strength is 1.01, not 0 to 1"),
        ({"strength": -0.1}, "strength"),
        ({"strength": float("nan")}, "strength"),
        ({"hires_fix": True, "hires_fix_strength": 1.5}, "hires_fix_strength is 1.5, not 0 to 1"),
        ({"batch_size": 0}, "batch_size is 0, not 1 to 128"),
        ({"steps": 0}, "steps is 0, not 1 or more"),
        ({"stage_2_steps": 0}, "stage_2_steps is 0"),
        ({"num_frames": 0}, "num_frames is 0"),
        ({"shift": 0}, "shift is 0, not 0.001 or more"),
        ({"seed": -1}, "seed is -1, not 0 to 4294967295"),
        ({"guidance_scale": float("inf")}, "guidance is inf, not a number"),
        ({"original_image_width": -64}, "original_image_width is -64, not 0 or more"),
        ({"model": ""}, "model is empty"),
        ({"steps": 1, "sampler": Sampler.UNIPC_AYS}, "steps is 1"),
        ({"hires_fix": True, "hires_fix_start_width": 100}, "hires_fix_start_width"),
        ({"tiled_decoding": True, "decoding_tile_width": 65}, "decoding_tile_width"),
        ({"tiled_decoding": True, "decoding_tile_width": 0}, "decoding_tile_width is 0"),
        ({"loras": (LoRA(""),)}, "LoRA names no file"),
        ({"loras": (LoRA("a.ckpt", float("nan")),)}, r"LoRA a\.ckpt: weight"),
        ({"controls": (Control(""),)}, "control names no file"),
        ({"controls": (Control("c", guidance_start=float("nan")),)}, "control c: guidance_start"),
    ],
)
def test_check_names_the_field_that_is_wrong(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestRejected, match=words):
        dataclasses.replace(_VALID, **changes).check()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"steps": 1, "sampler": Sampler.EULER_A_TRAILING},
        {"hires_fix": False, "hires_fix_start_width": 0},
        {"tiled_decoding": False, "decoding_tile_width": 0},
        {"original_image_height": 0},
        {"seed": 4294967295},
        # further than the app goes
        *({"num_frames": frames} for frames in (249, 362, 2000)),
        *({"shift": shift} for shift in (12, 25.28, 400)),
        *({"tea_cache": True, "tea_cache_end": end} for end in (-3, -151)),
        {"mask_blur": 50, "sharpness": 200, "fps_id": 60, "steps": 300, "guidance_scale": 75},
        {"original_image_width": 2560, "target_image_height": 4096, "crop_top": 2000},
        {"clip_skip": 0, "batch_count": 1000, "batch_size": 8, "start_width": 64},
        # what a server passes over
        {"hires_fix": True, "hires_fix_start_width": 512},
        {"hires_fix": True, "hires_fix_start_height": 0},
        {"refiner_model": "model.ckpt"},
        {"tiled_decoding": True, "decoding_tile_overlap": 640},
        {"controls": (Control("c", guidance_start=0.8, guidance_end=0.2),)},
        {"controls": (Control("c", guidance_start=2, down_sampling_rate=0.5),)},
    ],
)
def test_check_lets_pass_what_a_server_takes(changes: dict[str, Any]) -> None:
    dataclasses.replace(_VALID, **changes).check()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start_width": 100}, "width is 100, not a multiple of 64"),
        ({"start_width": -64}, "width"),
        ({"seed": 1 << 32}, "seed"),
        ({"steps": 1.5}, "steps"),
        ({"upscaler_scale_factor": 256}, "upscaler_scale_factor"),
        ({"shift": 1e39}, "shift"),
        ({"shift": float("nan")}, "shift"),
        ({"name": "\ud800"}, "name has characters"),
    ],
)
def test_what_the_wire_cannot_carry_is_rejected(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestRejected, match=words):
        dataclasses.replace(_VALID, **changes).to_bytes()


def test_samplers_have_the_apps_names() -> None:
    assert Sampler.DPMPP_2M_KARRAS.label == "DPM++ 2M Karras"
    assert Sampler.EULER_A_TRAILING.label == "Euler A Trailing"
    assert Sampler.UNIPC_AYS.label == "UniPC AYS"
    assert len({sampler.label for sampler in Sampler}) == 20
