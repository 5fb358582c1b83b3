"""Answers as messages. Pictures stay where they came: protobuf would copy each of them twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...proto import image_service_pb2
from . import fields, limits

_Response = image_service_pb2.ImageGenerationResponse
_IMAGES = _Response.DESCRIPTOR.fields_by_name["generatedImages"].number << 3 | fields.BYTES


class Answer(NamedTuple):
    """A message without its `generatedImages`, and those as parts of the bytes that came."""

    message: image_service_pb2.ImageGenerationResponse
    images: list[memoryview]


def reader(kind: Any) -> Callable[[bytes], Any]:
    """Return what makes a message of class `kind` of its bytes, an Answer of one of a generation,
    or Excess where it has more parts than it may.
    """
    if kind is _Response:
        return limits.bounded(read, limits.MOST_PARTS)
    return limits.bounded(kind.FromString)


def read(data: bytes) -> Answer:
    """Return the message that `data` is; raises what protobuf raises for bytes that are none."""
    view = memoryview(data)
    images, rest, kept_to = [], [], 0
    try:
        for field in fields.fields(data):
            if field.tag & 7 == fields.GROUP or field.end > len(data):
                raise ValueError("its parts are not plain")
            if field.tag == _IMAGES:
                images.append(view[field.start : field.end])
                rest.append(view[kept_to : field.begin])
                kept_to = field.end
    except (IndexError, ValueError):  # let protobuf say what it is
        message = _Response.FromString(data)
        return Answer(message, [memoryview(image) for image in message.generatedImages])
    return Answer(_Response.FromString(b"".join((*rest, view[kept_to:]))), images)
