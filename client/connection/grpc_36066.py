"""Writing to a streaming call without losing the server's status (grpc/grpc#36066).

Where a server ends a call while this side is writing, `StreamStreamCall.write` puts a status of its
own over the server's, which says what was wrong. What it calls itself does not. That is private to
grpcio, so a version without it gets the public way: all works, and only some errors say less.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

M = TypeVar("M")


class CallEnded(Exception):
    """The server does not listen any longer; the status of the call says why."""


async def write(call: Any, message: M, serialize: Callable[[M], bytes]) -> None:
    """Send a message of a streaming call, which its channel turns into bytes by `serialize`.

    Raises CallEnded.
    """
    inner = getattr(call, "_cython_call", None)
    send = getattr(inner, "send_serialized_message", None)
    try:
        if send is None:
            await call.write(message)
        else:
            await send(serialize(message))
    except Exception as error:  # one of several private kinds
        raise CallEnded from error


async def end(call: Any) -> None:
    """Say that there are no further messages. Raises CallEnded."""
    try:
        await call.done_writing()
    except Exception as error:
        raise CallEnded from error
