"""The wire's sound as ComfyUI's AUDIO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import torch
from torch.nn import functional

from ..errors import GenerationFailed
from .borrow import borrow
from .damage import damaged
from .shape import shape_text


class Sound(TypedDict):
    """ComfyUI's AUDIO: a float32 `waveform` [batch, channels, samples], -1 to 1; the rate in Hz."""

    waveform: torch.Tensor
    sample_rate: int


def from_wire(array: np.ndarray, sample_rate: int) -> Sound:
    """Return ComfyUI's AUDIO of a wire sound: waveform [1, channels, samples], values as they came.

    `array` is float16, float32 or float64 [channels, samples], with one channel or two. The rate
    follows from the model's version (docs/protocol.md 10). Raises GenerationFailed
    where a value is not finite, BadTensor for what is no sound.
    """
    if array.ndim != 2 or array.shape[0] not in (1, 2) or array.size == 0:
        dims = shape_text(array.shape)
        raise damaged(f"a sound with dims {dims} came")
    if array.dtype not in (np.float16, np.float32, np.float64):
        raise damaged(f"a sound of {array.dtype} values came")
    waveform = borrow(array).to(torch.float32, copy=True)[None]
    if not torch.isfinite(waveform).all():
        raise GenerationFailed(
            "The server's sound holds values that are not numbers.",
            "Generate again with another seed, and if it stays so, with a "
            "model of higher precision.",
        )
    return Sound(waveform=waveform, sample_rate=sample_rate)


def batch(sounds: Sequence[Sound]) -> Sound:
    """Several sounds of one rate as one AUDIO [batch, channels, samples], one for each result.

    The batch follows the results, as a batch of pictures does; nothing is put one after the other
    in time. Shorter ones end in silence, and of mono and stereo all become stereo. Raises
    ValueError for none, or for several rates.
    """
    [rate] = {sound["sample_rate"] for sound in sounds}
    waveforms = [sound["waveform"] for sound in sounds]
    samples = max(waveform.shape[-1] for waveform in waveforms)
    channels = max(waveform.shape[1] for waveform in waveforms)
    same = [
        functional.pad(waveform, (0, samples - waveform.shape[-1])).expand(-1, channels, -1)
        for waveform in waveforms
    ]
    return Sound(waveform=torch.cat(same), sample_rate=rate)
