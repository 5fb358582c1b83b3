"""Pictures, requests and answers that benchmarks work with."""

from __future__ import annotations

import numpy as np

from drawbridge.codec.tensor import Codec, encode
from drawbridge.emulator.server.replies import results
from drawbridge.proto import image_service_pb2 as pb2

SIDE = 1024
MODEL = "z_image_turbo_1.0_q8p.ckpt"


def picture(width: int = SIDE, height: int = SIDE) -> np.ndarray:
    """Return a smooth picture with a little noise, float16 [1, height, width, 3], -1 to 1."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(9 * x / width + 5 * c) * np.cos(7 * y / height - c) for c in range(3)]
    noisy = 0.8 * np.stack(waves, -1) + 0.01 * rng.standard_normal((height, width, 3))
    return noisy.clip(-1, 1).astype(np.float16)[np.newaxis]


def answer(
    count: int, codec: Codec = Codec.RAW, width: int = SIDE, height: int = SIDE, steps: int = 4
) -> list[bytes]:
    """Return the messages of a generation as a server sends them (docs/protocol.md 1.8, 9)."""
    messages = [pb2.ImageGenerationResponse() for _ in range(steps)]
    for step, message in enumerate(messages, 1):
        message.currentSignpost.sampling.step = step
        message.signposts.add().sampling.step = steps
    data = encode(picture(width, height), codec)
    messages += results([data] * count, [], 1, chunked=True)
    return [message.SerializeToString() for message in messages]
