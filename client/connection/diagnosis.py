"""The words for what a look at an address has brought to light: one error for each finding."""

from __future__ import annotations

from ...errors import DrawbridgeError, ProtocolMismatch, ServerUnreachable, TlsMismatch
from ..address import ChooseTransport
from ..server_fields import Transport
from ..store.pins import fingerprint, shortened
from .endpoint import Endpoint
from .finding import Finding, Probed

NAME_IDENTITY = "Name a credential that has a client certificate which this server trusts"
_SWITCH_ON = (
    "Draw Things turn on API Server with the protocol gRPC and compare the port; for gRPCServerCLI"
    " compare --port and --address."
)
_COMPARE_PORT = "Check that the port is that of Draw Things' API Server, with the protocol gRPC"
_COME_WITH = "'{fitting}' for a server with the certificate it came with"
_UNKNOWN_AUTHORITY = {
    Transport.DRAW_THINGS: "It is not the one Draw Things comes with: choose the authority that"
    " signed it.",
    Transport.OWN_CA: f"Give that authority's certificate, or choose {_COME_WITH}.",
}

# Class, fact and remedy. Words in braces are the parts that `describe` has.
_WORDS: dict[Finding, tuple[type[DrawbridgeError], str, str]] = {
    Finding.NO_SUCH_HOST: (
        ServerUnreachable,
        "No computer is called {host} in this network.",
        "Check the spelling of the host, or give its IP address.",
    ),
    Finding.REFUSED: (
        ServerUnreachable,
        "Nothing listens at {address}.",
        f"In {_SWITCH_ON}",
    ),
    Finding.TIMED_OUT: (
        ServerUnreachable,
        "The computer at {address} does not answer at all.",
        "Check that the computer is awake, in the same network, and lets the"
        " port through its firewall.",
    ),
    Finding.NO_ROUTE: (
        ServerUnreachable,
        "This computer finds no way to {address}{bracketed}.",
        "Check the address and this computer's network connection, VPN included.",
    ),
    Finding.NO_TLS: (
        TlsMismatch,
        "The server at {address} does not encrypt, but the connection is set to '{transport}'.",
        "{plaintext}, or turn on Transport Layer Security under API Server in Draw Things"
        " (gRPCServerCLI: leave out --no-tls).",
    ),
    Finding.WANTS_TLS: (
        TlsMismatch,
        "The server at {address} encrypts, but the connection is set to '{transport}'.",
        "{encrypted}, or turn off Transport Layer Security under API Server in Draw Things"
        " (gRPCServerCLI: --no-tls).",
    ),
    Finding.NO_COMMON_TLS: (
        TlsMismatch,
        "The server at {address} and this computer find no common way to encrypt{quoted}.",
        "Let the server speak TLS 1.2 or 1.3, and compare the port.",
    ),
    Finding.CHANGED: (
        TlsMismatch,
        "The server at {address} shows another certificate{shown} than the one that is pinned for"
        " it ({pinned}).",
        "If it was renewed on purpose, forget the pin in ComfyUI's settings or with 'drawbridge"
        " pins forget {address}'; if not, somebody may be posing as the server.",
    ),
    Finding.UNKNOWN_AUTHORITY: (
        TlsMismatch,
        "The certificate of the server at {address} is signed by an authority that '{transport}'"
        " does not trust.",
        f"Choose {_COME_WITH}.",  # but see _UNKNOWN_AUTHORITY
    ),
    Finding.WRONG_NAME: (
        TlsMismatch,
        "The certificate of the server at {address} is made for another name than {name}.",
        "Give the host as the certificate names it, or have a certificate made for this name.",
    ),
    Finding.NO_NAME: (
        TlsMismatch,
        "The certificate of the server at {address} carries no name that can be checked.",
        "Have one made for the server's name or address (subjectAltName).",
    ),
    Finding.EXPIRED: (
        TlsMismatch,
        "The certificate of the server at {address} has expired.",
        "Renew it on the server, and check the date of both computers.",
    ),
    Finding.NOT_YET_VALID: (
        TlsMismatch,
        "The certificate of the server at {address} is not valid yet.",
        "Check the date of both computers.",
    ),
    Finding.UNUSABLE: (
        TlsMismatch,
        "The certificate of the server at {address} cannot be used{quoted}.",
        "Have another one made for the server.",
    ),
    Finding.IDENTITY_WANTED: (
        TlsMismatch,
        "The server at {address} wants a client certificate, and none was sent.",
        f"{NAME_IDENTITY}.",
    ),
    Finding.IDENTITY_REFUSED: (
        TlsMismatch,
        "The server at {address} does not accept the client certificate that was sent.",
        f"{NAME_IDENTITY}, and check that it has not expired.",
    ),
    Finding.DROPPED: (  # some say nothing: gRPC servers do not
        TlsMismatch,
        "The server at {address} ends the connection as soon as it is encrypted, as one does that"
        " wants a client certificate and {guess}.",
        f"{NAME_IDENTITY}, or look at the server's log.",
    ),
    Finding.HTTP: (
        ProtocolMismatch,
        "A web server answers at {address}, not a gRPC server.",
        "In Draw Things set the protocol of API Server to gRPC, not HTTP, and compare the port;"
        " gRPC's is 7859 unless changed.",
    ),
    Finding.CLOSED: (
        ServerUnreachable,
        "Something accepts connections at {address} and closes them whatever is said.",
        f"{_COMPARE_PORT}, and that no firewall or proxy is between.",
    ),
    Finding.SILENT: (
        ServerUnreachable,
        "Something accepts connections at {address}, but does not answer as a gRPC server.",
        f"{_COMPARE_PORT}.",
    ),
    Finding.NOTHING_WRONG: (
        ServerUnreachable,
        "No connection to a gRPC server came about at {address}{waited}.",
        f"Try again; if it stays: in {_SWITCH_ON}",
    ),
}


def describe(endpoint: Endpoint, seen: Probed, waited_seconds: float = 0) -> DrawbridgeError:
    """Return the error for what a probe has seen at an address without a connection."""
    kind, problem, remedy = _WORDS[seen.finding]
    if seen.finding is Finding.UNKNOWN_AUTHORITY:
        remedy = _UNKNOWN_AUTHORITY.get(endpoint.transport, remedy)
    shown = shortened(fingerprint(seen.certificate)) if seen.certificate else ""
    last = seen.words.rstrip(".")
    return kind(
        problem,
        remedy,
        address=endpoint.address,
        host=endpoint.host,
        name=endpoint.expected_name,
        transport=endpoint.transport,
        plaintext=ChooseTransport(Transport.PLAINTEXT),
        encrypted=ChooseTransport(Transport.DRAW_THINGS),
        fitting=Transport.DRAW_THINGS,
        bracketed=f" ({seen.words})" if seen.words else "",
        quoted=f' ("{last}")' if last else "",
        shown=f" ({shown})" if shown else "",
        pinned=shortened(seen.pinned),
        guess="does not accept the one that was sent" if endpoint.identity else "gets none",
        waited=f" within {waited_seconds:g} seconds" if waited_seconds else "",
    )
