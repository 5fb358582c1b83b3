"""How much may come back for a request: a server that sends more is stopped.

All figures leave room: a server rounds frames, an upscaler enlarges, an Intel Mac sends float32.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...facts import versions
from .request import GenerationRequest

_MEBIBYTE = 1 << 20
_PIXEL_BYTES = 4 * 4  # of float32 with alpha
_ROOM = 2  # times what was asked for
_FURTHER_PICTURES = 8
_LEAST_BYTES = 16 * _MEBIBYTE
# Upscalers make 2 to 4 times the side; that of one of one's own stands in its specification.
_USUAL_FACTOR, _MOST_FACTOR = 4, 8
# Previews: a pixel model's have 3 float32 values for each pixel, a video's 16 for 64 pixels.
_PREVIEW_BYTES, _VIDEO_PREVIEW_BYTES = 16, 1
# 64 MiB are 3 minutes of 48 kHz stereo, 1 MiB for each frame more than 2 seconds.
_SOUND_BYTES, _FRAME_SOUND_BYTES = 64 * _MEBIBYTE, _MEBIBYTE


@dataclass(frozen=True)
class Allowance:
    """What an answer may have: `pictures` is their number and that of the sounds; bytes are those
    of one unpacked picture or preview, and of all unpacked sounds together.
    """

    pictures: int
    picture_bytes: int
    preview_bytes: int
    sound_bytes: int

    @classmethod
    def of(cls, request: GenerationRequest, limit_bytes: int) -> Allowance:
        """Return what a request may bring; no picture or preview is beyond `limit_bytes`."""
        config, known = request.config, versions.find(request.version)
        is_video = known is None or known.is_video
        count = max(config.batch_size, config.num_frames if is_video else 1)
        pixels = config.start_width * config.start_height
        if request.image is not None:  # some come back in its size
            pixels = max(pixels, request.image.shape[1] * request.image.shape[2])
        previews = config.batch_size * pixels * _PREVIEW_BYTES
        if is_video:
            of_frames = config.num_frames * pixels * _VIDEO_PREVIEW_BYTES
            previews = of_frames if known else max(previews, of_frames)
        picture = pixels * _PIXEL_BYTES * _ROOM * _factor(request) ** 2
        return cls(
            count * _ROOM + _FURTHER_PICTURES,
            min(max(picture, _LEAST_BYTES), limit_bytes),
            min(max(previews, _LEAST_BYTES), limit_bytes),
            min(_SOUND_BYTES + count * _FRAME_SOUND_BYTES, limit_bytes),
        )


def _factor(request: GenerationRequest) -> int:
    """Return how many times larger the sides of a result may be."""
    known = versions.find(request.version)
    grown = known.hires_growth if known is not None and request.config.hires_fix else 1
    if not request.config.upscaler:
        return grown
    spec = request.override.upscaler(request.config.upscaler)
    return grown * min(max(_USUAL_FACTOR, spec.scale_factor if spec else 0), _MOST_FACTOR)
