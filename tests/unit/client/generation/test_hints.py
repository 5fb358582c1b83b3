"""Which hint carries which picture, and what is refused because a server would ignore it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from drawbridge.client.catalog.records import Catalog, ControlSpec, LoRASpec, ModelSpec
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.client.generation.hints import Carried, Form, Guide, Steering, steer
from drawbridge.errors import ModelUnavailable, RequestRejected
from drawbridge.facts.hints import KINDS, ControlInput

FULL = (256, 128)
CONFIG = GenerationConfig(model="m.ckpt", start_width=256, start_height=128)
UNION = ControlSpec("union.ckpt", "Union", "v1", "controlnetunion")
NOTHING = Catalog(complete=False)
IP = ControlSpec("ip.ckpt", "IP Adapter", "v1", "ipadapterplus", "shuffle")


def catalog(*controls: ControlSpec, modifier: str = "none", version: str = "v1") -> Catalog:
    return Catalog(
        models=(ModelSpec("m.ckpt", "M", version, modifier=modifier),), controls=controls
    )


def guide(kind: str, picture: int | None = 0, file: str = "union.ckpt", **more: Any) -> Guide[int]:
    return Guide(Control(file), kind, picture, **more)


def planned(*guides: Guide[int], **more: Any) -> Steering[int]:
    config = dataclasses.replace(CONFIG, **more.pop("config", {}))
    known = more.pop("known", catalog(UNION, IP))
    return steer(
        guides,
        config,
        known,
        "mac:1",
        more.pop("version", "v1"),
        has_image=more.pop("has_image", False),
        **more,
    )


def refused(words: str, *guides: Guide[int], **more: Any) -> None:
    with pytest.raises(RequestRejected, match=words) as caught:
        planned(*guides, **more)
    assert caught.value.remedy.endswith(".")


def noted(words: str, *guides: Guide[int], **more: Any) -> Steering[int]:
    """Return what is sent all the same; one note has the words."""
    result = planned(*guides, **more)
    assert [note for note in result.notes if words in note], result.notes
    assert all(note.endswith(".") for note in result.notes)
    return result


@pytest.mark.parametrize(
    ("kind", "carrier", "form"),
    [
        ("depth", "depth", Form(FULL, channels=1)),
        ("scribble", "scribble", Form(FULL, low=0.0)),
        ("pose", "pose", Form(FULL, low=0.0)),
        ("shuffle", "shuffle", Form()),
        ("lineart", "custom", Form(FULL, inverted=True)),
        *(
            (kind, "custom", Form(FULL))
            for kind in (
                *("canny", "softedge", "normalbae", "seg", "mlsd", "tile", "blur", "gray"),
                *("lowquality", "custom"),
            )
        ),
    ],
)
def test_kind_travels_in_the_hint_that_a_server_reads(kind: str, carrier: str, form: Form) -> None:
    result = planned(guide(kind))
    [hint] = result.hints
    assert (hint.type, hint.pictures) == (carrier, (Carried(0, (form,)),))
    assert result.controls == (Control("union.ckpt", input_override=ControlInput[kind.upper()]),)


def test_every_kind_has_an_input_of_its_own() -> None:
    assert {kind.upper() for kind in KINDS} == {one.name for one in ControlInput} - {"UNSPECIFIED"}


def test_colours_travel_to_an_adapter_as_color() -> None:
    known = catalog(ControlSpec("t2i.ckpt", "T2I", "v1", "t2iadapter", "color"))
    result = planned(guide("color", file="t2i.ckpt"), known=known, has_image=True)
    [hint] = result.hints
    assert (hint.type, hint.pictures[0].forms) == ("color", (Form(FULL),))
    assert result.controls[0].input_override is ControlInput.UNSPECIFIED


@pytest.mark.parametrize(
    ("version", "low"), [("v1", 0.0), ("sdxl_base_v0.9", 0.0), ("flux1", -1.0), ("newer", -1.0)]
)
def test_pose_has_the_range_of_its_model(version: str, low: float) -> None:
    [hint] = planned(guide("pose"), version=version).hints
    assert hint.pictures[0].forms == (Form(FULL, low=low),)


HIRES = {"hires_fix": True, "hires_fix_start_width": 128, "hires_fix_start_height": 64}


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"inpaint", "ip2p", "color"}))
def test_only_a_pose_is_sent_for_both_passes(kind: str) -> None:
    [hint] = planned(guide(kind), config=HIRES).hints
    sizes = [form.size for form in hint.pictures[0].forms]
    expected = [(128, 64), FULL] if kind == "pose" else [None if kind == "shuffle" else FULL]
    assert sizes == expected


@pytest.mark.parametrize(
    ("more", "passes"),
    [
        ({"config": HIRES, "has_image": True}, 2),
        ({"config": {**HIRES, "strength": 0.5}, "has_image": True}, 1),
        ({"config": {**HIRES, "strength": 0.5}}, 2),
        ({"config": HIRES, "has_image": True, "has_mask": True}, 1),
    ],
)
def test_pose_is_sent_once_where_the_image_gives_the_size(
    more: dict[str, Any], passes: int
) -> None:
    [hint] = planned(guide("pose"), **more).hints
    assert len(hint.pictures[0].forms) == passes


def test_wan_gets_custom_pictures_as_they_are() -> None:
    [hint] = planned(guide("canny"), version="wan_v2.1_14b").hints
    assert hint.pictures[0].forms == (Form(None),)


@pytest.mark.parametrize("kind", ["canny", "mlsd", "softedge"])
def test_edge_map_beside_an_init_image_is_left_out(kind: str) -> None:
    result = noted(f"the {kind} picture is left out", guide(kind), has_image=True)
    assert result.hints == ()
    assert result.controls == planned(guide(kind, None), has_image=True).controls != ()


@pytest.mark.parametrize("kind", ["inpaint", "ip2p"])
def test_picture_for_a_kind_that_reads_the_init_image_is_left_out(kind: str) -> None:
    result = noted("reads Generate's image", guide(kind), has_image=True)
    assert (len(result.controls), result.hints) == (1, ())
    result = noted("connect an image to Generate", guide(kind))
    assert (result.controls, result.hints) == ((), ())


@pytest.mark.parametrize("kind", ["depth", "scribble", "pose", "lineart", "tile", "shuffle"])
def test_picture_of_other_kinds_goes_with_an_init_image(kind: str) -> None:
    assert len(planned(guide(kind), has_image=True).hints) == 1


@pytest.mark.parametrize("kind", ["pose", "lineart", "normalbae", "seg", "custom", "shuffle"])
@pytest.mark.parametrize("has_image", [True, False])
def test_control_that_derives_nothing_is_left_out_without_its_picture(
    kind: str, has_image: bool
) -> None:
    result = noted(
        "control union.ckpt has no picture, and is left out: connect a picture to its hint.",
        *(guide(kind, None), guide("depth", 1)),
        has_image=has_image,
    )
    assert [one.input_override for one in result.controls] == [ControlInput.DEPTH]
    assert [hint.type for hint in result.hints] == ["depth"]


@pytest.mark.parametrize("kind", ["canny", "depth", "scribble", "tile", "inpaint"])
def test_note_about_a_control_without_a_picture_names_its_places(kind: str) -> None:
    [note] = noted("an image to Generate", guide(kind, None)).notes
    assert ("a picture to its hint" in note) == (kind != "inpaint")


def test_vace_works_without_any_picture() -> None:
    vace = ControlSpec("vace.ckpt", "VACE", "wan_v2.1_14b", "controlnet", "shuffle")
    known = catalog(vace, version="wan_v2.1_14b")
    result = planned(guide("shuffle", None, "vace.ckpt"), known=known, version="wan_v2.1_14b")
    assert (len(result.controls), result.hints) == (1, ())


def test_control_never_reads_the_picture_of_another() -> None:
    result = noted("that of another", guide("lineart"), guide("tile", None), has_image=True)
    assert [one.input_override for one in result.controls] == [ControlInput.LINEART]


@pytest.mark.parametrize("second", [guide("tile", 1), guide("lineart", 0)])
def test_of_two_pictures_in_one_place_the_first_is_sent(second: Guide[int]) -> None:
    result = noted("is taken by another picture", guide("canny", 0), second)
    assert [one.input_override for one in result.controls] == [ControlInput.CANNY]
    [hint] = result.hints
    assert [one.picture for one in hint.pictures] == [0]


def test_two_controls_may_read_the_same_picture() -> None:
    result = planned(guide("tile", 0), guide("gray", 0))
    assert len(result.controls) == 2
    assert [len(hint.pictures) for hint in result.hints] == [1]


def test_hints_of_several_types_go_together() -> None:
    result = planned(guide("pose", 0), guide("depth", 1), guide("lineart", 2))
    assert [hint.type for hint in result.hints] == ["pose", "depth", "custom"]
    assert [hint.pictures[0].picture for hint in result.hints] == [0, 1, 2]


def test_of_a_batch_the_first_is_taken_but_on_a_moodboard() -> None:
    assert noted("a batch of 3, of which the first", guide("canny", count=3)).hints
    result = planned(guide("shuffle", count=3, file="ip.ckpt"))
    assert result.hints
    assert result.notes == ()


def test_moodboard_is_one_hint_and_its_control_comes_once() -> None:
    result = planned(
        guide("shuffle", 0, "ip.ckpt", weight=0.5),
        guide("shuffle", 1, "ip.ckpt", weight=0.0),
        guide("shuffle", 2, "ip.ckpt", weight=2.0),
    )
    assert [control.file for control in result.controls] == ["ip.ckpt"]
    [hint] = result.hints
    assert [(one.picture, one.weight) for one in hint.pictures] == [(0, 0.5), (2, 2.0)]


def test_control_of_no_weight_is_left_out_with_its_picture() -> None:
    assert planned(Guide(Control("union.ckpt", 0.0), "canny", 0)) == Steering((), ())
    off = Guide(Control("no such file", 0.0), "pose", 0)
    assert len(planned(off, guide("tile", 1)).hints) == 1


@pytest.mark.parametrize("name", ["fixed.ckpt", "FIXED.ckpt", "fixed net"])
def test_name_becomes_the_file(name: str) -> None:
    known = catalog(ControlSpec("fixed.ckpt", "Fixed Net", "v1", "controlnet", "pose"))
    [control] = planned(guide("pose", file=name), known=known).controls
    assert control == Control("fixed.ckpt")


def test_unknown_control_is_refused_with_similar_names() -> None:
    with pytest.raises(ModelUnavailable, match=r"no control unoin\.ckpt") as caught:
        planned(guide("pose", file="unoin.ckpt"))
    assert "union.ckpt" in caught.value.remedy


def test_kind_of_the_control_wins_over_another_with_a_note() -> None:
    known = catalog(ControlSpec("fixed.ckpt", "Fixed", "v1", "controlnet", "pose"), IP)
    wrong = noted("kind pose, and the kind canny", guide("canny", file="fixed.ckpt"), known=known)
    assert [hint.type for hint in wrong.hints] == ["pose"]
    mood = noted("kind shuffle, and the kind pose", guide("pose", file="ip.ckpt"), known=known)
    assert [hint.type for hint in mood.hints] == ["shuffle"]
    forced = Guide(Control("fixed.ckpt", input_override=ControlInput.TILE), "pose", 0)
    assert noted("the input override tile is not looked at", forced, known=known).hints


@pytest.mark.parametrize(
    ("type_", "kind"),
    [("controlnet", "color"), ("t2iadapter", "tile"), ("controlnetlora", "color")],
)
def test_kind_that_a_type_cannot_read_is_left_out(type_: str, kind: str) -> None:
    known = catalog(ControlSpec("c.ckpt", "C", "v1", type_))
    result = noted(f"no picture of the kind {kind}, only", guide(kind, file="c.ckpt"), known=known)
    assert (result.controls, result.hints) == ((), ())


def test_input_override_decides_how_a_union_reads_the_picture() -> None:
    forced = Guide(Control("union.ckpt", input_override=ControlInput.LINEART), "canny", 0)
    result = planned(forced)
    assert result.controls[0].input_override is ControlInput.LINEART
    assert result.hints[0].pictures[0].forms == (Form(FULL, inverted=True),)


@pytest.mark.parametrize("known", [NOTHING, catalog(ControlSpec("x", "X", "v1", "newer"))])
def test_control_of_which_little_is_known_is_passed_on(known: Catalog) -> None:
    for kind in ("canny", "color", "shuffle"):
        [control] = planned(guide(kind, file="x"), known=known).controls
        assert control == Control("x", input_override=ControlInput[kind.upper()])


MOOD: Guide[int] = Guide(None, "shuffle", 0)


@pytest.mark.parametrize(
    ("modifier", "version"),
    [("kontext", "flux1"), ("kontext_kv", "flux2_9b"), ("qwenimage_edit_2511", "qwen_image")],
)
def test_edit_model_reads_a_moodboard_itself(modifier: str, version: str) -> None:
    known = catalog(modifier=modifier, version=version)
    result = planned(MOOD, known=known, version=version)
    assert [hint.type for hint in result.hints] == ["shuffle"]


@pytest.mark.parametrize(
    ("modifier", "version"),
    [
        ("none", "v1"),
        ("inpainting", "flux1"),
        ("kontext", "ltx2"),
        ("qwenimage_layered", "qwen_image"),
    ],
)
def test_moodboard_that_nothing_reads_is_left_out(modifier: str, version: str) -> None:
    known = catalog(UNION, modifier=modifier, version=version)
    words = "neither the model m.ckpt nor a control reads it"
    assert noted(words, MOOD, known=known, version=version).hints == ()
    result = noted(words, guide("pose", 1), MOOD, known=known, version=version)
    assert [hint.type for hint in result.hints] == ["pose"]


def test_moodboard_is_read_by_whatever_control_can() -> None:
    assert len(planned(MOOD, guide("shuffle", None, "ip.ckpt")).hints) == 1
    assert len(planned(MOOD, config={"controls": (Control("ip.ckpt"),)}).hints) == 1
    other = {"controls": (Control("union.ckpt"),)}
    assert noted("nor a control reads it", MOOD, config=other).hints == ()
    assert len(planned(MOOD, known=NOTHING).hints) == 1


def test_lora_can_make_a_model_read_pictures() -> None:
    known = dataclasses.replace(
        catalog(version="flux1"), loras=(LoRASpec("d.ckpt", "D", "flux1", modifier="depth"),)
    )
    config = {"loras": (LoRA("d.ckpt"),)}
    depth = Guide(None, "depth", 0)
    assert planned(depth, known=known, version="flux1", config=config).hints[0].type == "depth"
    result = noted("neither the model nor a control", depth, known=known, version="flux1")
    assert result == Steering((), (), result.notes)


def test_canny_model_reads_an_edge_map_where_there_is_no_image() -> None:
    known = catalog(modifier="canny", version="flux1")
    edges = Guide(None, "canny", 0)
    assert planned(edges, known=known, version="flux1").hints[0].type == "custom"
    result = noted("reads Generate's image", edges, known=known, version="flux1", has_image=True)
    assert result.hints == ()


def test_hint_of_nothing_and_of_an_unknown_kind_are_refused() -> None:
    refused("no picture", Guide(None, "depth"))
    refused("'cany' is not known", guide("cany"))
