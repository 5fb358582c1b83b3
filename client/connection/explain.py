"""Which error a failed call is: the one place that reads gRPC's statuses."""

from __future__ import annotations

import asyncio
import re

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
    UploadFailed,
)
from ..address import ChooseTransport, Transport
from ..safe_text import one_line
from ..store.pins import Pin, fingerprint, shortened
from ..threads import in_stoppable_thread
from .endpoint import Endpoint
from .finding import Finding, Probed
from .limits import MOST_MESSAGE_BYTES, MOST_SHORT_BYTES
from .probe import probe

_PROBE_SECONDS = 4.0
# What grpc-swift says for every error of the server's own (docs/protocol.md 1.2).
_SWIFT_ERROR = "unknown error processing request"

_SWITCH_ON = (
    "In Draw Things turn on API Server with the protocol gRPC and compare the port;"
    " for gRPCServerCLI compare --port and --address."
)


async def unreachable(
    endpoint: Endpoint, waited_seconds: float = 0, pin: Pin | None = None
) -> DrawbridgeError:
    """Look at an address to which no connection came about, and return the error that says why."""
    try:
        seen = await look(endpoint, _PROBE_SECONDS, pin)
    except RequestRejected as error:
        return error
    return describe(endpoint, seen, waited_seconds)


async def look(
    endpoint: Endpoint, seconds: float, pin: Pin | None = None, stay: bool = True
) -> Probed:
    """Return what a probe sees at an address. Raises RequestRejected."""
    seeing = in_stoppable_thread(lambda stop: probe(endpoint, seconds, stop, pin, stay))
    try:
        return await asyncio.wait_for(seeing, 2 * seconds)
    except asyncio.TimeoutError:  # a look-up of the host's name can hang beyond every limit
        return Probed(Finding.TIMED_OUT)


def describe(endpoint: Endpoint, seen: Probed, waited_seconds: float = 0) -> DrawbridgeError:
    """Return the error for what a probe has seen at an address without a connection."""
    address, finding = endpoint.address, seen.finding
    if finding is Finding.NO_SUCH_HOST:
        return ServerUnreachable(
            f"No computer is called {endpoint.host} in this network.",
            "Check the spelling of the host, or give its IP address.",
        )
    if finding is Finding.REFUSED:
        return ServerUnreachable(f"Nothing listens at {address}.", _SWITCH_ON)
    if finding is Finding.TIMED_OUT:
        return ServerUnreachable(
            f"The computer at {address} does not answer at all.",
            "Check that the computer is awake, in the same network, and lets the port through"
            " its firewall.",
        )
    if finding is Finding.NO_ROUTE:
        words = f" ({seen.words})" if seen.words else ""
        return ServerUnreachable(
            f"This computer finds no way to {address}{words}.",
            "Check the address and this computer's network connection, VPN included.",
        )
    if finding is Finding.NO_TLS:
        return TlsMismatch(
            "The server at {address} does not encrypt, but the connection is set to '{transport}'.",
            "{choose}, or turn on Transport Layer Security under API Server in Draw Things"
            " (gRPCServerCLI: leave out --no-tls).",
            address=address,
            transport=endpoint.transport,
            choose=ChooseTransport(Transport.PLAINTEXT),
        )
    if finding is Finding.WANTS_TLS:
        return TlsMismatch(
            "The server at {address} encrypts, but the connection is set to '{transport}'.",
            "{choose}, or turn off Transport Layer Security under API Server in Draw Things"
            " (gRPCServerCLI: --no-tls).",
            address=address,
            transport=Transport.PLAINTEXT,
            choose=ChooseTransport(Transport.DRAW_THINGS),
        )
    if finding is Finding.HTTP:
        return ProtocolMismatch(
            f"A web server answers at {address}, not a gRPC server.",
            "In Draw Things set the protocol of API Server to gRPC, not HTTP, and compare the port;"
            " gRPC's is 7859 unless changed.",
        )
    if finding in _CERTIFICATES:
        return _bad_certificate(endpoint, seen)
    if finding in _IDENTITIES or finding is Finding.NO_COMMON_TLS:
        return _bad_handshake(endpoint, seen)
    if finding is Finding.CLOSED:
        return ServerUnreachable(
            f"Something accepts connections at {address} and closes them whatever is said.",
            "Check that the port is that of Draw Things' API Server, with the protocol gRPC, and"
            " that no firewall or proxy is between.",
        )
    if finding is Finding.SILENT:
        return ServerUnreachable(
            f"Something accepts connections at {address}, but does not answer as a gRPC server.",
            "Check that the port is that of Draw Things' API Server, with the protocol gRPC.",
        )
    waited = f" within {waited_seconds:g} seconds" if waited_seconds else ""
    return ServerUnreachable(
        f"No connection to a gRPC server came about at {address}{waited}.",
        f"Try again; if it stays: {_SWITCH_ON[0].lower()}{_SWITCH_ON[1:]}",
    )


