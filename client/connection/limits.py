"""How much of an answer is taken: bounds that hold before anything of it is parsed.

A message of many tiny parts takes a hundred times its size in memory once it is parsed, and a few
hundred kB of gzip become any number of them. So gRPC refuses a message by its bytes, while it
unpacks it, and the number of a message's parts is counted before they become objects.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from .call import Excess
from .fields import fields

T = TypeVar("T")

SERVICE = "ImageGenerationService"

# Of a server's lists of models and other files; those of all official ones are less than 1 MiB.
MOST_SHORT_BYTES = 16 << 20
# A picture can come in one piece (docs/protocol.md 1.8), with a frame around it.
MOST_MESSAGE_BYTES = (1 << 30) + (1 << 20)
# The fields of one message, each element of a repeated one counted by itself.
MOST_SHORT_PARTS = 100_000
MOST_PARTS = 4096  # GenerateImage; a video of 201 frames in one message has as many
_LONG = "GenerateImage"


def service_config() -> str:
    """Return gRPC's service configuration: every call but GenerateImage is a short one."""
    short = {"name": [{"service": SERVICE}], "maxResponseMessageBytes": MOST_SHORT_BYTES}
    long = {
        "name": [{"service": SERVICE, "method": _LONG}],  # which goes before its service
        "maxResponseMessageBytes": MOST_MESSAGE_BYTES,
    }
    return json.dumps({"methodConfig": [short, long]})


def bounded(
    read: Callable[[bytes], T], most: int = MOST_SHORT_PARTS
) -> Callable[[bytes], T | Excess]:
    """Return what reads a message, or returns Excess where it has more than `most` parts.

    gRPC swallows what is raised there, so the error is the result.
    """

    def within_limits(data: bytes) -> T | Excess:
        if has_more_parts(data, most):
            return Excess(f"sends a message of more than {most:,} parts")
        return read(data)

    return within_limits


def has_more_parts(data: bytes, most: int) -> bool:
    """Return whether the message in `data` has more than `most` fields on its uppermost level.

    Looks at no more than that many. Bytes that are no message have none: parsing tells of them.
    """
    try:
        return any(count > most for count, _ in enumerate(fields(data), 1))
    except (IndexError, ValueError):
        return False
