"""Images, masks, LoRAs, controls and moodboards through a real channel to a strict server."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from drawbridge.codec import tensor
from drawbridge.emulator.server.server import Emulator
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.generation_config_fbs import ControlT, LoRAT

MEADOW = {"model": "sd_v1.5_f16.ckpt", "startWidth": 2, "startHeight": 2, "steps": 4}


def image() -> np.ndarray:
    rows = np.linspace(-1, 1, 128 * 128 * 3).reshape(1, 128, 128, 3)
    return np.sin(9 * rows).astype(np.float16)


@pytest.fixture
def generate(
    emulate: Callable[..., Emulator], connect: Callable, ask: Callable
) -> Callable[..., tuple[list[str], list[np.ndarray]]]:
    """Run a request on a strict server; return its milestones and its pictures."""
    stub = connect(emulate(strict=True))

    def run(message: dict | None = None, **settings: object) -> tuple[list[str], list[np.ndarray]]:
        posts, pictures = [], []
        for reply in stub.GenerateImage(ask(message, **settings)):
            name = reply.currentSignpost.WhichOneof("signpost")
            posts += [name] if name else []
            pictures += [tensor.decode(data) for data in reply.generatedImages]
        return posts, pictures

    return run


def test_image_to_image_samples_only_the_steps_that_are_left(generate: Callable):
    posts, (picture,) = generate({"image": tensor.encode(image())}, **MEADOW, strength=0.5)
    assert posts.count("sampling") == 3  # 2 of 4 steps
    assert picture.shape == (1, 128, 128, 3)
    _, (painting,) = generate(**MEADOW)
    away = [np.abs(picture.astype("f4") - other).mean() for other in (image(), painting)]
    assert min(away) > 0.05


def test_inpainting_returns_the_kept_pixels_bit_for_bit(generate: Callable):
    mask = np.full((128, 128), 3, np.uint8)
    mask[40:80, 40:80] = 2
    message = {"image": tensor.encode(image()), "mask": tensor.encode(mask)}
    _, (picture,) = generate(message, **MEADOW)
    assert np.array_equal(picture[0][mask == 3], image()[0][mask == 3])
    assert np.abs(picture[0][mask == 2] - image()[0][mask == 2]).mean() > 0.1


def test_strength_zero_runs_the_upscaler_in_silence(generate: Callable):
    message = {"image": tensor.encode(image())}
    posts, (picture,) = generate(
        message, **MEADOW, strength=0.0, upscaler="realesrgan_x2plus_f16.ckpt"
    )
    assert posts == ["textEncoded"]
    means = picture[0].astype("f4").reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))
    assert np.abs(means - image()[0]).mean() < 0.05


def test_layers_come_with_alpha_one_message_each(generate: Callable):
    settings = MEADOW | {"model": "quince_image_layered_q6p.ckpt", "sampler": 17}
    _, layers = generate({"image": tensor.encode(image())}, **settings, batchSize=3)
    assert [layer.shape for layer in layers] == [(1, 128, 128, 4)] * 3
    assert layers[0][..., 0].min() == 1
    assert len({layer[..., 0].tobytes() for layer in layers}) == 3


def test_lora_control_and_moodboard_all_reach_the_picture(generate: Callable):
    _, (plain,) = generate(**MEADOW)
    rows = [pb2.TensorAndWeight(tensor=tensor.encode(image()), weight=1)]
    shuffle = {"hints": [pb2.HintProto(hintType="shuffle", tensors=rows)]}
    custom = {"hints": [pb2.HintProto(hintType="custom", tensors=rows)]}
    adapter = ControlT(file="ip_adapter_plus_sd_v1.x_open_clip_h14_f16.ckpt")
    changed = [
        generate(**MEADOW, loras=[LoRAT(file="watercolour_v1_lora_f16.ckpt", weight=1.0)]),
        generate(shuffle, **MEADOW, controls=[adapter]),
        generate(custom, **MEADOW, controls=[ControlT(file="controlnet_tile_1.x_v1.1_f16.ckpt")]),
    ]
    for _, (picture,) in changed:
        assert np.abs(picture.astype("f4") - plain).mean() > 0.03