_CERTIFICATES = frozenset(
    {
        *(Finding.CHANGED, Finding.UNKNOWN_AUTHORITY, Finding.WRONG_NAME, Finding.NO_NAME),
        *(Finding.EXPIRED, Finding.NOT_YET_VALID, Finding.UNUSABLE),
    }
)
_IDENTITIES = frozenset(
    {Finding.IDENTITY_WANTED, Finding.IDENTITY_REFUSED, Finding.DROPPED},
)
_NAME_IDENTITY = "Name a credential that has a client certificate which this server trusts"


def _bad_handshake(endpoint: Endpoint, seen: Probed) -> TlsMismatch:
    address = endpoint.address
    if seen.finding is Finding.IDENTITY_WANTED:
        return TlsMismatch(
            f"The server at {address} wants a client certificate, and none was sent.",
            f"{_NAME_IDENTITY}.",
        )
    if seen.finding is Finding.IDENTITY_REFUSED:
        return TlsMismatch(
            f"The server at {address} does not accept the client certificate that was sent.",
            f"{_NAME_IDENTITY}, and check that it has not expired.",
        )
    if seen.finding is Finding.DROPPED:  # some say nothing: gRPC servers do not
        guess = "does not accept the one that was sent" if endpoint.identity else "gets none"
        return TlsMismatch(
            f"The server at {address} ends the connection as soon as it is encrypted, as one does"
            f" that wants a client certificate and {guess}.",
            f"{_NAME_IDENTITY}, or look at the server's log.",
        )
    return TlsMismatch(
        f"The server at {address} and this computer find no common way to encrypt"
        f"{_quoted(seen.words)}.",
        "Let the server speak TLS 1.2 or 1.3, and compare the port.",
    )


def _quoted(words: str) -> str:
    return f' ("{words.rstrip(".")}")' if words else ""


def _bad_certificate(endpoint: Endpoint, seen: Probed) -> TlsMismatch:
    address, finding = endpoint.address, seen.finding
    if finding is Finding.CHANGED:
        other = f" ({shortened(fingerprint(seen.certificate))})" if seen.certificate else ""
        return TlsMismatch(
            f"The server at {address} shows another certificate{other} than the one that is pinned"
            f" for it ({shortened(seen.pinned)}).",
            "If it was renewed on purpose, forget the pin in ComfyUI's settings or with 'drawbridge"
            f" pins forget {address}'; if not, somebody may be posing as the server.",
        )
    if finding is Finding.NO_NAME:
        return TlsMismatch(
            f"The certificate of the server at {address} carries no name that can be checked.",
            "Have one made for the server's name or address (subjectAltName).",
        )
    if finding is Finding.UNUSABLE:
        return TlsMismatch(
            f"The certificate of the server at {address} cannot be used{_quoted(seen.words)}.",
            "Have another one made for the server.",
        )
    if finding is Finding.WRONG_NAME:
        return TlsMismatch(
            f"The certificate of the server at {address} is made for another name than"
            f" {endpoint.expected_name}.",
            "Give the host as the certificate names it, or have a certificate made for this name.",
        )
    if finding is Finding.EXPIRED:
        return TlsMismatch(
            f"The certificate of the server at {address} has expired.",
            "Renew it on the server, and check the date of both computers.",
        )
    if finding is Finding.NOT_YET_VALID:
        return TlsMismatch(
            f"The certificate of the server at {address} is not valid yet.",
            "Check the date of both computers.",
        )
    come_with = "'{fitting}' for a server with the certificate it came with"
    remedies = {
        Transport.DRAW_THINGS: "It is not the one Draw Things comes with: choose the authority that"
        " signed it.",
        Transport.OWN_CA: f"Give that authority's certificate, or choose {come_with}.",
    }
    return TlsMismatch(
        "The certificate of the server at {address} is signed by an authority that '{transport}'"
        " does not trust.",
        remedies.get(endpoint.transport, f"Choose {come_with}."),
        address=address,
        transport=endpoint.transport,
        fitting=Transport.DRAW_THINGS,
    )


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
        "Check that it is a Draw Things server; if it is, update Drawbridge or report this.",
    )


