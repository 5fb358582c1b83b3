"""The words for a call that failed: gRPC's statuses, and answers that are of no use."""

from __future__ import annotations

import re
from collections.abc import Mapping

import grpc

from ...errors import (
    DrawbridgeError,
    GenerationFailed,
    ProtocolMismatch,
    RequestRejected,
    SecretRejected,
    ServerBusy,
    ServerUnreachable,
    TlsMismatch,
)
from ..safe_text import one_line
from ..server_fields import Transport
from .diagnosis import NAME_IDENTITY
from .endpoint import Endpoint
from .limits import MOST_MESSAGE_BYTES, MOST_SHORT_BYTES

Status = grpc.StatusCode
# Class, fact and remedy, with the braces {address} and {said}, the server's own words.
Words = tuple[type[DrawbridgeError], str, str]

# What grpc-swift says for every error of the server's own (docs/protocol.md 1.2).
_SWIFT_ERROR = "unknown error processing request"
_BAD_REQUEST = "status: 400"
# What gRPC says where a proxy ends the stream of a server that has died: there are no trailers.
_CUT_BY_PROXY = "END_STREAM"
# nginx and Envoy reset the stream, with HTTP/2's INTERNAL_ERROR. No server says this itself.
_RESET_BY_PROXY = "RST_STREAM"
_IS_IT_ONE = "Check that it is a Draw Things server; if it is, "
_LOOK_AT_MODEL = (
    "Check that the model and every file it needs are complete on the server, that Bridge Mode and"
    " Server Offload are off in the Draw Things app there, and look at its log."
)

_REFUSED: Words = (
    RequestRejected,
    "The server at {address} refuses access{said}.",
    "Use a server of your own: a cloud server wants an account's token, which"
    " Drawbridge does not have.",
)
_INVALID: Words = (
    RequestRejected,
    "The server at {address} rejects the request{said}.",
    "Change what it names.",
)
_BROKEN: Words = (
    ServerUnreachable,
    "The connection to {address} broke before the server answered{said}.",
    "Check that the server still runs and try again.",
)
_BROKEN_MIDWAY: Words = (
    ServerUnreachable,
    "The connection to {address} broke in the middle of the generation{said}.",
    "Check that the server still runs; if it stops again at the same request, its log says why, and"
    " smaller pictures or another model may help.",
)
# What means the same for every call ...
_OF_EVERY_CALL: Mapping[Status, Words] = {
    Status.UNAVAILABLE: _BROKEN,
    Status.UNIMPLEMENTED: (
        ProtocolMismatch,
        "The server at {address} does not know this call{said}.",
        "Check that the port is that of a Draw Things server, and update it if it is one.",
    ),
    Status.PERMISSION_DENIED: _REFUSED,
    Status.UNAUTHENTICATED: _REFUSED,
    Status.INVALID_ARGUMENT: _INVALID,
    Status.FAILED_PRECONDITION: _INVALID,
    Status.OUT_OF_RANGE: _INVALID,
    Status.NOT_FOUND: _INVALID,
    Status.ALREADY_EXISTS: _INVALID,
}
# ... and what is a generation's own.
_GAVE_UP: Words = (
    GenerationFailed,
    "The server at {address} gave up the generation{said}.",
    "It may have waited too long in a queue: generate again.",
)
_OF_GENERATIONS: Mapping[Status, Words] = {
    Status.CANCELLED: (
        GenerationFailed,
        "The server at {address} stopped the generation itself{said}.",
        "Somebody may have stopped it there: generate again.",
    ),
    Status.DATA_LOSS: (
        GenerationFailed,
        "Part of the answer of the server at {address} was lost{said}.",
        "Generate again.",
    ),
    Status.ABORTED: _GAVE_UP,
    Status.DEADLINE_EXCEEDED: _GAVE_UP,
}
_FAILED_ITSELF: Words = (
    GenerationFailed,
    "The server at {address} took the request and then failed at it{said}.",
    _LOOK_AT_MODEL,
)
_FAILED_UNCONFIRMED: Words = (
    GenerationFailed,
    "The server at {address} reports an error of its own, and was too busy to confirm the shared"
    " secret before.",
    "Check the shared secret and that all files of the model are complete there.",
)


