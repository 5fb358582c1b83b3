"""The configuration FlatBuffer: what is written is read, and what is damaged is refused."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawbridge.proto import configuration
from drawbridge.proto.generation_config_fbs import (
    ControlT,
    GenerationConfigurationT,
    LoRAT,
    SamplerType,
)
from drawbridge.proto.generation_config_slots import TABLES

FULL = configuration.write(
    GenerationConfigurationT(
        startWidth=16,
        seed=4294967295,
        model="flux_1_schnell_q8p.ckpt",
        sampler=SamplerType.TCDTrailing,
        controls=[ControlT(file="canny.ckpt", targetBlocks=["up", "mid"]), ControlT()],
        loras=[LoRAT(file="détail.ckpt", weight=-1.5)],
        causalInferencePad=-3,
        expandPromptToJson=True,
    )
)


def test_configuration_survives_the_wire() -> None:
    table = configuration.read(FULL)
    assert (table.startWidth, table.seed, table.sampler) == (16, 4294967295, 19)
    assert table.model == "flux_1_schnell_q8p.ckpt"
    assert table.controls is not None
    assert table.loras is not None
    assert [row.file for row in table.controls] == ["canny.ckpt", None]
    assert table.controls[0].targetBlocks == ["up", "mid"]
    assert (table.loras[0].file, table.loras[0].weight) == ("détail.ckpt", -1.5)
    assert (table.causalInferencePad, table.expandPromptToJson) == (-3, True)
    assert table.upscaler is None


def test_slots_stand_where_the_server_expects_them() -> None:
    slots = [name for name, _, _ in TABLES["GenerationConfiguration"]]
    assert len(slots) == 92
    places = {"model": 7, "loras": 20, "shift": 49, "tea_cache": 75, "expand_prompt_to_json": 87}
    places |= {"shift_for_audio": 88, "uses_sol_attention": 89, "sol_attention_tau": 91}
    assert {name: slots.index(name) for name in places} == places
    # seed is slot 3: its vtable entry is at 4 + 2 * 3, and leads to the value itself
    start = struct.unpack_from("<I", FULL)[0]
    vtable = start - struct.unpack_from("<i", FULL, start)[0]
    offset = struct.unpack_from("<H", FULL, vtable + 10)[0]
    assert struct.unpack_from("<I", FULL, start + offset)[0] == 4294967295


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b"\0" * 64, b"\xff" * 64, FULL[:-20], FULL[8:]])
def test_bytes_that_are_no_configuration_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        configuration.read(data)


def test_shared_entries_cannot_describe_an_endless_walk() -> None:
    # 2,000 controls that are all one, with 2,000 blocks that are all one: 4 million visits
    count = 2000
    string = struct.pack("<I", 1) + b"a\0\0\0"
    blocks = struct.pack("<I", count) + b"".join(
        struct.pack("<I", 4 * (count - index)) for index in range(count)
    )
    control_vtable = struct.pack("<HH", 22, 8) + struct.pack("<9H", *[0] * 8, 4)
    control = control_vtable + b"\0\0" + struct.pack("<iI", 24, 4)
    controls = struct.pack("<I", count) + b"".join(
        struct.pack("<I", 4 * (count - index) + 24) for index in range(count)
    )
    root_vtable = struct.pack("<HH", 44, 8) + struct.pack("<20H", *[0] * 19, 4)
    data = struct.pack("<I", 4 + len(root_vtable)) + root_vtable
    data += struct.pack("<iI", len(root_vtable), 4) + controls + control + blocks + string
    with pytest.raises(ValueError, match="over and over"):
        configuration.read(data)


@given(st.binary(max_size=8), st.integers(0, len(FULL) - 1))
def test_damage_is_refused_or_harmless(patch: bytes, at: int) -> None:
    damaged = FULL[:at] + patch + FULL[at + len(patch) :]
    try:
        configuration.read(damaged)
    except ValueError:
        return