def excessive(endpoint: Endpoint, fact: str) -> ProtocolMismatch:
    """Return the error for more than is taken from a server; `fact` is a clause with the limit."""
    return ProtocolMismatch(
        f"The server at {endpoint.address} {fact}, which is the most that is taken.",
        "Check that it is a Draw Things server; if it is, report this with its version.",
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
    words = _words(endpoint, details)
    said = f' ("{words}")' if words else ""
    address = endpoint.address
    if code is grpc.StatusCode.UNAVAILABLE:
        if generating and started:
            return ServerUnreachable(
                f"The connection to {address} broke in the middle of the generation{said}.",
                "Check that the server still runs; if it stops again at the same request, its"
                " log says"
                " why, and smaller pictures or another model may help.",
            )
        return ServerUnreachable(
            f"The connection to {address} broke before the server answered{said}.",
            "Check that the server still runs and try again.",
        )
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return ProtocolMismatch(
            f"The server at {address} does not know this call{said}.",
            "Check that the port is that of a Draw Things server, and update it if it is one.",
        )
    if code in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED):
        return RequestRejected(
            f"The server at {address} refuses access{said}.",
            "Use a server of your own: a cloud server wants an account's token, which Drawbridge"
            " does not have.",
        )
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        if _is_own_limit(words):
            most_bytes = MOST_MESSAGE_BYTES if generating else MOST_SHORT_BYTES
            return excessive(endpoint, f"answers with more than {most_bytes >> 20:,} MiB at once")
        if "metadata size" in words:
            return excessive(endpoint, "answers with headers of more than 16 kB")
        if re.search(r"larger than|too large|max", words, re.IGNORECASE):
            return RequestRejected(
                f"The message is larger than the server at {address} takes{said}.",
                "Send fewer or smaller pictures.",
            )
        return ServerBusy(
            f"The server at {address} has no room for this request{said}.",
            "Wait and try again, or ask for less.",
        )
    if code in _INVALID:
        return RequestRejected(
            f"The server at {address} rejects the request{said}.", "Change what it names."
        )
    if _BAD_REQUEST in words and endpoint.transport is not Transport.PLAINTEXT:
        return TlsMismatch(  # nginx asks for a certificate and complains in HTTP
            f"A web server in front of {address} refuses the call{said}, as one does that wants a"
            " client certificate.",
            f"{_NAME_IDENTITY}, or look at the web server's log.",
        )
    if not generating:
        return ProtocolMismatch(
            f"The server at {address} failed to answer: {code.name}{said}.",
            "Check that it is a Draw Things server, and look at its log.",
        )
    return _failed(address, code, words, said, secret_confirmed)


def _is_own_limit(words: str) -> bool:
    """Return whether gRPC on this side has refused an answer for its size, not the server a
    request, for which it has nearly the same words.
    """
    own = (f"vs. {MOST_SHORT_BYTES}", f"vs. {MOST_MESSAGE_BYTES}", "CLIENT: Received")
    return words.startswith("Decompressed message larger") or any(one in words for one in own)


_BAD_REQUEST = "status: 400"
_INVALID = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.ALREADY_EXISTS,
    }
)


def _failed(
    address: str, code: grpc.StatusCode, words: str, said: str, secret_confirmed: bool
) -> GenerationFailed:
    if code is grpc.StatusCode.CANCELLED:
        return GenerationFailed(
            f"The server at {address} stopped the generation itself{said}.",
            "Somebody may have stopped it there: generate again.",
        )
    if code is grpc.StatusCode.DATA_LOSS:
        return GenerationFailed(
            f"Part of the answer of the server at {address} was lost{said}.", "Generate again."
        )
    if code in (grpc.StatusCode.ABORTED, grpc.StatusCode.DEADLINE_EXCEEDED):
        return GenerationFailed(
            f"The server at {address} gave up the generation{said}.",
            "It may have waited too long in a queue: generate again.",
        )
    if code is grpc.StatusCode.INTERNAL and _SWIFT_ERROR in words:
        if secret_confirmed:
            return GenerationFailed(
                f"The server at {address} took the request and then failed at it{said}.",
                "Check that the model and every file it needs are complete on the server, and look"
                " at its log.",
            )
        return GenerationFailed(
            f"The server at {address} reports an error of its own, and was too busy to confirm the"
            " shared secret before.",
            "Check the shared secret and that all files of the model are complete there.",
        )
    return GenerationFailed(
        f"The server at {address} failed while generating: {code.name}{said}.",
        "Check that the model and every file it needs are complete on the server, and look at"
        " its log.",
    )


