"""What a converted graph does otherwise is named, and nothing else is otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from drawbridge.devtools.draw_things_graphs import FLUX, NO_PROMPT, Saved, of_kind
from drawbridge.graphs import draw_things_pack as pack
from drawbridge.graphs.convert import convert


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ({}, {"positive", "negative"}),
        ({"cfg": 1}, {"positive"}),  # nothing reads a negative prompt
        ({"model": {"value": {**FLUX["value"], "guidance_embed": True}}}, {"positive"}),
        (
            {"model": {"value": {**FLUX["value"], "guidance_embed": True}}, "speed_up": False},
            {"positive", "negative"},
        ),
        ({"model": {"value": {"file": "svd.ckpt", "version": "svd_i2v"}}}, set()),
    ],
)
def test_a_missing_prompt_that_was_the_word_none_is_named(
    said: dict[str, Any], missing: set[str]
) -> None:
    saved = Saved()
    saved.add(pack.SAMPLER, **said)
    notes = [one for one in convert(saved.graph).notes if NO_PROMPT in one]
    assert {name for name in ("positive", "negative") if name in " ".join(notes)} == missing
    assert len(notes) == len(missing)


def test_a_mask_that_is_read_is_told_of() -> None:
    saved = Saved()
    image = saved.add("LoadImage", image="a.png")
    saved.add(pack.SAMPLER, {"mask": (image, 1)})  # which no server reads without an image
    assert saved.convert()[1] == ()
    other = Saved()
    image = other.add("LoadImage", image="a.png")
    other.add(pack.SAMPLER, {"mask": (image, 1), "image": (image, 0)})
    [note] = other.convert()[1]
    assert "repainted from half white on" in note


@pytest.mark.parametrize(
    ("version", "shift"),
    [("flux1", 0), ("sd3", 0), ("z_image", 0), ("sd3_large", 3.5), ("krea_2", 3.5), ("new", 3.5)],
)
def test_a_shift_follows_from_the_size_only_where_theirs_has_it_so(
    version: str, shift: float
) -> None:
    """Theirs hides the switch for other versions, and sends it off, however it stands."""
    saved = Saved()
    model = {"value": {"file": "some.ckpt", "version": version}}
    sampler = saved.add(pack.SAMPLER, model=model, res_dpt_shift=True, shift=3.5)
    assert saved.convert()[0][sampler]["shift"] == shift


def test_widgets_that_theirs_hides_for_a_version_say_nothing() -> None:
    hidden = {
        "res_dpt_shift": False,
        **{"tea_cache": True, "separate_clip_l": True, "clip_l_text": "ink"},
        **{"separate_open_clip_g": True, "open_clip_g_text": "ink", "causal_inference": 9},
        **{"stochastic_sampling_gamma": 0.7, "sampler_name": "TCD Trailing"},
    }
    for version in ("sd3_large", "z_image", "wan_v2.2_5b"):
        saved = Saved()
        model = {"value": {"file": "some.ckpt", "version": version}}
        saved.add(pack.SAMPLER, model=model, num_frames=81, **hidden)
        found, _ = saved.convert()
        kinds = {node["type"].removeprefix("Drawbridge_") for node in found.values()}
        settings = kinds - {"Connect", "LoadModel", "Generate", "Note"}
        assert settings == ({"SettingsVideo"} if version == "wan_v2.2_5b" else set())
    [video] = of_kind(found, "SettingsVideo")
    assert (video["num_frames"], video["causal_inference_enabled"]) == (14, False)
    [kept] = _samplings(version="v1", sampler_name="TCD")
    assert kept["stochastic_sampling_gamma"] == 0.7


@pytest.mark.parametrize(
    ("distilled", "speed_up", "guidance"),
    [(True, True, 3.5), (True, False, 6.0), (False, False, 6.0), (False, True, None)],
)
def test_a_distilled_model_gets_the_guidance_that_theirs_gave_it(
    distilled: bool, speed_up: bool, guidance: float | None
) -> None:
    """While it speeds up theirs sends none, which is 3.5, whatever `cfg` and the widget say."""
    saved = Saved()
    model = {"value": {**FLUX["value"], "guidance_embed": distilled}}
    saved.add(pack.SAMPLER, model=model, cfg=5.0, speed_up=speed_up, guidance_embed=6.0)
    found = of_kind(saved.convert()[0], "SettingsSpeed")
    assert [node["guidance_embed"] for node in found] == ([] if guidance is None else [guidance])
    assert all(node["speed_up_with_guidance_embed"] is speed_up for node in found)


def _samplings(version: str, **said: Any) -> list[dict[str, Any]]:
    saved = Saved()
    model = {"value": {"file": "some.ckpt", "version": version}}
    saved.add(pack.SAMPLER, model=model, stochastic_sampling_gamma=0.7, **said)
    return of_kind(saved.convert()[0], "SettingsSamplingDetails")


def _control(kind: str, **spec: Any) -> dict[str, Any]:
    return {"value": {"file": f"{kind}.ckpt", "version": "v1", "modifier": kind, **spec}}


@pytest.mark.parametrize(
    ("kind", "inverted", "lines"),
    [
        ("lineart", False, "dark on light"),  # a server inverts it, so ours sends it inverted
        ("lineart", True, "light on dark"),
        ("canny", False, "light on dark"),
        ("canny", True, "dark on light"),
    ],
)
def test_lines_go_as_theirs_sent_them(kind: str, inverted: bool, lines: str) -> None:
    saved = Saved()
    image = saved.add("LoadImage", image="a.png")
    control = saved.add(
        *(pack.THEIR_CONTROL, {"image": (image, 0)}),
        **{"control_name": _control(kind, type="controlnet"), "invert_image": inverted},
        control_input_type=kind.capitalize(),
    )
    found, notes = saved.convert()
    assert (found[control]["lines"], notes) == (lines, ())


def test_a_hint_that_a_control_waits_for_is_not_inverted() -> None:
    """Theirs inverts only a picture that is the control's own."""
    saved = Saved()
    image = saved.add("LoadImage", image="a.png")
    control = saved.add(
        pack.THEIR_CONTROL, control_name=_control("scribble", type="controlnet"), invert_image=True
    )
    hints = saved.add(pack.HINTS, {"image": (image, 0)}, type="Scribble")
    saved.add(pack.SAMPLER, {"hints": (hints, 0), "control_net": (control, 0)})
    found, [note] = saved.convert()
    assert "goes from 0 to 1" in note
    assert (found[control]["image"], found[control]["lines"]) == ((image, 0), "light on dark")


