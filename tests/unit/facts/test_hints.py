"""The kinds of pictures that controls read, and the modifiers of models that read them."""

from __future__ import annotations

import pytest

from drawbridge.facts import hints, modifiers
from drawbridge.facts.hints import CONTROL_TYPES, IMAGE, KINDS, ControlInput, HintKind, sources
from drawbridge.facts.modifiers import MODIFIERS

# docs/protocol.md 4.5, the table of kinds: controlnet, then t2iadapter
PLACES = {
    "canny": ((IMAGE, "custom"), (IMAGE, "custom")),
    "mlsd": ((IMAGE, "custom"), ()),
    "depth": (("depth", IMAGE), ("depth",)),
    "scribble": (("scribble", IMAGE), ("scribble",)),
    "softedge": ((IMAGE, "custom"), ()),
    "pose": (("pose", "custom"), ("pose", "custom")),
    "lineart": (("custom",), ()),
    "normalbae": (("custom",), ()),
    "seg": (("custom",), ()),
    "custom": (("custom",), ()),
    "tile": (("custom", IMAGE), ()),
    "blur": (("custom", IMAGE), ()),
    "gray": (("custom", IMAGE), ()),
    "lowquality": (("custom", IMAGE), ()),
    "inpaint": ((IMAGE,), ()),
    "ip2p": ((IMAGE,), ()),
    "shuffle": (("shuffle", "custom"), ()),
    "color": ((), ("color", IMAGE)),
}


def test_kinds_are_looked_for_where_the_protocol_says() -> None:
    assert {name: (row.controlnet, row.t2i_adapter) for name, row in KINDS.items()} == PLACES
    assert sources("controlnetunion") == {kind: net for kind, (net, _) in PLACES.items() if net}
    assert sources("t2iadapter") == {kind: t2i for kind, (_, t2i) in PLACES.items() if t2i}


def test_every_number_of_the_wire_is_a_kind() -> None:
    assert {row.input for row in KINDS.values()} == {*ControlInput} - {ControlInput.UNSPECIFIED}
    assert all(row.name == name == row.input.name.lower() for name, row in KINDS.items())


@pytest.mark.parametrize(
    ("control_type", "places"),
    [
        ("ipadapterplus", ("shuffle", "custom")),
        ("ipadapterfull", ("shuffle", "custom")),
        ("ipadapterfaceidplus", ("shuffle", "custom")),
        ("pulid", ("shuffle", "custom")),
        ("redux", ("shuffle", "custom")),
        ("llava", ("shuffle", "custom", IMAGE)),
        ("inject_kv", ("shuffle",)),
    ],
)
def test_picture_prompts_read_shuffles(control_type: str, places: tuple[str, ...]) -> None:
    assert sources(control_type) == {"shuffle": places}
    assert control_type in CONTROL_TYPES


def test_of_an_unknown_type_everything_is_allowed() -> None:
    assert sources("some_type_of_tomorrow").keys() == KINDS.keys()


def test_seven_types_of_hints_are_read() -> None:
    """docs/protocol.md 4.4."""
    assert hints.read_types() == {
        *("custom", "depth", "scribble", "pose", "color", "shuffle", "audio"),
    }
    assert len(hints.types()) == 19


def test_a_kind_is_registered_for_a_while() -> None:
    row = HintKind("thermal", ControlInput.UNSPECIFIED, ("custom",))
    with hints.registered(row):
        assert sources("controlnet")["thermal"] == ("custom",)
        assert "thermal" in hints.types() - hints.read_types()
        with pytest.raises(ValueError, match="thermal"), hints.registered(row):
            pass
        assert KINDS["thermal"] is row
    assert "thermal" not in KINDS


def test_modifiers_read_what_the_protocol_says() -> None:
    """docs/protocol.md 4.6."""
    editing = {"kontext", "kontext_kv", "qwenimage_edit_plus", "qwenimage_edit_2511"}
    editing |= {"fl2va", "ref2va"}  # 16.4
    assert {row.name for row in MODIFIERS.values() if row.reads_moodboard} == editing
    layered = "qwenimage_layered"
    assert {row.name for row in MODIFIERS.values() if row.editing} == {*editing, layered}
    assert [row.name for row in MODIFIERS.values() if row.layered] == [layered]
    assert [row.name for row in MODIFIERS.values() if not row.reads_image] == ["none"]
    assert {row.name for row in MODIFIERS.values() if row.hint} == {"depth", "canny"}
    assert not modifiers.find("some_modifier_of_tomorrow").reads_image