def from_upload_status(
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
    words = _words(endpoint, details)
    said = f' ("{words}")' if words else ""
    address = endpoint.address
    if code is grpc.StatusCode.UNAVAILABLE:
        times = f", {attempts} times" if attempts > 1 else ""
        return ServerUnreachable(
            f"The connection to {address} broke while {name} was sent{times}{said}.",
            "Check the network and that the server still runs, then send it again: uploads start"
            " from the beginning.",
        )
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return RequestRejected(
            f"The server at {address} takes no files{said}.",
            "Send the file to a Draw Things server of your own: a proxy or a cloud does not take"
            " any.",
        )
    if code is grpc.StatusCode.DATA_LOSS:
        return UploadFailed(
            f"The file {name} did not arrive at {address} as it is here{said}.",
            "Send it again; if it stays, look for a second upload of the same name, and check the"
            " server's disk.",
        )
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        return UploadFailed(
            f"The server at {address} did not get {name} in its full length{said}.",
            "Send it again.",
        )
    if code is grpc.StatusCode.INTERNAL and _NO_FILE in words:
        return UploadFailed(
            f"The server at {address} cannot make the file {name}{said}.",
            "Check that its models folder can be written to and its disk has room, or give another"
            " remote name.",
        )
    if code is grpc.StatusCode.INTERNAL and not secret_confirmed:
        return UploadFailed(
            f"The server at {address} refused {name}, and was too busy to confirm the shared secret"
            f" before{said}.",
            "Check the shared secret and send the file again.",
        )
    if code is grpc.StatusCode.CANCELLED:
        return UploadFailed(
            f"The server at {address} stopped the upload of {name}{said}.", "Send it again."
        )
    if code in _REFUSING:
        return from_status(endpoint, code, details, generating=False)
    return UploadFailed(
        f"The server at {address} failed to take {name}: {code.name}{said}.",
        "Check that its disk has room, look at its log, and send the file again.",
    )


_NO_FILE = "Failed to create file handle"
_REFUSING = frozenset(
    {
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)


def upload_cut_short(endpoint: Endpoint, name: str) -> ProtocolMismatch:
    """Return the error for a server whose acknowledgements cannot be those of this upload."""
    return ProtocolMismatch(
        f"The server at {endpoint.address} did not confirm what was sent of {name}.",
        "Check that it is a Draw Things server; if it is, update Drawbridge or report this.",
    )


def upload_refused(endpoint: Endpoint, name: str, message: str) -> UploadFailed:
    """Return the error for a server that answers a part of a file with "no"; `message` is its own
    word for it.
    """
    words = _words(endpoint, message)
    said = f' ("{words}")' if words else ""
    return UploadFailed(
        f"The server at {endpoint.address} did not take what was sent of {name}{said}.",
        "Check that its disk has room, look at its log, and send the file again.",
    )


def unknown_content(endpoint: Endpoint, name: str) -> RequestRejected:
    """Return the error for a name that the server has without telling a hash: a folder perhaps."""
    return RequestRejected(
        f"The server at {endpoint.address} has {name}, but does not tell its hash.",
        "Give another remote name, or switch the comparison off and use what is there.",
    )


def no_pictures(endpoint: Endpoint) -> GenerationFailed:
    """Return the error for a generation that ends well and empty (docs/protocol.md 1.8)."""
    return GenerationFailed(
        f"The server at {endpoint.address} finished without a picture.",
        "It was stopped there, its numbers overflowed, or the model needs an image that it did not"
        " get: try another seed, fewer LoRAs, a lower guidance scale, or give the image.",
    )


def too_few(endpoint: Endpoint, asked: int, got: int) -> GenerationFailed:
    """Return the error for a batch that comes back incomplete."""
    return GenerationFailed(
        f"The server at {endpoint.address} gave {got} of {asked} pictures.",
        "Generate again; if it stays, this model makes one at a time: set batch_size to 1.",
    )


def _words(endpoint: Endpoint, details: str | None) -> str:
    """Return the server's words on one line, of bounded length and without our secret."""
    text = details or ""
    if endpoint.secret is not None:
        text = text.replace(endpoint.secret.reveal(), "***")
    shown = one_line(text)
    return shown if shown.endswith("...") else shown.rstrip(".")