def from_status(
    endpoint: Endpoint,
    code: grpc.StatusCode,
    details: str | None,
    *,
    generating: bool,
    started: bool = False,
    secret_confirmed: bool = True,
) -> DrawbridgeError:
    """Return the error for a status that a connected server, or gRPC on its behalf, has given.

    `generating` tells GenerateImage from the short calls, `started` says that something had come
    back already, `secret_confirmed` that an Echo had accepted the secret.
    """
    words = own_words(endpoint, details)
    if (code is Status.UNKNOWN and _CUT_BY_PROXY in words) or (
        code is Status.INTERNAL and _RESET_BY_PROXY in words
    ):
        code = Status.UNAVAILABLE
    if code is Status.RESOURCE_EXHAUSTED:
        return _exhausted(endpoint, words, generating)
    of_generations = _OF_GENERATIONS.get(code) if generating else None
    if code is Status.UNAVAILABLE and generating and started:
        found = _BROKEN_MIDWAY
    elif code in _OF_EVERY_CALL:
        found = _OF_EVERY_CALL[code]
    elif _BAD_REQUEST in words and endpoint.transport is not Transport.PLAINTEXT:
        found = (  # nginx asks for a certificate and complains in HTTP
            TlsMismatch,
            "A web server in front of {address} refuses the call{said}, as one does that wants a"
            " client certificate.",
            f"{NAME_IDENTITY}, or look at the web server's log.",
        )
    elif not generating:
        found = (
            ProtocolMismatch,
            "The server at {address} failed to answer: {code}{said}.",
            "Check that it is a Draw Things server, and look at its log.",
        )
    elif of_generations is not None:
        found = of_generations
    elif code is Status.INTERNAL and _SWIFT_ERROR in words:
        found = _FAILED_ITSELF if secret_confirmed else _FAILED_UNCONFIRMED
    else:
        found = (
            GenerationFailed,
            "The server at {address} failed while generating: {code}{said}.",
            _LOOK_AT_MODEL,
        )
    return in_full(found, endpoint, code=code.name, said=quoted(words))


def _exhausted(endpoint: Endpoint, words: str, generating: bool) -> DrawbridgeError:
    """Return the error for a message too large, or a server without room, which share a status."""
    if _is_own_limit(words):
        most_bytes = MOST_MESSAGE_BYTES if generating else MOST_SHORT_BYTES
        return excessive(endpoint, f"answers with more than {most_bytes >> 20:,} MiB at once")
    if "metadata size" in words:
        return excessive(endpoint, "answers with headers of more than 16 kB")
    if re.search(r"larger than|too large|max|exceeds limit", words, re.IGNORECASE):
        found: Words = (
            RequestRejected,
            "The message is larger than the server at {address} takes{said}.",
            "Send fewer or smaller pictures." if generating else "Ask for less at once.",
        )
    else:
        found = (
            ServerBusy,
            "The server at {address} has no room for this request{said}.",
            "Wait and try again, or ask for less.",
        )
    return in_full(found, endpoint, said=quoted(words))


def _is_own_limit(words: str) -> bool:
    """Return whether gRPC on this side has refused an answer for its size, not the server a
    request, for which it has nearly the same words.
    """
    own = (f"vs. {MOST_SHORT_BYTES}", f"vs. {MOST_MESSAGE_BYTES}", "CLIENT: Received")
    return words.startswith("Decompressed message larger") or any(one in words for one in own)


def in_full(words: Words, endpoint: Endpoint, **parts: str) -> DrawbridgeError:
    """Return the error that says `words` of a server, with `parts` in their braces."""
    kind, problem, remedy = words
    return kind(problem, remedy, address=endpoint.address, **parts)


def own_words(endpoint: Endpoint, details: str | None) -> str:
    """Return the server's words on one line, of bounded length and without our secret."""
    text = details or ""
    if endpoint.secret is not None:
        text = text.replace(endpoint.secret.reveal(), "***")
    shown = one_line(text)
    return shown if shown.endswith("...") else shown.rstrip(".")


def quoted(words: str) -> str:
    """Return a server's words as they end a clause, "" where it has none."""
    return f' ("{words}")' if words else ""


def secret_rejected(endpoint: Endpoint) -> SecretRejected:
    """Return the error for an Echo that answers with `sharedSecretMissing`."""
    remedy = (
        "Name a credential whose secret is the one under API Server in Draw Things, or after"
        " --shared-secret of gRPCServerCLI."
    )
    if endpoint.secret is None:
        return SecretRejected(
            f"The server at {endpoint.address} wants a shared secret, and none was sent.", remedy
        )
    return SecretRejected(
        f"The server at {endpoint.address} does not accept the shared secret that was sent.", remedy
    )


def busy(endpoint: Endpoint, waited_seconds: float) -> ServerBusy:
    """Return the error for a connected server that leaves a short question unanswered."""
    return ServerBusy(
        f"The server at {endpoint.address} is connected but did not answer within"
        f" {waited_seconds:g} seconds.",
        "It is probably generating: wait until it has finished, or stop it there.",
    )


def closed_here(endpoint: Endpoint) -> ServerUnreachable:
    """Return the error for a call whose client was closed while it ran."""
    return ServerUnreachable(
        f"The connection to {endpoint.address} was closed on this side during the call.",
        "Run it again.",
    )


def unreadable(endpoint: Endpoint) -> ProtocolMismatch:
    """Return the error for bytes that are no message of the service."""
    return ProtocolMismatch(
        f"The server at {endpoint.address} sent a message that cannot be read.",
        f"{_IS_IT_ONE}update Drawbridge or report this.",
    )


def excessive(endpoint: Endpoint, fact: str) -> ProtocolMismatch:
    """Return the error for more than is taken from a server; `fact` is a clause with the limit."""
    return ProtocolMismatch(
        f"The server at {endpoint.address} {fact}, which is the most that is taken.",
        f"{_IS_IT_ONE}report this with its version.",
    )
