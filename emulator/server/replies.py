"""Turns results into messages: encoded, announced, and cut by the server's exact rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...codec import tensor
from ...proto import image_service_pb2 as pb2

SLICE_BYTES = 4 * 1024 * 1024


def encode(array: np.ndarray, *, compress: bool, float32: bool) -> bytes:
    """Return a tensor as a server sends it (docs/protocol.md 3.2).

    Values become float16, on an Intel Mac's server (`float32`) held in float32. What does not
    become smaller is stored raw.
    """
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(array, np.float16)
    if float32:
        values = values.astype(np.float32)
    return tensor.encode(values, tensor.Codec.FPZIP if compress else tensor.Codec.RAW)


def encode_audio(array: np.ndarray, *, compress: bool) -> bytes:
    """Return sound as a server sends it, float32 always. `array`: float32 [channels, samples]."""
    samples = np.ascontiguousarray(array, np.float32)
    return tensor.encode(samples, tensor.Codec.FPZIP if compress else tensor.Codec.RAW)


def results(
    images: Sequence[bytes],
    audio: Sequence[bytes],
    scale_factor: int,
    *,
    chunked: bool,
    slice_bytes: int = SLICE_BYTES,
) -> Iterator[pb2.ImageGenerationResponse]:
    """Yield the messages that carry the results (docs/protocol.md 1.8).

    Whether anything is cut depends on the bytes of all images together, for sound as well.
    """
    total = sum(map(len, images))
    if total:
        yield pb2.ImageGenerationResponse(downloadSize=total)
    cut_bytes = slice_bytes if chunked and total > slice_bytes else None
    for image in images:
        for piece, state in _pieces(image, cut_bytes):
            yield pb2.ImageGenerationResponse(
                generatedImages=[piece], scaleFactor=scale_factor, chunkState=state
            )
    if not images:
        yield pb2.ImageGenerationResponse(scaleFactor=scale_factor)
    for sound in audio:
        for piece, state in _pieces(sound, cut_bytes):
            yield pb2.ImageGenerationResponse(generatedAudio=[piece], chunkState=state)


def _pieces(data: bytes, cut_bytes: int | None) -> Iterator[tuple[bytes, pb2.ChunkState]]:
    if cut_bytes is None or len(data) <= cut_bytes:
        yield data, pb2.LAST_CHUNK
        return
    for start in range(0, len(data), cut_bytes):
        last = start + cut_bytes >= len(data)
        yield data[start : start + cut_bytes], pb2.LAST_CHUNK if last else pb2.MORE_CHUNKS
