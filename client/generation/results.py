"""Pictures and sound of what a generation yields, in the forms that graphs and files take."""

from __future__ import annotations

import numpy as np
import torch

from ...codec import audio, image, latent, tensor
from ...codec.audio import Sound
from ...facts import versions
from .events import Audio, Picture, Preview
from .images import Placed

# Where nothing else is known, the app's own (docs/protocol.md 10).
AUDIO_RATE_HZ = 24000


def to_image(picture: Picture | Placed) -> torch.Tensor:
    """Return a picture as ComfyUI's IMAGE: float32 [1, height, width, 3], 0 to 1.

    With an alpha channel it is [1, height, width, 4], R, G, B, A. Raises GenerationFailed for
    values that are not finite, BadTensor for another shape than a picture has.
    """
    return picture.image if isinstance(picture, Placed) else image.from_wire(picture.array)


def check_picture(picture: Picture) -> None:
    """Raise what `to_image` raises for a picture, without making anything of it."""
    image.check(picture.array)


def to_pixels(picture: Picture | Placed) -> np.ndarray:
    """Return a picture as uint8 [height, width, 3 or 4], as ComfyUI would save it.

    Raises what `to_image` raises.
    """
    [unit] = to_image(picture)
    return image.to_bytes(unit)


def to_preview(preview: Preview, version: str) -> np.ndarray | None:
    """Return small pictures of what is unfinished, uint8 [count, height, width, 3].

    `version` is the request's. `count` is that of the batch, or of a video's latent frames. None
    for a version of which nobody knows what its latents show. Raises BadTensor for damaged bytes
    and for more of them than a preview has, DecoderUnavailable where fpzip is needed and missing.
    """
    latents = tensor.decode(preview.encoded, limit_bytes=preview.most_bytes)
    colours = latent.preview(latents, version)
    return None if colours is None else colours.numpy()


def to_sound(sound: Audio, version: str) -> Sound:
    """Return a sound as ComfyUI's AUDIO, its waveform float32 [1, channels, samples], -1 to 1.

    `version` is the request's, from which the rate follows. Raises GenerationFailed for values that
    are not finite, BadTensor for another shape than a sound has.
    """
    return audio.from_wire(sound.array, audio_rate(version))


def audio_rate(version: str) -> int:
    """Return the samples per second, in Hz, of the sound that a version's models make."""
    known = versions.find(version)
    return (known.audio_rate if known else 0) or AUDIO_RATE_HZ
