"""MiniMax H3 and Qwen Image 2.1, from wishes to pictures: docs/protocol.md 16, strictly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.assemble import Wishes
from drawbridge.client.generation.events import Audio, Event, Picture, Preview
from drawbridge.client.generation.hints import Guide
from drawbridge.codec import latent, tensor
from drawbridge.emulator.server.server import Emulator

Emulate = Callable[..., Emulator]
Door = Callable[..., Endpoint]

SETTINGS = {"start_width": 256, "start_height": 128, "steps": 3, "seed": 5}


async def generate(endpoint: Endpoint, model: str, **wishes: Any) -> list[Event]:
    settings = {**SETTINGS, **wishes.pop("settings", {})}
    async with DrawThingsClient(endpoint) as client:
        wanted = Wishes(model, wishes.pop("prompt", "a bridge"), settings=settings, **wishes)
        [request] = (await client.prepare(wanted)).requests
        return [event async for event in client.generate(request)]


def flat(level: float, channels: int = 3) -> torch.Tensor:
    return torch.full((1, 128, 256, channels), level)


async def test_a_video_runs_from_its_first_frame_to_its_last(emulate: Emulate, door: Door) -> None:
    events = await generate(
        door(emulate(strict=True)),
        "MiniMax H3",
        settings={
            **{"num_frames": 22, "uses_sol_attention": True, "sol_attention_tau": 0.25},
            "shift_for_audio": 4.0,
        },
        image=flat(0.9),
        guides=(Guide(None, "shuffle", flat(0.1)),),
    )
    frames = [event.array for event in events if isinstance(event, Picture)]
    assert len(frames) == 22
    assert frames[0].mean() > 0.4
    assert np.abs(frames[-1] + 0.8).max() < 0.02
    [sound] = [event.array for event in events if isinstance(event, Audio)]
    assert sound.shape == (2, 29600)
    previews = [tensor.decode(event.encoded) for event in events if isinstance(event, Preview)]
    assert previews[0].shape == (7, 8 + 1, 16, 24)  # a row of sound
    shown = latent.preview(previews[0], "minimax_h3")
    assert shown is not None
    assert shown.shape == (7, 8, 16, 3)


async def test_references_of_a_video_are_not_its_first_frame(emulate: Emulate, door: Door) -> None:
    events = await generate(
        door(emulate(strict=True)),
        "MiniMax H3 [ref2va]",
        settings={"num_frames": 5},
        image=flat(1.0),
        guides=(Guide(None, "shuffle", flat(0.1)), Guide(None, "shuffle", flat(0.2))),
    )
    frames = [event.array for event in events if isinstance(event, Picture)]
    assert len(frames) == 5
    assert frames[0].astype(np.float32).std() > 0.02  # painted around the reference, not it alone


async def test_an_image_model_reads_alpha_and_always_gives_it(emulate: Emulate, door: Door) -> None:
    reference = flat(0.5, 4)
    reference[..., 3] = 0.5
    endpoint = door(emulate(strict=True))
    for prompt, least in (("a bridge", 1.0), ("a bridge on a transparent background", 0.0)):
        events = await generate(endpoint, "Qwen Image 2.1", prompt=prompt, image=reference)
        [picture] = [event.array for event in events if isinstance(event, Picture)]
        assert picture.shape == (1, 128, 256, 4)
        assert picture[..., 0].min() == least
        assert picture[..., 0].max() == 1
    previews = [tensor.decode(event.encoded) for event in events if isinstance(event, Preview)]
    assert previews[0].shape == (1, 8, 16, 64)
    assert latent.preview(previews[0], "qwen_image_2.1") is not None