@pytest.mark.parametrize(
    ("kind", "said", "unread"),
    [
        ("depth", "Custom", "sent as custom, which is not read for depth"),
        ("canny", "Pose", "sent as pose, which is not read for canny"),
        ("pose", "Custom", ""),  # a control for poses falls back on it
        ("inpaint", "Custom", ""),  # reads Generate's image there and here
        ("shuffle", "Shuffle", "moodboard pictures go whole"),
        ("scribble", "Scribble", "goes from 0 to 1"),
        ("scribble", "Custom", "sent as custom, which is not read for scribble"),
    ],
)
def test_a_picture_that_theirs_sent_in_vain_is_named(kind: str, said: str, unread: str) -> None:
    saved = Saved()
    image = saved.add("LoadImage", image="a.png")
    control = saved.add(
        *(pack.THEIR_CONTROL, {"image": (image, 0)}),
        **{"control_name": _control(kind, type="controlnet"), "control_input_type": said},
    )
    found, notes = saved.convert()
    assert found[control]["kind"] == kind
    assert unread in " ".join(notes)
    assert len(notes) == bool(unread)


def test_a_control_for_another_version_is_named() -> None:
    saved = Saved()
    first = saved.add(pack.THEIR_CONTROL)
    second = saved.add(
        *(pack.THEIR_CONTROL, {"control_net": (first, 0)}),
        control_name=_control("pose", type="controlnet", version="flux1"),
    )
    saved.add(pack.SAMPLER, {"control_net": (second, 0)}, model=FLUX)
    [note] = saved.convert()[1]
    assert f"(node {first}): it is for v1" in note
    assert "with a model of flux1" in note


@pytest.mark.parametrize(
    ("model", "start", "sent"),
    [(FLUX, 0, 0.7), (FLUX, 0.0, 0.7), (FLUX, 0.1, 0.1), (None, 0, 0.7), (None, 0.85, 0.85)],
)
def test_a_refiner_from_the_first_step_on_starts_as_theirs_sent_it(
    model: dict[str, Any] | None, start: float, sent: float
) -> None:
    """Theirs take a start of 0 for none, and send the server's own in its place."""
    saved = Saved()
    refiner = saved.add(pack.THEIR_REFINER, refiner_model=model, refiner_start=start)
    saved.add(pack.SAMPLER, {"refiner": (refiner, 0)})
    found, notes = saved.convert()
    [node] = of_kind(found, "SettingsRefiner")
    assert node["refiner_start"] == sent
    assert [f"was sent as {sent}" in one for one in notes] == [True] * (bool(model) and not start)


def test_a_start_that_is_linked_to_a_refiner_stays_linked() -> None:
    saved = Saved()
    number = saved.add("PrimitiveFloat", value=0.2)
    wires = {"refiner_start": (number, 0)}
    refiner = saved.add(pack.THEIR_REFINER, wires, refiner_model=FLUX, refiner_start=0)
    saved.add(pack.SAMPLER, {"refiner": (refiner, 0)})
    found, notes = saved.convert()
    assert (found[refiner]["refiner_start"], notes) == ((number, 0), ())
