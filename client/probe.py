"""What is really at an address: a look with plain sockets, without a secret, where gRPC's words are
vague.
"""

from __future__ import annotations

import enum
import errno
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from .channel import trusted_roots
from .endpoint import Endpoint, Transport

_EXPIRED, _NOT_YET_VALID = 10, 9
_WRONG_NAME = frozenset({62, 64})  # host name, IP address
_PREFACE_SECONDS = 1.0


class Finding(enum.Enum):
    """What the probe saw; the order is that of the steps towards a connection."""

    NO_SUCH_HOST = enum.auto()
    REFUSED = enum.auto()
    TIMED_OUT = enum.auto()
    NO_ROUTE = enum.auto()
    NO_TLS = enum.auto()
    WANTS_TLS = enum.auto()
    UNKNOWN_AUTHORITY = enum.auto()
    WRONG_NAME = enum.auto()
    EXPIRED = enum.auto()
    NOT_YET_VALID = enum.auto()
    HTTP = enum.auto()
    SILENT = enum.auto()
    NOTHING_WRONG = enum.auto()


@dataclass(frozen=True)
class Probed:
    """A finding and the other side's own words for it, if it had any."""

    finding: Finding
    words: str = ""


def probe(endpoint: Endpoint, timeout_seconds: float, stop: Callable[[], bool]) -> Probed:
    """Look up, connect and shake hands within about `timeout_seconds`; for a thread."""
    until = time.monotonic() + timeout_seconds
    try:
        connection = _connect(endpoint, until, stop)
    except socket.gaierror as error:
        return Probed(Finding.NO_SUCH_HOST, error.strerror or "")
    except TimeoutError:
        return Probed(Finding.TIMED_OUT)
    except ConnectionRefusedError:
        return Probed(Finding.REFUSED)
    except OSError as error:
        timed_out = error.errno == errno.ETIMEDOUT
        return Probed(Finding.TIMED_OUT if timed_out else Finding.NO_ROUTE, error.strerror or "")
    with connection:
        if endpoint.transport is Transport.PLAINTEXT:
            return _look_at_plaintext(endpoint, connection, until, stop)
        return _shake_hands(endpoint, connection, until)


def _connect(endpoint: Endpoint, until: float, stop: Callable[[], bool]) -> socket.socket:
    problem: OSError = TimeoutError()
    rows = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    for row in rows:
        if stop():
            break
        try:
            return socket.create_connection((str(row[4][0]), endpoint.port), timeout=_left(until))
        except OSError as error:
            problem = error
    raise problem


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.05)


def _shake_hands(endpoint: Endpoint, connection: socket.socket, until: float) -> Probed:
    context = ssl.create_default_context()
    # Python 3.13 is stricter than gRPC about old authorities.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    context.set_alpn_protocols(["h2"])
    roots = trusted_roots(endpoint)
    if roots is not None:
        context = _with_roots(context, roots)
    connection.settimeout(_left(until))
    try:
        with context.wrap_socket(connection, server_hostname=endpoint.expected_name) as shaken:
            speaks_http2 = shaken.selected_alpn_protocol() == "h2"
            return Probed(Finding.NOTHING_WRONG if speaks_http2 else Finding.HTTP)
    except ssl.SSLCertVerificationError as error:
        return Probed(_certificate_finding(error.verify_code), error.verify_message)
    except TimeoutError:
        return Probed(Finding.SILENT)
    except OSError as error:  # not TLS: "wrong version number", or the connection was dropped
        return Probed(Finding.NO_TLS, str(error))


def _with_roots(context: ssl.SSLContext, roots: bytes) -> ssl.SSLContext:
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ours.verify_flags = context.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN
    ours.set_alpn_protocols(["h2"])
    ours.load_verify_locations(cadata=roots.decode("ascii"))
    return ours


def _certificate_finding(code: int) -> Finding:
    if code == _EXPIRED:
        return Finding.EXPIRED
    if code == _NOT_YET_VALID:
        return Finding.NOT_YET_VALID
    return Finding.WRONG_NAME if code in _WRONG_NAME else Finding.UNKNOWN_AUTHORITY


def _look_at_plaintext(
    endpoint: Endpoint, connection: socket.socket, until: float, stop: Callable[[], bool]
) -> Probed:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    connection.settimeout(min(_left(until), _PREFACE_SECONDS))
    try:
        with context.wrap_socket(connection):
            return Probed(Finding.WANTS_TLS)
    except OSError:
        pass  # it does not speak TLS, as it should not
    try:
        with _connect(endpoint, until, stop) as second:
            return _ask_http(second, until)
    except OSError:
        return Probed(Finding.SILENT)


def _ask_http(connection: socket.socket, until: float) -> Probed:
    """Send what a browser would: a web server answers in HTTP/1, a gRPC server in frames."""
    connection.settimeout(min(_left(until), _PREFACE_SECONDS))
    try:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = connection.recv(64)
    except OSError:
        return Probed(Finding.SILENT)
    if answer.startswith(b"HTTP/"):
        return Probed(Finding.HTTP)
    return Probed(Finding.NOTHING_WRONG if answer else Finding.SILENT)
