"""Graphs of the official pack become ours: every node and widget, and a word for what cannot be."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from drawbridge.devtools.draw_things_graphs import (
    FLUX,
    NO_PROMPT,
    SAMPLER,
    V1,
    VIDEO,
    XL,
    Saved,
    Wires,
    of_kind,
)
from drawbridge.errors import RequestRejected
from drawbridge.graphs import draw_things_pack as pack
from drawbridge.graphs.convert import convert
from drawbridge.graphs.own_nodes import own_nodes


def test_a_sampler_becomes_connect_load_model_and_generate() -> None:
    saved = Saved()
    prompt = saved.add("DrawThingsPrompt", insert_textual_inversion="...", prompt="a lake")
    negative = saved.add("DrawThingsNegative", negative="people")
    sampler = saved.add(pack.SAMPLER, {"positive": (prompt, 0), "negative": (negative, 0)})
    saved.add("SaveImage", {"images": (sampler, 0)}, filename_prefix="x")
    found, notes = saved.convert()
    assert notes == ()
    [connect], [model] = of_kind(found, "Connect"), of_kind(found, "LoadModel")
    assert (connect["host"], connect["port"]) == ("mac.local", 7860)
    assert connect["transport"] == "Draw Things certificate"
    assert (model["model"], model["version"]) == ("meadow_v1.ckpt", "automatic")
    generate = found[sampler]
    assert generate["type"] == "Drawbridge_Generate"
    assert found[generate["model"][0]] is model
    assert (generate["width"], generate["height"], generate["steps"]) == (960, 512, 12)
    assert (generate["guidance"], generate["seed"], generate["sampler"]) == (5.5, 7, "Euler A")
    assert (generate["strength"], generate["batch_size"]) == (0.8, 2)
    assert generate["shift"] == 2.5  # the model's does not follow from the size
    assert generate["prompt"] == (prompt, 0)
    assert generate["negative_prompt"] == (negative, 0)
    assert found[prompt]["prompt"] == "a lake"
    assert found[4]["images"] == (sampler, 0)
    assert len(found) == 6  # nothing is set that is so anyhow


def test_a_node_keeps_title_and_colours() -> None:
    saved = Saved()
    prompt = saved.add("DrawThingsPrompt", insert_textual_inversion="...", prompt="a lake")
    sampler = saved.add(pack.SAMPLER, {"positive": (prompt, 0)})
    look = {"title": "The lake", "color": "#232", "bgcolor": "#353"}
    saved.graph["nodes"][prompt - 1].update(look)
    saved.convert()
    looks = {node["id"]: {key: node.get(key) for key in look} for node in saved.graph["nodes"]}
    assert looks[prompt] == look
    assert looks[sampler] == dict.fromkeys(look)


@pytest.mark.parametrize("keyed", [False, True])
def test_every_widget_that_says_something_comes_along(keyed: bool) -> None:
    saved = Saved()
    said = {
        **{"seed_mode": "NvidiaGpuCompatible", "clip_skip": 2, "sharpness": 0.6, "mask_blur": 3.0},
        **{"mask_blur_outset": 4, "preserve_original": False, "high_res_fix": True},
        **{"high_res_fix_start_width": 320, "tiled_decoding": True, "decoding_tile_width": 512},
        **{"cfg_zero_star": True, "cfg_zero_star_init_steps": 2, "speed_up": False},
        **{"guidance_embed": 3.0, "tea_cache": True, "tea_cache_end": -2, "model": FLUX},
        **{"separate_clip_l": True, "clip_l_text": "ink"},
    }
    saved.add(pack.SAMPLER, keyed=keyed, **said)
    found, notes = saved.convert()
    assert notes == ()
    [sampling], [inpainting] = (
        of_kind(found, "SettingsSamplingDetails"),
        of_kind(found, "SettingsInpainting"),
    )
    assert (sampling["seed_mode"], sampling["clip_skip"]) == ("NVIDIA GPU Compatible", 2)
    assert (sampling["sharpness"], inpainting["mask_blur"]) == (0.6, 3)
    assert inpainting["preserve_original_after_inpaint"] is False
    [hires], [tiling] = (
        of_kind(found, "SettingsHighResolutionFix"),
        of_kind(found, "SettingsTiling"),
    )
    assert (hires["hires_fix"], hires["hires_fix_start_width"]) == (True, 320)
    assert (tiling["tiled_decoding"], tiling["decoding_tile_width"]) == (True, 512)
    [speed], [texts] = of_kind(found, "SettingsSpeed"), of_kind(found, "SettingsTextEncoders")
    assert (speed["cfg_zero_star"], speed["cfg_zero_init_steps"]) == (True, 2)
    assert (speed["tea_cache"], speed["tea_cache_end"]) == (True, -2)
    assert (speed["speed_up_with_guidance_embed"], speed["guidance_embed"]) == (False, 3)
    assert (texts["separate_clip_l"], texts["clip_l_text"]) == (True, "ink")
    # schnell is not recommended a shift by size; theirs asks for it
    [imported] = of_kind(found, "ImportConfiguration")
    assert '"resolutionDependentShift": true' in imported["configuration"]
    # all of them in one chain, which ends at Generate
    [generate] = of_kind(found, "Generate")
    chain, at = [], generate.get("settings")
    while at:
        chain.append(found[at[0]]["type"])
        at = found[at[0]].get("settings")
    assert len(chain) == len(set(chain)) == 7


def test_a_video_has_its_frames_and_sdxl_its_sizes() -> None:
    saved = Saved()
    saved.add(pack.SAMPLER, model=VIDEO, num_frames=81, causal_inference=9, causal_inference_pad=4)
    saved.add(pack.SAMPLER, model=XL, width=1024, height=768)
    found, notes = saved.convert()
    assert notes == ()
    [video], [sizes] = (
        of_kind(found, "SettingsVideo"),
        of_kind(found, "SettingsSDXLSizeConditioning"),
    )
    assert (video["num_frames"], video["causal_inference_enabled"]) == (81, True)
    assert (video["causal_inference"], video["causal_inference_pad"]) == (3, 1)
    assert (sizes["original_image_width"], sizes["target_image_height"]) == (1024, 768)
    assert sizes["negative_original_image_height"] == 384
    assert len(of_kind(found, "Connect")) == 1  # one server, two models
    assert len(of_kind(found, "LoadModel")) == 2


def test_loras_upscaler_and_refiner_come_along() -> None:
    saved = Saved()
    one = {"value": {"file": "ink.ckpt", "version": "v1"}, "content": "Ink"}
    first = saved.add(pack.THEIR_LORA, lora=one, weight=0.5, lora_3=one, mode_3="Refiner")
    second = saved.add(pack.THEIR_LORA, {"lora_stack": (first, 0)}, lora=one, weight=-1)
    upscaler = saved.add(pack.THEIR_UPSCALER, upscaler_model=one, upscaler_scale_factor=2)
    refiner = saved.add(pack.THEIR_REFINER, refiner_model=one, refiner_start=0.7)
    wires: Wires = {"lora": (second, 0), "upscaler": (upscaler, 0), "refiner": (refiner, 0)}
    samplers = [saved.add(pack.SAMPLER, wires), saved.add(pack.SAMPLER, wires)]
    found, notes = saved.convert()
    assert notes == ()
    assert (found[first]["lora_1"], found[first]["weight_1"]) == ("ink.ckpt", 0.5)
    assert (found[first]["lora_2"], found[first]["lora_3"]) == ("", "ink.ckpt")
    assert found[first]["mode_3"] == "refiner"
    assert found[second]["loras"] == (first, 0)
    assert all(found[sampler]["loras"] == (second, 0) for sampler in samplers)
    for sampler in samplers:  # each has a chain of its own
        last = found[found[sampler]["settings"][0]]
        before = found[last["settings"][0]]
        kinds = {last["type"], before["type"]}
        assert kinds == {"Drawbridge_SettingsUpscaler", "Drawbridge_SettingsRefiner"}
        told = {**before, **last}
        assert (told["upscaler"], told["upscaler_scale_factor"]) == ("ink.ckpt", 2)
        assert (told["refiner_model"], told["refiner_start"]) == ("ink.ckpt", 0.7)
    assert found[samplers[0]]["settings"] != found[samplers[1]]["settings"]


def test_controls_keep_their_pictures_and_their_chain() -> None:
    saved = Saved()
    image = saved.add("LoadImage", image="a.png")
    first = saved.add(pack.THEIR_CONTROL, {"image": (image, 0)})
    second = saved.add(pack.THEIR_CONTROL, {"control_net": (first, 0)}, control_input_type="Custom")
    sampler = saved.add(pack.SAMPLER, {"control_net": (second, 0), "image": (image, 0)})
    found, notes = saved.convert()
    assert notes == ()
    one = found[first]
    assert (one["control"], one["kind"], one["control_mode"]) == ("pose.ckpt", "pose", "prompt")
    assert (one["weight"], one["start"], one["end"]) == (0.8, 0.1, 0.9)
    assert (one["image"], one["input_override"]) == ((image, 0), "automatic")
    assert (found[second]["controls"], found[second]["kind"]) == ((first, 0), "pose")
    assert (found[sampler]["controls"], found[sampler]["image"]) == ((second, 0), (image, 0))


def test_hints_become_a_moodboard_and_pictures_of_controls() -> None:
    saved = Saved()
    image = saved.add("LoadImage", image="a.png")
    control = saved.add(pack.THEIR_CONTROL)
    hints = saved.add(
        *(pack.HINTS, {"image": (image, 0), "image_2": (image, 1), "image_3": (image, 0)}),
        **{"type": "Shuffle (Moodboard)", "weight": 0.5, "type_2": "Pose", "type_3": "Depth"},
    )
    sampler = saved.add(pack.SAMPLER, {"hints": (hints, 0), "control_net": (control, 0)})
    found, notes = saved.convert()
    [whole] = notes
    assert "moodboard pictures go whole and once" in whole
    assert found[sampler]["controls"] == (hints, 0)
    board = found[hints]
    assert board["type"] == "Drawbridge_Moodboard"
    assert (board["image_1"], board["weight_1"]) == ((image, 0), 0.5)
    assert found[control]["image"] == (image, 1)  # the pose, which it waited for
    depth = found[board["controls"][0]]
    assert (depth["kind"], depth["image"], depth["control"]) == ("depth", (image, 0), "")
    assert depth["controls"] == (control, 0)


def test_what_cannot_be_is_named_in_the_graph_too() -> None:
    saved = Saved()
    control = saved.add(pack.THEIR_CONTROL, control_name="(None selected)")
    saved.add(
        *(pack.SAMPLER, {"control_net": (control, 0), "model": (control, 0), "odd": (control, 0)}),
        seed_mode="Dice",
    )
    found, notes = saved.convert()
    words = "\n".join(notes)
    for part in (
        'seed_mode cannot be "Dice"',
        "linked to model was left out",
        "linked to odd was left out",
        "it has no control",
    ):
        assert part in words, words
    [note] = [node for node in saved.graph["nodes"] if node["type"] == "Note"]
    assert all(one in note["widgets_values"][0] for one in notes)
    assert NO_PROMPT in note["widgets_values"][0]
    assert found[control]["weight"] == 0  # which leaves it out


def test_linked_widgets_stay_linked() -> None:
    saved = Saved()
    number = saved.add("PrimitiveInt", value=9)
    sampler = saved.add(pack.SAMPLER, {"steps": (number, 0), "cfg": (number, 0)})
    found, notes = saved.convert()
    assert notes == ()
    assert (found[sampler]["steps"], found[sampler]["guidance"]) == ((number, 0), (number, 0))


@pytest.mark.parametrize("fewer", [2, 4])
def test_widgets_of_older_versions_are_known_by_their_number(fewer: int) -> None:
    layout = next(one for one in pack.LAYOUTS[pack.SAMPLER] if len(one) == len(SAMPLER) - fewer)
    saved = Saved()
    sampler = saved.add(pack.SAMPLER)
    saved.graph["nodes"][0]["widgets_values"] = [SAMPLER[name] for name in layout]
    found, notes = saved.convert()
    assert (notes, found[sampler]["sampler"], found[sampler]["batch_size"]) == ((), "Euler A", 2)


def test_widgets_of_an_unknown_version_are_said() -> None:
    saved = Saved()
    saved.add(pack.SAMPLER)
    saved.graph["nodes"][0]["widgets_values"] = [1, 2, 3]
    _, notes = saved.convert()
    assert "widgets are those of another version" in notes[0]


def test_a_muted_upscaler_lets_the_other_settings_through() -> None:
    saved = Saved()
    upscaler = saved.add(pack.THEIR_UPSCALER, upscaler_model=V1, upscaler_scale_factor=2)
    saved.graph["nodes"][0]["mode"] = 2
    saved.add(pack.SAMPLER, {"upscaler": (upscaler, 0)}, clip_skip=2)
    saved.convert()
    assert [node["mode"] for node in saved.graph["nodes"] if node["id"] == upscaler] == [4]


def test_a_queued_graph_is_converted_by_name() -> None:
    values = {name: value for name, value in SAMPLER.items() if name != "control_after_generate"}
    graph: dict[str, Any] = {
        "3": {"class_type": "DrawThingsPrompt", "inputs": {"prompt": "a lake"}},
        "8": {
            "class_type": pack.SAMPLER,
            "inputs": {**values, "positive": ["3", 0], "negative": "fog", "clip_skip": 2},
            "_meta": {"title": "Mine"},
        },
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}},
    }
    converted = convert(graph)
    assert (converted.nodes, converted.notes) == (2, ())
    generate = graph["8"]
    assert (generate["class_type"], generate["_meta"]["title"]) == ("Drawbridge_Generate", "Mine")
    assert generate["inputs"]["prompt"] == ["3", 0]
    assert generate["inputs"]["negative_prompt"] == "fog"  # as scripts write it
    assert "control_after_generate" not in generate["inputs"]
    model = graph[generate["inputs"]["model"][0]]
    assert model["inputs"]["model"] == "meadow_v1.ckpt"
    assert graph[model["inputs"]["server"][0]]["inputs"]["host"] == "mac.local"
    assert graph[generate["inputs"]["settings"][0]]["inputs"]["clip_skip"] == 2
    assert graph["9"]["inputs"]["images"] == ["8", 0]


def test_subgraphs_are_converted_with_what_comes_in_and_goes_out() -> None:
    inner = Saved()
    prompt = inner.add("DrawThingsPrompt", insert_textual_inversion="", prompt="x")
    inner.add(pack.SAMPLER, {"positive": (prompt, 0)})
    sub = copy.deepcopy(inner.graph)
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    sub["links"] = [dict(zip(names, row, strict=True)) for row in sub["links"]]
    sampler = sub["nodes"][1]
    sampler["inputs"].append({"name": "lora", "type": "DT_LORA", "link": 7})
    sub["links"].append(dict(zip(names, (7, -10, 0, 2, 1, "DT_LORA"), strict=True)))
    sub["links"].append(dict(zip(names, (8, 2, 0, -20, 0, "IMAGE"), strict=True)))
    sub.update({"id": "abc", "inputs": [{"name": "lora", "type": "DT_LORA", "linkIds": [7]}]})
    sub["outputs"] = [{"name": "IMAGE", "type": "IMAGE", "linkIds": [8]}]
    graph = {"nodes": [], "links": [], "definitions": {"subgraphs": [sub]}}
    [note] = convert(graph).notes
    assert NO_PROMPT in note
    [generate] = [node for node in sub["nodes"] if node["type"] == "Drawbridge_Generate"]
    [loras] = [one for one in generate["inputs"] if one["name"] == "loras"]
    [entry] = sub["inputs"]
    assert (entry["type"], entry["linkIds"]) == ("DRAWBRIDGE_LORAS", [loras["link"]])
    link = next(one for one in sub["links"] if one["id"] == loras["link"])
    assert (link["origin_id"], link["target_id"]) == (-10, 2)
    assert any(one["id"] == 8 and one["target_id"] == -20 for one in sub["links"])
    assert generate["outputs"][0]["links"] == [8]


@pytest.mark.parametrize("graph", [None, [], {}, {"a": 1}, {"nodes": 3}, "text"])
def test_what_is_no_graph_is_refused(graph: Any) -> None:
    with pytest.raises(RequestRejected, match="no graph"):
        convert(graph)


def test_every_widget_of_theirs_has_a_place_in_ours() -> None:
    """What has none is what needs none: a button, how much is shown, a type that is read."""
    without = {
        (kind, row.name)
        for kind, rows in pack.WIDGETS.items()
        for row in rows
        if not row.node or (not row.input and row.name not in ("res_dpt_shift", "target_blocks"))
    }
    assert without == {
        (pack.SAMPLER, "settings"),
        (pack.THEIR_LORA, "buttons"),
        ("DrawThingsPrompt", "insert_textual_inversion"),
        *((pack.HINTS, f"type{suffix}") for suffix in ("", "_2", "_3", "_4")),
    }
    for rows in pack.WIDGETS.values():
        for row in rows:
            if row.input:
                assert row.input in own_nodes()[row.node].widgets, row


def test_a_second_conversion_finds_nothing() -> None:
    saved = Saved()
    saved.add(pack.SAMPLER)
    saved.convert()
    before = copy.deepcopy(saved.graph)
    assert convert(saved.graph).nodes == 0
    assert saved.graph == before
