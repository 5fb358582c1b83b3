"""A request as the message that carries it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...codec import public_guide, tensor
from ...codec.tensor import Codec
from ...errors import RequestRejected
from ...proto import image_service_pb2
from ..catalog.records import Catalog
from ..connection import fields
from ..connection.endpoint import TensorForm
from ..connection.fields import Encoded
from ..threads import for_each
from .checks import check
from .request import GenerationRequest

_Request = image_service_pb2.ImageGenerationRequest
_CONTENTS = _Request.DESCRIPTOR.fields_by_name["contents"].number
_SECRET = _Request.DESCRIPTOR.fields_by_name["sharedSecret"].number


def encoded(
    request: GenerationRequest,
    *,
    codec: Codec = Codec.DEFLATE,
    form: TensorForm = TensorForm.SERVER,
    user: str = "Drawbridge",
) -> Encoded:
    """Return the message of a request after `check`, unsigned; pictures are packed with `codec`,
    never fpzip.

    Pictures travel once each in `contents` and by hash elsewhere (docs/protocol.md 2). They are
    put behind the rest of the message by hand: protobuf would copy each twice.
    """
    check(request)
    message = _Request(
        scaleFactor=1,  # 0, the wire's default, crashes a server
        prompt=_text("prompt", request.prompt),
        negativePrompt=_text("negative prompt", request.negative_prompt),
        configuration=request.config.to_bytes(),
        keywords=request.keywords,
        user=user,
        device=image_service_pb2.LAPTOP,
        chunked=True,
        override=_override(request.override),
    )
    arrays = [one for one in (request.image, request.mask) if one is not None]
    arrays += [one.array for hint in request.hints for one in hint.tensors]
    packed = for_each(lambda array: _pack(array, codec, form), arrays)
    keys = iter([one.key for one in packed])
    if request.image is not None:
        message.image = next(keys)
    if request.mask is not None:
        message.mask = next(keys)
    for hint in request.hints:
        message.hints.append(
            image_service_pb2.HintProto(
                hintType=hint.type,
                tensors=[
                    image_service_pb2.TensorAndWeight(tensor=next(keys), weight=one.weight)
                    for one in hint.tensors
                ],
            )
        )
    contents = {one.key: one.pieces for one in packed}
    framed = (
        piece
        for pieces in contents.values()
        for piece in (fields.head(_CONTENTS, sum(map(len, pieces))), *pieces)
    )
    return Encoded(_SECRET, b"".join((message.SerializeToString(), *framed)))


class _Packed(NamedTuple):
    """A tensor as it travels, in pieces, and the hash that it is known by."""

    key: bytes
    pieces: tuple[bytes | memoryview, ...]


def _pack(array: np.ndarray, codec: Codec, form: TensorForm) -> _Packed:
    pieces: tuple[bytes | memoryview, ...]
    pieces = (_guide(array),) if form is TensorForm.GUIDE else tensor.parts(array, codec)
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return _Packed(digest.digest(), pieces)


def _guide(array: np.ndarray) -> bytes:
    return (
        public_guide.encode_mask(array) if array.ndim == 2 else public_guide.encode_picture(array)
    )


def _override(catalog: Catalog) -> image_service_pb2.MetadataOverride:
    return image_service_pb2.MetadataOverride(
        models=_array([spec.raw for spec in catalog.models]),
        loras=_array([spec.raw for spec in catalog.loras]),
        controlNets=_array([spec.raw for spec in catalog.controls]),
        textualInversions=_array([spec.raw for spec in catalog.textual_inversions]),
        upscalers=_array([spec.raw for spec in catalog.upscalers]),
    )


def _array(elements: Sequence[str]) -> bytes:
    """Return a JSON array of the objects as they came; nothing where there are none."""
    return f"[{','.join(elements)}]".encode() if elements else b""


def _text(name: str, value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise RequestRejected(
            f"The {name} has characters that are not text.", f"Type the {name} anew."
        ) from None
    return value
