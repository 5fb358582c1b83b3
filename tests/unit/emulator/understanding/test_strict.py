"""What crashes a real server, and what it ignores in silence: one precise reason each."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable

import numpy as np
import pytest

from drawbridge.codec import tensor
from drawbridge.emulator.stock import entries
from drawbridge.emulator.stock.catalog import Catalog
from drawbridge.emulator.understanding.controls import find_effects
from drawbridge.emulator.understanding.message import read
from drawbridge.emulator.understanding.planner import make_plan
from drawbridge.emulator.understanding.request import ServerDies
from drawbridge.emulator.understanding.strict import find_crash, find_crash_of_plan, find_ignored
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.generation_config_fbs import ControlT, LoRAT

MEADOW = "sd_v1.5_f16.ckpt"
KONTEXT = "fjord_1_kontext_dev_q6p.ckpt"


def picture(width: int = 128, height: int = 64, channels: int = 3, dtype: str = "f2") -> bytes:
    return tensor.encode(np.zeros((1, height, width, channels), dtype))


def hint(kind: str, *tensors: bytes) -> dict:
    entry = pb2.HintProto(
        hintType=kind, tensors=[pb2.TensorAndWeight(tensor=data, weight=1) for data in tensors]
    )
    return {"hints": [entry]}


def control(file: str, weight: float = 1.0, kind: int = 0) -> list[ControlT]:
    return [ControlT(file=file, weight=weight, inputOverride=kind)]


@pytest.fixture
def crash(ask: Callable, catalog: Catalog) -> Callable[..., str | None]:
    def find(message: dict | None = None, **settings: object) -> str | None:
        try:
            request = read(ask(message, **settings), catalog)
        except ServerDies as death:
            return death.reason
        return find_crash(request, find_effects(request, catalog))

    return find


@pytest.fixture
def ignored(ask: Callable, catalog: Catalog) -> Callable[..., str]:
    def find(message: dict | None = None, **settings: object) -> str:
        request = read(ask(message, **settings), catalog)
        effects = find_effects(request, catalog)
        assert find_crash(request, effects) is None
        plan = make_plan(request, effects, catalog)
        return "; ".join(find_ignored(request, effects, plan, catalog))

    return find


def test_plain_request_neither_crashes_nor_loses_anything(crash: Callable, ignored: Callable):
    assert crash() is None
    assert ignored() == ""


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"strength": 1.5}, "strength 1.5"),
        ({"strength": -0.1}, "strength -0.1"),
        ({"strength": float("nan")}, "strength nan"),
        ({"hiresFix": True, "hiresFixStrength": 1.5}, "hires_fix_strength 1.5"),
        ({"batchSize": 0}, "batch_size is 0"),
        ({"steps": 0}, "steps is 0"),
        ({"steps": 1, "sampler": 2}, "divides by steps - 1"),
        ({"startWidth": 0}, "a size of 0 x 64"),
        ({"startWidth": 60000}, "do not fit into memory"),
        ({"batchSize": 4_000_000_000}, "do not fit into memory"),
    ],
)
def test_settings_that_crash_are_named(crash: Callable, settings: dict, reason: str):
    assert reason in crash(**settings)


def test_one_step_with_a_trailing_sampler_is_fine(crash: Callable):
    assert crash(steps=1, sampler=10) is None


@pytest.mark.parametrize("data", [b"", b"garbage!", b"\xff" * 100])
def test_configuration_that_is_none_crashes(crash: Callable, data: bytes):
    assert "no GenerationConfiguration" in crash({"configuration": data})


@pytest.mark.parametrize(
    ("message", "settings", "reason"),
    [
        ({"image": picture(), "scaleFactor": 0}, {}, "scaleFactor 0"),
        ({"image": picture(channels=4)}, {}, "shape [1, 64, 128, 4]"),
        ({"image": picture(100)}, {"strength": 0.5}, "no multiple of 64"),
        ({"image": picture(128), "scaleFactor": 4}, {"strength": 0.5}, "no multiple of 256"),
        ({"image": picture(100), "mask": tensor.encode(np.zeros((64, 100), "u1"))}, {}, "100 x 64"),
        ({"image": picture(), "mask": tensor.encode(np.zeros((64, 64), "u1"))}, {}, "[64, 64]"),
        (
            {"image": picture(), "mask": tensor.encode(np.zeros((1, 64, 128), "u1"))},
            {},
            "a mask of shape",
        ),
        ({"image": tensor.encode(np.zeros((1, 64, 128, 3), "u1"))}, {}, "image: values of uint8"),
    ],
)
def test_images_and_masks_that_crash_are_named(
    crash: Callable, message: dict, settings: dict, reason: str
):
    assert reason in crash(message, **settings)


def test_image_of_any_size_is_fine_at_full_strength(crash: Callable):
    assert crash({"image": picture(100, 50)}, model=KONTEXT) is None


@pytest.mark.parametrize(
    ("kind", "data", "file", "reason"),
    [
        ("scribble", picture(dtype="f4"), "controlnet_scribble_1.x_v1.1_f16.ckpt", "float32"),
        ("scribble", picture(dtype="u1"), "controlnet_scribble_1.x_v1.1_f16.ckpt", "uint8"),
        ("depth", picture(), "controlnet_depth_1.x_v1.1_f16.ckpt", "[1, 64, 128, 3]"),
        ("pose", picture(64), "controlnet_openpose_1.x_v1.1_f16.ckpt", "64 x 64 for 128 x 64"),
    ],
)
def test_hints_that_crash_are_named(
    crash: Callable, kind: str, data: bytes, file: str, reason: str
):
    settings = {"model": MEADOW, "sampler": 3}
    assert reason in crash(hint(kind, data), controls=control(file), **settings)
    assert crash(hint(kind, data), **settings) is None  # nothing reads it


def test_depth_modifier_on_a_version_without_it_crashes(crash: Callable):
    own = {
        "name": "x",
        "file": "watercolour_v1_lora_f16.ckpt",
        "prefix": "",
        "version": "z_image",
        "modifier": "depth",
    }
    override = pb2.MetadataOverride(loras=json.dumps([own]).encode())
    reason = crash(
        {"image": picture(), "override": override},
        model="z_image_1.0_q8p.ckpt",
        loras=[LoRAT(file="watercolour_v1_lora_f16.ckpt")],
    )
    assert "no such variant" in reason


@pytest.mark.parametrize(
    ("word", "value", "reason"), [(1, 2, "memory type 2"), (2, 3, "format 3"), (2, 0, "format 0")]
)
def test_header_words_that_crash_are_named(crash: Callable, word: int, value: int, reason: str):
    data = bytearray(picture())
    struct.pack_into("<I", data, 4 * word, value)
    assert reason in crash({"image": bytes(data)})


def test_truncated_deflate_stream_is_told_apart_from_absence(crash: Callable, ignored: Callable):
    packed = tensor.encode(np.zeros((1, 64, 128, 3), np.float16), tensor.Codec.DEFLATE)
    assert "read for ever" in crash({"image": packed[: len(packed) // 2]})
    assert crash({"image": picture()[:-1]}) is None  # raw and too short: as if there were no image


def test_mask_of_another_type_is_misread(ignored: Callable):
    mask = tensor.encode(np.zeros((64, 128), "f4"))
    assert "float32 instead of uint8, so it is misread" in ignored(
        {"image": picture(), "mask": mask}, strength=0.5
    )


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"model": "absent.ckpt"}, "model 'absent.ckpt' is not there"),
        ({"model": None}, "model '' is not there"),
        ({"model": entries.UNSPECIFIED_MODEL, "sampler": 3}, "taken for version v1"),
        ({"batchCount": 3}, "batch_count 3"),
        ({"sampler": 1}, "sampler 1 does not fit version flux1"),
        ({"sampler": 77}, "sampler 77 does not exist"),
        ({"model": "willow_v2.1_14b_720p_q8p.ckpt", "numFrames": 80}, "gives 77 frames"),
        (
            {"model": "willow_v2.1_14b_720p_q8p.ckpt", "numFrames": 81, "batchSize": 2},
            "batch_size 2",
        ),
        ({"hiresFix": True}, "hires_fix needs both"),
        ({"teaCache": True, "model": "z_image_1.0_q8p.ckpt"}, "tea_cache does not exist"),
        ({"upscaler": "absent.ckpt"}, "upscaler 'absent.ckpt' is not there"),
        ({"faceRestoration": "absent.ckpt"}, "face restorer 'absent.ckpt'"),
        ({"refinerModel": "absent.ckpt"}, "refiner 'absent.ckpt' is not there"),
        ({"refinerModel": MEADOW}, "is of version v1, the model of flux1"),
        ({"refinerModel": "fjord_1_quick_q8p.ckpt"}, "is the model itself"),
        ({"loras": [LoRAT(file="absent.ckpt")]}, "LoRA 'absent.ckpt' is not there"),
        (
            {"loras": [LoRAT(file="watercolour_v1_lora_f16.ckpt")]},
            "is of version v1, the model of flux1",
        ),
        ({"loras": [LoRAT(file=MEADOW)]}, "has no specification"),
        ({"controls": control("absent.ckpt")}, "control 'absent.ckpt' has no specification"),
        ({"controls": control("controlnet_canny_1.x_v1.1_f16.ckpt")}, "is of version v1"),
        ({"controls": control("controlnet_lora_canny_fjord_1_f16.ckpt", weight=0.0)}, "weight 0"),
        (
            {"controls": control("controlnet_union_pro_fjord_1_q8p.ckpt")},
            "does not know what its picture is",
        ),
        (
            {"controls": control("controlnet_lora_canny_fjord_1_f16.ckpt")},
            "finds none of image, custom",
        ),
        ({"model": "brook_i2v_xt_1.1_q6p_q8p.ckpt", "sampler": 3}, "lacks a picture it needs"),
    ],
)
def test_ignored_settings_are_named(ignored: Callable, settings: dict, reason: str):
    assert reason in ignored(**settings)


@pytest.mark.parametrize(
    ("message", "settings", "reason"),
    [
        ({"mask": tensor.encode(np.full((64, 128), 2, "u1"))}, {}, "mask without an image"),
        (
            {"image": picture(), "mask": tensor.encode(np.full((64, 128), 255, "u1"))},
            {"strength": 0.5},
            "one kind of pixel",
        ),
        ({"image": picture()}, {}, "the image is not used"),
        ({"image": picture(192, 128)}, {"strength": 0.5}, "as large as the image: 192 x 128"),
        ({"image": b"\0" * 32}, {"strength": 0.5}, "hash is not among the contents"),
        ({"mask": b"\0" * 32}, {}, "the mask is not among the contents"),
        (hint("custom", b"\0" * 32), {}, "a tensor of hint 'custom' is missing"),
        (hint("sepia", picture()), {}, "there is no hint type 'sepia'"),
        (hint("canny", picture()), {}, "hint 'canny' is read by nothing"),
        (hint("shuffle", picture()), {}, "hint 'shuffle' is read by nothing"),
        (
            {"hints": hint("custom", picture())["hints"] * 2},
            {},
            "only the first hint of type 'custom'",
        ),
        (
            {"override": pb2.MetadataOverride(loras=b'[{"file":"a"}]')},
            {},
            "override.loras[0] has no 'name'",
        ),
    ],
)
def test_ignored_pictures_and_specifications_are_named(
    ignored: Callable, message: dict, settings: dict, reason: str
):
    assert reason in ignored(message, **settings)


@pytest.mark.parametrize(
    ("message", "settings"),
    [
        ({"image": picture()}, {"model": KONTEXT}),
        ({"image": picture()}, {"strength": 0.5}),
        ({"image": b"\0" * 32}, {}),  # the app leaves out what it thinks unused
        (hint("shuffle", picture(), picture(64, 64)), {"model": KONTEXT}),
        (
            hint("custom", picture()),
            {"controls": control("controlnet_lora_canny_fjord_1_f16.ckpt")},
        ),
        (
            hint("custom", picture()),
            {"controls": control("controlnet_union_pro_fjord_1_q8p.ckpt", kind=3)},
        ),
        (hint("shuffle", picture()), {"controls": control("redux_fjord_1_f16.ckpt")}),
        ({}, {"loras": [LoRAT(file="gouache_fjord_1_lora_f16.ckpt")]}),
        (
            {},
            {
                "model": "willow_v2.2_a14b_hne_t2v_q8p.ckpt",
                "refinerModel": "willow_v2.2_a14b_lne_t2v_q8p.ckpt",
                "numFrames": 5,
            },
        ),
    ],
)
def test_what_takes_effect_is_not_called_ignored(ignored: Callable, message: dict, settings: dict):
    assert ignored(message, **settings) == ""


def test_hash_and_inline_tensors_mean_the_same(ask: Callable, catalog: Catalog):
    data = tensor.encode(np.linspace(-1, 1, 64 * 128 * 3).reshape(1, 64, 128, 3).astype("f2"))
    digest = hashlib.sha256(data).digest()
    inline = read(ask({"image": data}), catalog).image
    hashed = read(ask({"image": digest, "contents": [b"other", data]}), catalog).image
    assert inline is not None
    assert hashed is not None
    assert np.array_equal(inline, hashed)


@pytest.mark.parametrize(
    ("frames", "width", "reason"),
    [(201, 20, None), (100_001, 20, "do not fit into memory"), (5, 0, "a picture of 0 x 768")],
)
def test_jobs_that_crash_are_named(
    ask: Callable, catalog: Catalog, frames: int, width: int, reason: str | None
):
    model = "willow_v2.1_14b_720p_q8p.ckpt"
    message = ask(model=model, numFrames=frames, startWidth=width, startHeight=12)
    request = read(message, catalog)
    found = find_crash_of_plan(make_plan(request, find_effects(request, catalog), catalog))
    assert found is None if reason is None else reason in str(found)
