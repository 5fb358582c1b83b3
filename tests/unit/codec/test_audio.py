"""Sound arrives in ComfyUI's form, sample for sample."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drawbridge.codec import audio
from drawbridge.codec.tensor import decode, encode
from drawbridge.errors import BadTensor, GenerationFailed

WAVE = np.stack([np.linspace(-1, 1, 480), np.linspace(1.2, -1, 480)]).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_samples_keep_their_values_and_places(dtype: type) -> None:
    wire = decode(encode(WAVE.astype(dtype)))
    sound = audio.from_wire(wire, 48000)
    assert sound["sample_rate"] == 48000
    assert sound["waveform"].dtype == torch.float32
    assert sound["waveform"].shape == (1, 2, 480)
    assert np.array_equal(sound["waveform"][0].numpy(), WAVE.astype(dtype).astype(np.float32))


def test_sound_does_not_share_the_memory_of_the_wire() -> None:
    wire = WAVE.copy()
    sound = audio.from_wire(wire, 24000)
    wire[:] = 0
    assert float(sound["waveform"].abs().max()) > 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_sound_with_values_that_are_not_numbers_has_failed(value: float) -> None:
    wire = WAVE.copy()
    wire[1, -1] = value
    with pytest.raises(GenerationFailed, match="sound"):
        audio.from_wire(wire, 24000)


@pytest.mark.parametrize(
    "wire", [WAVE[0], WAVE.T, WAVE[:, :0], WAVE[None], WAVE.astype(np.int16)],
    ids=["flat", "samples first", "empty", "batch", "int"],
)  # fmt: skip
def test_other_tensors_are_no_sound(wire: np.ndarray) -> None:
    with pytest.raises(BadTensor, match="a sound"):
        audio.from_wire(wire, 24000)


def test_batch_has_one_sound_for_each_result() -> None:
    long, short = audio.from_wire(WAVE, 24000), audio.from_wire(WAVE[:1, :100], 24000)
    both = audio.batch([long, short])
    assert both["sample_rate"] == 24000
    assert both["waveform"].shape == (2, 2, 480)
    assert torch.equal(both["waveform"][0], long["waveform"][0])
    assert torch.equal(both["waveform"][1, :, :100], short["waveform"][0].expand(2, -1))
    assert both["waveform"][1, :, 100:].abs().max() == 0
    with pytest.raises(ValueError):
        audio.batch([long, audio.from_wire(WAVE, 48000)])
    with pytest.raises(ValueError):
        audio.batch([])
