"""The words for a file that did not arrive: gRPC's statuses, and answers that are of no use."""

from __future__ import annotations

from collections.abc import Mapping

import grpc

from ...errors import (
    DrawbridgeError,
    ProtocolMismatch,
    RequestRejected,
    ServerUnreachable,
    UploadFailed,
)
from ..connection import call_error
from ..connection.call_error import Status, Words, in_full, own_words, quoted
from ..connection.endpoint import Endpoint

_LOOK_AT_DISK = "Check that its disk has room, look at its log, and send the file again."
_NO_FILE = "Failed to create file handle"
_REFUSING = frozenset(
    {Status.PERMISSION_DENIED, Status.UNAUTHENTICATED, Status.RESOURCE_EXHAUSTED},
)
_WORDS: Mapping[Status, Words] = {
    Status.UNAVAILABLE: (
        ServerUnreachable,
        "The connection to {address} broke while {name} was sent{times}{said}.",
        "Check the network and that the server still runs, then send it again: uploads start from"
        " the beginning.",
    ),
    Status.UNIMPLEMENTED: (
        RequestRejected,
        "The server at {address} takes no files{said}.",
        "Send the file to a Draw Things server of your own: a proxy or a cloud does not take any.",
    ),
    Status.DATA_LOSS: (
        UploadFailed,
        "The file {name} did not arrive at {address} as it is here{said}.",
        "Send it again; if it stays, look for a second upload of the same name, and check the"
        " server's disk.",
    ),
    Status.INVALID_ARGUMENT: (
        UploadFailed,
        "The server at {address} did not get {name} in its full length{said}.",
        "Send it again.",
    ),
    Status.CANCELLED: (
        UploadFailed,
        "The server at {address} stopped the upload of {name}{said}.",
        "Send it again.",
    ),
}
_CANNOT_MAKE: Words = (
    UploadFailed,
    "The server at {address} cannot make the file {name}{said}.",
    "Check that its models folder can be written to and its disk has room, or"
    " give another remote name.",
)
_UNCONFIRMED: Words = (
    UploadFailed,
    "The server at {address} refused {name}, and was too busy to confirm"
    " the shared secret before{said}.",
    "Check the shared secret and send the file again.",
)
_OTHER: Words = (
    UploadFailed,
    "The server at {address} failed to take {name}: {code}{said}.",
    _LOOK_AT_DISK,
)


def from_status(
    endpoint: Endpoint,
    code: grpc.StatusCode,
    details: str | None,
    *,
    name: str,
    attempts: int = 1,
    secret_confirmed: bool = True,
) -> DrawbridgeError:
    """Return the error for the status that ended the upload of file `name` (docs/protocol.md 1.7).

    `attempts` says how often it was tried.
    """
    if code in _REFUSING:
        return call_error.from_status(endpoint, code, details, generating=False)
    words = own_words(endpoint, details)
    found = _WORDS.get(code, _OTHER)
    if code is Status.INTERNAL and _NO_FILE in words:
        found = _CANNOT_MAKE
    elif code is Status.INTERNAL and not secret_confirmed:
        found = _UNCONFIRMED
    times = f", {attempts} times" if attempts > 1 else ""
    return in_full(found, endpoint, name=name, code=code.name, times=times, said=quoted(words))


def cut_short(endpoint: Endpoint, name: str) -> ProtocolMismatch:
    """Return the error for a server whose acknowledgements cannot be those of this upload."""
    return ProtocolMismatch(
        f"The server at {endpoint.address} did not confirm what was sent of {name}.",
        "Check that it is a Draw Things server; if it is, update Drawbridge or report this.",
    )


def refused(endpoint: Endpoint, name: str, message: str) -> UploadFailed:
    """Return the error for a server that answers a part of a file with "no"; `message` is its own
    word for it.
    """
    said = quoted(own_words(endpoint, message))
    return UploadFailed(
        f"The server at {endpoint.address} did not take what was sent of {name}{said}.",
        _LOOK_AT_DISK,
    )


def unknown_content(endpoint: Endpoint, name: str) -> RequestRejected:
    """Return the error for a name that the server has without telling a hash: a folder perhaps."""
    return RequestRejected(
        f"The server at {endpoint.address} has {name}, but does not tell its hash.",
        "Give another remote name, or switch the comparison off and use what is there.",
    )
