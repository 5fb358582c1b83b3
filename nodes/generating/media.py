"""ComfyUI's VIDEO of frames and sound, and the rates that the wire does not tell."""

from __future__ import annotations

from fractions import Fraction

import torch

from ...client.catalog.records import ModelSpec
from ...codec.audio import Sound
from ...facts import versions

# Where nothing else is known, the app's own (docs/protocol.md 10).
FRAMES_PER_SECOND = 30.0
AUDIO_RATE_HZ = 24000
# Fine enough for 23.976, and a float's own noise does not end up in the file.
MOST_PARTS_OF_A_SECOND = 1001


def frame_rate(spec: ModelSpec | None, version: str) -> float:
    """Return the frames per second of a model's videos: its own, else its version's."""
    if spec is not None and spec.frames_per_second > 0:
        return spec.frames_per_second
    known = versions.find(version)
    return known.frames_per_second if known else FRAMES_PER_SECOND


def audio_rate(version: str) -> int:
    """Return the samples per second, in Hz, of the sound that a version's models make."""
    known = versions.find(version)
    return (known.audio_rate if known else 0) or AUDIO_RATE_HZ


def video(images: torch.Tensor, fps: float, audio: Sound | None = None) -> object | None:
    """Return ComfyUI's VIDEO of frames [frames, height, width, 3 or 4] and their sound.

    Alpha is left out: no video file of ComfyUI's has any. Of several sounds the first is taken.
    None in a ComfyUI that is older than the type.
    """
    try:
        from comfy_api.latest import InputImpl, Types
    except ImportError:
        return None
    first = None
    if audio is not None:
        first = {"waveform": audio["waveform"][:1], "sample_rate": audio["sample_rate"]}
    return InputImpl.VideoFromComponents(
        Types.VideoComponents(
            images=images[..., :3],
            audio=first,
            frame_rate=Fraction(fps).limit_denominator(MOST_PARTS_OF_A_SECOND),
        )
    )
