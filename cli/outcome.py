"""Exit codes, and errors in the words of the command line."""

from __future__ import annotations

from ..client.address import ChooseTransport
from ..client.server_fields import Transport
from ..client.store.credential_sources import Advice
from ..errors import (
    CredentialMissing,
    DrawbridgeError,
    ModelUnavailable,
    RequestRejected,
    SecretRejected,
    ServerUnreachable,
    StoreUnusable,
    TlsMismatch,
)

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

# What --transport calls the transports, whose values are words for a menu.
TRANSPORTS = {
    "plaintext": Transport.PLAINTEXT,
    "draw-things": Transport.DRAW_THINGS,
    "own-ca": Transport.OWN_CA,
    "system": Transport.SYSTEM,
    "pinned": Transport.PINNED,
}


def word_of(transport: Transport) -> str:
    """Return what --transport calls a transport."""
    return next(word for word, one in TRANSPORTS.items() if one is transport)


class Usage(DrawbridgeError):
    """The command cannot mean what it says: an option, or a file of this computer, is wrong."""


class Interrupted(DrawbridgeError):
    """The person pressed Ctrl-C."""


_CODES: tuple[tuple[type[DrawbridgeError], int], ...] = (
    (Usage, USAGE),
    (StoreUnusable, USAGE),
    (Interrupted, INTERRUPTED),
    (ServerUnreachable, 3),
    (TlsMismatch, 4),
    (SecretRejected, 5),
    (CredentialMissing, 5),
    (ModelUnavailable, 6),
    (RequestRejected, 7),
)

EXPLAINED = """\
exit codes:
  0    it worked
  1    the server failed, or what it sent cannot be used
  2    the command, or a file on this computer, is not right
  3    the server cannot be reached
  4    the two sides disagree about encryption or a certificate
  5    the shared secret is wrong, or there is no such credential
  6    the server does not have a model or a file
  7    the request is refused
  130  interrupted (Ctrl-C); the server has been told to stop"""


def exit_code(error: DrawbridgeError) -> int:
    """Return the exit code of a command that ends with this error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILED)


def fields(error: DrawbridgeError) -> dict[str, str]:
    """Return an error for a script: `kind` is the name of its class."""
    problem, remedy = error.in_words(_in_our_words)
    return {"kind": type(error).__name__, "problem": problem, "remedy": remedy}


def _in_our_words(part: object) -> str:
    match part:
        case Transport():
            return word_of(part)
        case ChooseTransport():
            return f"Choose --transport {word_of(part.transport)}"
        case Advice.MANAGE:
            return "by `drawbridge credentials`"
        case Advice.NAME_NONE:
            return "or leave --credential out if that has none."
        case _:
            return str(part)
