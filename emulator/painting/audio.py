"""Makes the sound of an emulated video: a chord that swells and fades."""

from __future__ import annotations

import numpy as np

from ...facts.model_version import ModelVersion

# The four notes of a soft major seventh, as ratios to the lowest.
_CHORD = (1.0, 1.25, 1.5, 1.875)


def sample_count(version: ModelVersion, latent_frames: int) -> int:
    """Return how many samples a channel has (docs/protocol.md 10); 0 where results are silent."""
    if version.sound is None or version.frame_rule is None:
        return 0
    return version.sound.samples(version.frame_rule.decoded_frames(latent_frames))


def compose(version: ModelVersion, latent_frames: int, seed: int) -> np.ndarray:
    """Return sound for a video: float32 [2, samples], -1 to 1; the seed chooses the key."""
    count = sample_count(version, latent_frames)
    seconds = np.arange(count, dtype=np.float64) / max(version.audio_rate, 1)
    lowest_hz = 220.0 * 2.0 ** (seed % 12 / 12)
    swell = np.sin(np.pi * np.arange(count) / max(count - 1, 1))
    channels = []
    for side in (-1, 1):
        # A few cents apart, so that the two channels beat gently against each other.
        wave = sum(
            np.sin(2 * np.pi * lowest_hz * ratio * (1 + side * 0.0008 * (place + 1)) * seconds)
            for place, ratio in enumerate(_CHORD)
        )
        channels.append(0.15 * swell * wave)
    return np.stack(channels).astype(np.float32)
