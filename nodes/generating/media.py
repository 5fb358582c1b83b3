"""ComfyUI's VIDEO of frames and sound, and the rates that the wire does not tell."""

from __future__ import annotations

from fractions import Fraction

import torch

from ...client.catalog.records import ModelSpec
from ...codec.audio import Sound
from ...facts import versions

# Where nothing else is known, the app's own (docs/protocol.md 10).
FRAMES_PER_SECOND = 30.0
# Fine enough for 23.976, and a float's own noise does not end up in the file.
MOST_PARTS_OF_A_SECOND = 1001
# What a video file can be written and played with; a server can name any number.
LEAST_FRAMES_PER_SECOND, MOST_FRAMES_PER_SECOND = 1.0, 1000.0


def frame_rate(spec: ModelSpec | None, version: str) -> float:
    """Return the frames per second of a model's videos: its own if a file can have that many, else
    its version's.
    """
    own = 0.0 if spec is None else spec.frames_per_second
    if LEAST_FRAMES_PER_SECOND <= own <= MOST_FRAMES_PER_SECOND:
        return own
    known = versions.find(version)
    return known.frames_per_second if known else FRAMES_PER_SECOND


def video(images: torch.Tensor, fps: float, audio: Sound | None = None) -> object | None:
    """Return ComfyUI's VIDEO of frames [frames, height, width, 3 or 4] and their sound.

    Alpha is left out: no video file of ComfyUI's has any. Of several sounds the first is taken. An
    odd last row or column is left out, as the colours of such a file are those of 2 x 2 pixels.
    None in a ComfyUI that is older than the type, and for frames less than 2 pixels wide or high.
    """
    height, width = images.shape[1] // 2 * 2, images.shape[2] // 2 * 2
    if not height or not width:
        return None
    try:
        from comfy_api.latest import InputImpl, Types
    except ImportError:
        return None
    first = None
    if audio is not None:
        first = {"waveform": audio["waveform"][:1], "sample_rate": audio["sample_rate"]}
    return InputImpl.VideoFromComponents(
        Types.VideoComponents(
            images=images[:, :height, :width, :3],
            audio=first,
            frame_rate=Fraction(fps).limit_denominator(MOST_PARTS_OF_A_SECOND),
        )
    )
