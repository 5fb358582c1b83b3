"""What is changed, left out or sent all the same, and that a person is told of each."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

import pytest
import torch

from drawbridge.client.catalog.lookup import ModelFile
from drawbridge.client.catalog.records import Catalog
from drawbridge.client.configuration import clipboard
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.client.generation.assemble import Prepared, Wishes, assemble
from drawbridge.client.generation.hints import Guide
from drawbridge.errors import ModelUnavailable
from drawbridge.facts.samplers import Sampler
from drawbridge.facts.versions import VERSIONS

SMALL = {"start_width": 256, "start_height": 256, "seed": 7, "sampler": Sampler.DDIM_TRAILING}


def spec(file: str, version: str, **more: Any) -> dict[str, Any]:
    plain = {"name": file, "file": file, "prefix": "", "version": version}
    return {**plain, "upcast_attention": False, "default_scale": 8, **more}


def catalog(version: str) -> Catalog:
    """Return a catalogue: a model of the version, files of that one and of flux1."""

    def told(*entries: dict[str, Any]) -> bytes:
        return json.dumps(entries).encode()

    control = {"type": "controlnet", "global_average_pooling": False, "modifier": "canny"}
    return Catalog.from_json(
        models=told(spec("m.ckpt", version), spec("r.ckpt", version), spec("other.ckpt", "flux1")),
        loras=told(spec("l.ckpt", version), spec("other.ckpt", "flux1")),
        controls=told(spec("c.ckpt", version, **control), spec("other.ckpt", "flux1", **control)),
    )


def prepared(
    settings: dict[str, Any],
    version: str = "v1",
    *,
    absent: Collection[str] | None = None,
    **wishes: Any,
) -> Prepared:
    known = catalog(version)
    model = known.model("m.ckpt")
    assert model is not None
    found = ModelFile.of(model)
    wanted = Wishes(found, "a bridge", settings={**SMALL, **settings}, **wishes)
    return assemble(wanted, found, known, "mac:1", absent)


@pytest.mark.parametrize(
    ("version", "settings", "sent", "note"),
    [
        # brought to what the wire can carry
        ("v1", {"start_width": 1000}, {"start_width": 960}, "The width 1000 became 960"),
        (
            "v1",
            {"hires_fix": True, "hires_fix_start_width": 200, "hires_fix_start_height": 128},
            {"hires_fix": True, "hires_fix_start_width": 192},
            "The hires_fix_start_width 200 became 192",
        ),
        ("v1", {"diffusion_tile_width": 100}, {"diffusion_tile_width": 64}, ""),
        ("v1", {"seed": (1 << 32) + 5}, {"seed": 5}, "seed 4294967301 has more than 32 bits; 5"),
        # left out, as a server would
        (
            "v1",
            {"hires_fix": True, "hires_fix_start_width": 256, "hires_fix_start_height": 128},
            {"hires_fix": False},
            "first pass, 256 x 128, is not smaller than the picture, 256 x 256",
        ),
        (
            "v1",
            {"hires_fix": True, "hires_fix_start_width": 0, "hires_fix_start_height": 128},
            {"hires_fix": False},
            "first pass, 0 x 128",
        ),
        ("v1", {"refiner_model": "r.ckpt"}, {"refiner_model": "r.ckpt"}, ""),
        ("v1", {"refiner_model": "other.ckpt"}, {"refiner_model": ""}, "refiner other.ckpt is for"),
        ("v1", {"refiner_model": "m.ckpt"}, {"refiner_model": ""}, "is the model itself"),
        ("v1", {"refiner_model": "gone.ckpt"}, {"refiner_model": ""}, "no refiner gone.ckpt"),
        # sent as it is
        ("flux1", {"sampler": Sampler.LCM}, {"sampler": Sampler.LCM}, "LCM is not made for FLUX.1"),
        ("flux1", {"sampler": Sampler.TCD}, {"sampler": Sampler.TCD}, "TCD is not made for FLUX.1"),
        ("ltx2", {"num_frames": 249}, {"num_frames": 249}, "num_frames 249 is beyond.*1 to 201"),
        ("flux1", {"shift": 25.28}, {"shift": 25.28}, "shift 25.28 is beyond.*0.1 to 12"),
        (
            "flux1",
            {"tea_cache": True, "tea_cache_end": -3},
            {"tea_cache_end": -3},
            "tea_cache_end -3 is beyond",
        ),
        ("v1", {"mask_blur": 50}, {"mask_blur": 50}, "mask_blur 50 is beyond"),
        ("v1", {"sharpness": 200}, {"sharpness": 200}, "sharpness 200 is beyond"),
        (
            "sdxl_base_v0.9",
            {"original_image_width": 2560},
            {"original_image_width": 2560},
            "original_image_width 2560 is beyond what the app offers, 0 or 128 to 2048",
        ),
        ("v1", {"steps": 300}, {"steps": 300}, "steps 300 is beyond"),
        (
            "v1",
            {"tiled_decoding": True, "decoding_tile_overlap": 640},
            {"decoding_tile_overlap": 640},
            "decoding_tile_overlap 640 is not smaller than a tile",
        ),
        ("wan_v2.1_14b", {"num_frames": 80}, {"num_frames": 80}, "Of 80 frames 77 come"),
        ("wan_v2.1_14b", {"num_frames": 81}, {"num_frames": 81}, ""),
        ("ltx2", {"num_frames": 120}, {"num_frames": 120}, "Of 120 frames 113 come"),
        ("minimax_h3", {"num_frames": 124}, {"num_frames": 124}, ""),
        ("v1", {"color_calibration": 1}, {"color_calibration": 1}, "without an image"),
    ],
)
def test_nothing_is_refused_that_a_server_takes(
    version: str, settings: dict[str, Any], sent: dict[str, Any], note: str
) -> None:
    outcome = prepared(settings, version)
    [request] = outcome.requests
    assert {name: getattr(request.config, name) for name in sent} == sent
    assert GenerationConfig.check(request.config) is None
    assert request.config.to_bytes()
    if not note:
        assert outcome.notes == ()
        return
    assert any(re.search(note, one) for one in outcome.notes), outcome.notes
    assert len(outcome.notes) == 1
    assert outcome.notes[0].endswith((".", "?"))


@pytest.mark.parametrize(
    ("settings", "absent", "sent", "note"),
    [
        (
            {"loras": (LoRA("l.ckpt"), LoRA("gone"))},
            (),
            {"loras": (LoRA("l.ckpt"),)},
            "no LoRA gone",
        ),
        ({"controls": (Control("gone.ckpt"),)}, (), {"controls": ()}, "no control gone.ckpt"),
        ({"upscaler": "gone.ckpt"}, (), {"upscaler": ""}, "no upscaler gone.ckpt"),
        # which somebody specifies, and the server's disk has not
        ({"loras": (LoRA("l.ckpt"),)}, ("l.ckpt",), {"loras": ()}, "no LoRA l.ckpt"),
        ({"refiner_model": "r.ckpt"}, ("r.ckpt",), {"refiner_model": ""}, "no refiner r.ckpt"),
    ],
    ids=["LoRA", "control", "upscaler", "listed LoRA", "listed refiner"],
)
def test_file_that_the_server_lacks_is_left_out_unless_all_are_demanded(
    settings: dict[str, Any], absent: tuple[str, ...], sent: dict[str, Any], note: str
) -> None:
    outcome = prepared(settings, absent=absent)
    [request] = outcome.requests
    assert {name: getattr(request.config, name) for name in sent} == sent
    [told] = outcome.notes
    assert told.startswith(f"The server at mac:1 has {note}. The picture is made without.")
    assert told.endswith((".", "?"))
    if not absent:
        with pytest.raises(ModelUnavailable, match=note):
            prepared(settings)


def test_pictures_of_a_control_that_the_server_lacks_are_left_out_with_one_note() -> None:
    guides = tuple(Guide(Control("gone.ckpt"), "shuffle", torch.rand(1, 64, 64, 3)) for _ in "ab")
    outcome = prepared({}, absent=(), guides=guides)
    [request] = outcome.requests
    assert (request.config.controls, request.hints) == ((), ())
    [note] = outcome.notes
    assert "no control gone.ckpt. The picture is made without." in note
    with pytest.raises(ModelUnavailable, match=r"no control gone\.ckpt"):
        prepared({}, guides=guides)


@pytest.mark.parametrize("version", [row.id for row in VERSIONS.values() if row.is_video])
def test_frames_that_come_otherwise_are_told_with_their_number(version: str) -> None:
    known = VERSIONS[version]
    image = torch.rand(1, 256, 256, 3)
    for frames in range(2, 40):
        notes = prepared({"num_frames": frames}, version, image=image).notes
        told = [note for note in notes if note.startswith(f"Of {frames} frames")]
        come = known.frames(frames)
        assert bool(told) is (come != frames)
        assert all(f" {come} come" in note for note in told)


def test_a_lora_of_another_version_is_left_out_and_told() -> None:
    outcome = prepared({}, loras=(LoRA("other.ckpt"), LoRA("l.ckpt")))
    [request] = outcome.requests
    assert [lora.file for lora in request.config.loras] == ["l.ckpt"]
    assert [one.file for one in request.override.loras] == ["l.ckpt"]
    [note] = outcome.notes
    assert note.startswith("The LoRA other.ckpt is for flux1, the model for v1")


def test_a_control_of_another_version_is_left_out_with_its_picture() -> None:
    picture = torch.rand(1, 64, 64, 3)
    outcome = prepared({}, guides=(Guide(Control("other.ckpt"), "canny", picture),))
    [request] = outcome.requests
    assert (request.config.controls, request.hints) == ((), ())
    [note] = outcome.notes
    assert note.startswith("The control other.ckpt is for flux1, the model for v1")
    kept = prepared({}, guides=(Guide(Control("c.ckpt", 1, 0.9, 0.1), "canny", picture),))
    assert len(kept.requests[0].config.controls) == len(kept.requests[0].hints) == 1
    assert "starts at 0.9, after its end at 0.1" in kept.notes[0]


def test_a_seed_below_zero_is_drawn_and_counted_up() -> None:
    seen = set()
    for _ in range(3):
        outcome = prepared({"seed": -1, "batch_count": 3})
        seeds = [one.config.seed for one in outcome.requests]
        assert seeds == [(seeds[0] + number) % (1 << 32) for number in range(3)]
        [note] = outcome.notes
        assert str(seeds[0]) in note
        seen.add(seeds[0])
    assert len(seen) > 1


def test_the_batch_count_of_the_settings_is_how_many_are_generated() -> None:
    imported = clipboard.read('{"batchCount": 4, "seed": 4294967294, "steps": 2}')
    outcome = prepared(dict(imported.values), runs=2)
    assert [one.config.seed for one in outcome.requests] == [0xFFFFFFFE, 0xFFFFFFFF, 0, 1]
    assert {one.config.batch_count for one in outcome.requests} == {1}  # a server makes one run


def test_a_mask_without_an_image_is_not_used() -> None:
    outcome = prepared({}, mask=torch.ones(1, 64, 64))
    assert outcome.requests[0].mask is None
    assert outcome.notes == ("The mask is not used: there is no image that it belongs to.",)


@pytest.mark.parametrize(
    ("black", "words"), [(0.0, "is black"), (0.4, r"is below one half \(at most 0\.4\)")]
)
def test_a_black_mask_in_a_batch_gives_its_picture_back(black: float, words: str) -> None:
    masks = torch.ones(3, 256, 256)
    masks[1] = black
    outcome = prepared({"strength": 0.7}, image=torch.rand(3, 256, 256, 3), mask=masks)
    first, second, third = outcome.requests
    assert (first.config.strength, third.config.strength) == (0.7, 0.7)
    assert first.mask is not None
    assert third.mask is not None
    assert (second.mask, second.config.strength, second.least_pictures) == (None, 0, 1)
    [note] = outcome.notes
    assert re.search(f"Of 3 masks 2 {words}.*comes back as it is", note)


def test_black_masks_are_told_by_their_places() -> None:
    masks = torch.zeros(3, 256, 256)
    masks[1] = 1
    outcome = prepared({"strength": 0.7}, image=torch.rand(3, 256, 256, 3), mask=masks)
    assert [one.mask is None for one in outcome.requests] == [True, False, True]
    assert outcome.notes == ("Of 3 masks 1, 3 are black: the pictures come back as they are.",)


def test_a_black_mask_alone_is_told_too() -> None:
    outcome = prepared({}, image=torch.rand(1, 256, 256, 3), mask=torch.full((1, 256, 256), 0.3))
    assert outcome.requests[0].config.strength == 0
    assert outcome.notes[0].startswith("The mask is below one half (at most 0.3)")


def test_an_imported_controls_own_kind_wins_over_its_input_override() -> None:
    text = '{"steps": 8, "controls": [{"file": "c.ckpt", "inputOverride": "normal bae"}]}'
    [control] = clipboard.read(text).config().controls
    outcome = prepared({}, guides=(Guide(control, "normalbae"),), image=torch.rand(1, 256, 256, 3))
    [sent] = outcome.requests[0].config.controls
    assert sent == control
