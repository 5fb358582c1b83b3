"""What a request's message carries, and what is never sent."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import numpy as np
import pytest

from drawbridge.client.catalog.records import Catalog
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.client.connection.endpoint import TensorForm
from drawbridge.client.generation.checks import check
from drawbridge.client.generation.message import encoded
from drawbridge.client.generation.request import GenerationRequest, Hint, WeightedTensor
from drawbridge.codec import public_guide
from drawbridge.codec.tensor import Codec, decode, read_header
from drawbridge.devtools import configuration_reader
from drawbridge.errors import RequestRejected
from drawbridge.facts.samplers import Sampler
from drawbridge.proto import image_service_pb2 as pb2

_CONFIG = GenerationConfig(model="model.ckpt", start_width=128, start_height=192)

LONGCAT = "longcat_video_avatar_v1.5"


def _image(width: int = 128, height: int = 192, channels: int = 3) -> np.ndarray:
    return np.linspace(-1, 1, width * height * channels, dtype=np.float16).reshape(
        1, height, width, channels
    )


def _mask(width: int = 128, height: int = 192) -> np.ndarray:
    mask = np.full((height, width), 3, np.uint8)
    mask[:5] = 2
    return mask


def _catalog(**spec: object) -> Catalog:
    model = {"name": "M", "file": "model.ckpt", "prefix": "", "version": "v1"}
    model |= {"upcast_attention": False, "default_scale": 8, **spec}
    return Catalog.from_json(models=json.dumps([model]).encode())


def _with(catalog: Catalog, kind: str, version: str, **spec: object) -> Catalog:
    """Add a specification of `other.ckpt` to the list of that kind."""
    element = {"name": "O", "file": "other.ckpt", "prefix": "", "version": version, **spec}
    element |= {"type": "controlnet", "global_average_pooling": False}
    element |= {"upcast_attention": False, "default_scale": 8}
    added = Catalog.from_json(**{kind: json.dumps([element]).encode()})
    return dataclasses.replace(catalog, **{kind: getattr(catalog, kind) + getattr(added, kind)})


def _request(config: dict[str, Any] | None = None, **fields: Any) -> GenerationRequest:
    fields.setdefault("prompt", "a bridge")
    return GenerationRequest(config=dataclasses.replace(_CONFIG, **(config or {})), **fields)


def _message(request: GenerationRequest, **options: Any) -> pb2.ImageGenerationRequest:
    return pb2.ImageGenerationRequest.FromString(encoded(request, **options).data)


def _hint(kind: str, *arrays: np.ndarray) -> Hint:
    return Hint(kind, tuple(WeightedTensor(array) for array in arrays))


_POSE = (Control("pose.ckpt"),)


def test_a_plain_request_sets_what_a_server_must_not_default() -> None:
    message = _message(_request(negative_prompt="fog", keywords=("kw",)), user="studio")
    assert (message.scaleFactor, message.chunked, message.device) == (1, True, pb2.LAPTOP)
    assert (message.prompt, message.negativePrompt, message.user) == ("a bridge", "fog", "studio")
    assert configuration_reader.read(message.configuration) == _CONFIG
    assert list(message.keywords) == ["kw"]
    assert message.HasField("override")
    assert not message.HasField("image")
    assert not message.HasField("mask")
    assert not message.HasField("sharedSecret")
    assert not message.contents


def test_pictures_travel_once_and_are_named_by_their_hash() -> None:
    image = _image()
    request = _request(
        {"controls": _POSE},
        image=image,
        mask=_mask(),
        hints=(_hint("custom", image), _hint("shuffle", image, _image(64, 64))),
    )
    message = _message(request)
    contents = {hashlib.sha256(blob).digest(): blob for blob in message.contents}
    assert len(message.contents) == len(contents) == 3
    assert np.array_equal(decode(contents[message.image]), image)
    assert np.array_equal(decode(contents[message.mask]), _mask())
    assert [hint.hintType for hint in message.hints] == ["custom", "shuffle"]
    assert message.hints[0].tensors[0].tensor == message.image
    assert [len(tensor.tensor) for tensor in message.hints[1].tensors] == [32, 32]
    assert message.hints[1].tensors[0].weight == 1


@pytest.mark.parametrize("codec", [Codec.RAW, Codec.DEFLATE])
def test_pictures_are_packed_as_asked(codec: Codec) -> None:
    message = _message(_request(image=np.zeros((1, 192, 128, 3), np.float16)), codec=codec)
    assert read_header(message.contents[0]).codec is codec


def test_pictures_are_written_in_the_guides_form_on_request() -> None:
    message = _message(_request(image=_image(), mask=_mask()), form=TensorForm.GUIDE)
    assert all(map(public_guide.recognises, message.contents))
    assert decode(message.contents[0]).shape == (3, 192, 128)
    assert decode(message.contents[1]).shape == (1, 192, 128)


def test_specifications_are_sent_untouched() -> None:
    catalog = _with(_catalog(novelty=[1, 2.5]), "loras", "v1")
    message = _message(_request(override=catalog))
    assert message.override.models.decode() == f"[{catalog.models[0].raw}]"
    assert json.loads(message.override.models)[0]["novelty"] == [1, 2.5]
    assert json.loads(message.override.loras)[0]["file"] == "other.ckpt"
    assert message.override.upscalers == b""


def test_a_specification_that_a_server_would_drop_is_rejected() -> None:
    catalog = Catalog.from_json(loras=b'[{"file": "l.ckpt", "version": "v1", "weight": 1}]')
    with pytest.raises(RequestRejected, match=r"l\.ckpt lacks name, prefix"):
        check(_request(override=catalog))


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_text_that_is_no_unicode_is_rejected(field: str) -> None:
    with pytest.raises(RequestRejected, match="characters that are not text"):
        encoded(dataclasses.replace(_request(), **{field: "\udcff"}))


def _bad(values: np.ndarray, where: Any, value: float) -> np.ndarray:
    values = values.copy()
    values[where] = value
    return values


@pytest.mark.parametrize(
    ("config", "fields", "words"),
    [
        # docs/protocol.md 4.8, row by row
        ({"model": ""}, {}, "model is empty"),
        ({"strength": 1.5}, {}, "strength is 1.5, not 0 to 1"),
        ({"batch_size": 0}, {}, "batch_size is 0"),
        ({"start_width": 0}, {}, "width is 0"),
        ({"steps": 0}, {}, "steps is 0"),
        ({"steps": 1}, {}, "steps is 1"),
        ({}, {"image": _image(channels=4)}, r"shape \[1, 192, 128, 4\]"),
        ({"strength": 0.5}, {"image": _image(100, 192)}, "100 x 192 pixels, not multiples of 64"),
        ({}, {"image": _image(100), "mask": _mask(100)}, "not multiples of 64"),
        ({"strength": 0.5}, {"image": _image(64, 128)}, "and so would be the result"),
        ({}, {"image": _image(100), "model_version": "svd_i2v"}, "not multiples of 64"),
        (
            {},
            {"image": _image(), "mask": _mask(64)},
            "mask is 64 x 192 pixels, the image 128 x 192",
        ),
        ({}, {"image": _image(), "mask": _mask().astype(np.float32)}, "mask is float32"),
        ({}, {"image": _image(), "mask": _mask()[None]}, "mask is uint8 of the shape"),
        (
            {"controls": _POSE},
            {"hints": (_hint("scribble", _image().astype(np.float32)),)},
            "float16",
        ),
        ({"controls": _POSE}, {"hints": (_hint("pose", _image(64)),)}, "pose hint is 64 x 192"),
        ({"controls": _POSE}, {"hints": (_hint("depth", _image()),)}, "width, 1"),
        (
            {},
            {"image": _image(), "override": _catalog(modifier="depth", version="pixart")},
            "no depth variant",
        ),
        # and what a server ignores or gets wrong in silence
        ({}, {"mask": _mask()}, "mask without an image"),
        ({}, {"image": _image(), "mask": _mask() * 0}, "all black"),
        ({}, {"image": _image(), "mask": _mask() * 0 + 3}, "all black"),
        ({}, {"image": _image(), "mask": _bad(_mask(), 0, 255)}, "value 255"),
        ({}, {"image": _image().astype(np.uint8)}, "not floating point"),
        ({}, {"image": _bad(_image(), (0, 0, 0, 0), np.nan)}, "values that are no numbers"),
        ({}, {"image": np.concatenate([_image()] * 2)}, "batch of 2"),
        ({}, {"hints": (_hint("canny", _image()),)}, "read by no server"),
        ({}, {"hints": (_hint("sketch", _image()),)}, "not known"),
        ({"controls": _POSE}, {"hints": (_hint("custom", _image()),) * 2}, "two hints"),
        ({"controls": _POSE}, {"hints": (_hint("custom"),)}, "no picture"),
        ({"controls": _POSE}, {"hints": (_hint("custom", _image()[0]),)}, "shape"),
        ({}, {"hints": (_hint("custom", _image()),), "override": _catalog()}, "no control"),
        ({}, {"hints": (_hint("audio", _image()),)}, "A sound cannot be sent"),
        ({}, {"model_version": "svd_i2v"}, "needs an image"),
        ({}, {"model_version": LONGCAT}, "LongCat Video Avatar needs an image"),
        (
            {},
            {"model_version": LONGCAT, "image": _image(), "mask": _mask()},
            "LongCat Video Avatar takes no mask",
        ),
    ],
)
def test_what_must_not_be_sent_is_rejected_by_name(
    config: dict[str, Any], fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(RequestRejected, match=words):
        encoded(_request(config, **fields))


@pytest.mark.parametrize(
    ("config", "fields"),
    [
        ({}, {"image": _image(100, 77)}),  # strength 1: only a reference, of any size
        ({"strength": 0.5}, {"image": _image()}),
        ({}, {"image": np.concatenate([_image()] * 2), "model_version": "wan_v2.1_14b"}),
        ({}, {"image": _image(), "mask": _bad(_mask(), 5, 0)}),
        ({}, {"image": _image(), "mask": _mask() * 0 + 2}),
        ({"controls": _POSE}, {"hints": (_hint("pose", _image()),)}),
        ({"controls": _POSE}, {"hints": (_hint("depth", _image(channels=1)),)}),
        ({"controls": _POSE}, {"hints": (_hint("scribble", _image(10, 10)),)}),
        (
            {},
            {
                "hints": (_hint("shuffle", _image(10, 10)),),
                "override": _catalog(modifier="kontext"),
            },
        ),
        ({}, {"hints": (_hint("custom", _image()),)}),  # model unknown: it may read it
        ({}, {"image": _image(), "override": _catalog(modifier="depth", version="flux1")}),
        (
            {"loras": (LoRA("other.ckpt"),), "refiner_model": "refiner.ckpt"},
            {"override": _with(_catalog(), "loras", "v1")},
        ),
        # passed over or drawn otherwise, which assemble tells
        ({"sampler": Sampler.LCM}, {"model_version": "flux1"}),
        ({"loras": (LoRA("other.ckpt"),)}, {"override": _with(_catalog(), "loras", "flux1")}),
        (
            {"controls": (Control("other.ckpt"),)},
            {"override": _with(_catalog(), "controls", "flux1")},
        ),
        ({"refiner_model": "other.ckpt"}, {"override": _with(_catalog(), "models", "flux1")}),
    ],
)
def test_what_a_server_takes_is_not_rejected(
    config: dict[str, Any], fields: dict[str, Any]
) -> None:
    encoded(_request(config, **fields))


def test_a_pose_under_hires_fix_comes_small_first() -> None:
    config = {"start_width": 256, "start_height": 256, "controls": _POSE, "hires_fix": True}
    config |= {"hires_fix_start_width": 128, "hires_fix_start_height": 192}
    small, full = _image(128, 192), _image(256, 256)
    for tensors in ((full,), (full, small), (small,)):
        with pytest.raises(RequestRejected, match="takes 128 x 192, then 256 x 256 only"):
            check(_request(config, hints=(_hint("pose", *tensors),)))
    check(_request(config, hints=(_hint("pose", small, full),)))


@pytest.mark.parametrize(
    ("config", "fields", "least"),
    [
        ({}, {}, 4),
        ({}, {"model_version": "flux1"}, 4),
        ({}, {"model_version": "wan_v2.1_14b"}, 1),
        ({}, {"model_version": "seedvr2_3b"}, 1),
        ({}, {"override": _catalog(version="qwen_image", modifier="qwenimage_layered")}, 1),
        ({"strength": 0.0}, {"image": _image()}, 1),
        ({"strength": 0.0}, {}, 4),
        ({"strength": 0.0}, {"image": _image(), "mask": _mask()}, 4),
    ],
)
def test_the_least_number_of_pictures_follows_from_the_model(
    config: dict[str, Any], fields: dict[str, Any], least: int
) -> None:
    assert _request({"batch_size": 4, **config}, **fields).least_pictures == least


def test_the_modifier_of_the_first_lora_that_has_one_counts_if_the_model_has_none() -> None:
    loras = {"loras": (LoRA("other.ckpt"),)}
    override = _with(_catalog(), "loras", "v1", modifier="depth")
    assert _request(loras, override=override).modifier == "depth"
    override = _with(_catalog(modifier="inpainting"), "loras", "v1", modifier="depth")
    assert _request(loras, override=override).modifier == "inpainting"
    assert _request(override=override).version == "v1"
