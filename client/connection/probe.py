"""What is really at an address: a look with plain sockets, without a secret, where gRPC's words are
vague.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from collections.abc import Callable

from ..server_fields import Transport
from ..store.pins import Pin
from ..threads import in_stoppable_thread
from .endpoint import Endpoint
from .finding import Finding, Probed
from .preface import speaks_http2
from .tls_probe import is_alert, left, look_at_pinned, shake_hands

# A look at what a connection did not come about to.
PROBE_SECONDS = 4.0
_ANSWER_SECONDS = 1.0


async def look(
    endpoint: Endpoint, seconds: float, pin: Pin | None = None, stay: bool = True
) -> Probed:
    """Return what `probe` sees at an address, within twice `seconds`. Raises RequestRejected."""
    seeing = in_stoppable_thread(lambda stop: probe(endpoint, seconds, stop, pin, stay))
    try:
        return await asyncio.wait_for(seeing, 2 * seconds)
    except asyncio.TimeoutError:  # a look-up of the host's name can hang beyond every limit
        return Probed(Finding.TIMED_OUT)


def probe(
    endpoint: Endpoint,
    timeout_seconds: float,
    stop: Callable[[], bool],
    pin: Pin | None = None,
    stay: bool = True,
) -> Probed:
    """Look up, connect and shake hands within about `timeout_seconds`; for a thread.

    `pin` is what is trusted of a server whose certificate is pinned; without one, the certificate
    that it shows is found good if gRPC can use it. Without `stay`, that alone is looked at, and not
    whether the server wants something else. Raises RequestRejected for an identity that cannot be
    used.
    """
    until = time.monotonic() + timeout_seconds

    def dial() -> socket.socket:
        return _connect(endpoint, until, stop)

    try:
        if endpoint.transport is Transport.PLAINTEXT:
            return _look_at_plaintext(dial, until)
        if endpoint.transport is Transport.PINNED:
            return look_at_pinned(endpoint, dial, until, pin, stay)
        return shake_hands(endpoint, dial, until)
    except socket.gaierror as error:
        return Probed(Finding.NO_SUCH_HOST, error.strerror or "")
    except TimeoutError:
        return Probed(Finding.TIMED_OUT)
    except ConnectionRefusedError:
        return Probed(Finding.REFUSED)
    except OSError as error:
        timed_out = error.errno == errno.ETIMEDOUT
        return Probed(Finding.TIMED_OUT if timed_out else Finding.NO_ROUTE, error.strerror or "")


def _connect(endpoint: Endpoint, until: float, stop: Callable[[], bool]) -> socket.socket:
    problem: OSError = TimeoutError()
    rows = socket.getaddrinfo(endpoint.dialled, endpoint.port, type=socket.SOCK_STREAM)
    for row in rows:
        if stop():
            break
        try:
            return socket.create_connection((str(row[4][0]), endpoint.port), timeout=left(until))
        except OSError as error:
            problem = error
    raise problem


def _look_at_plaintext(dial: Callable[[], socket.socket], until: float) -> Probed:
    with dial() as connection:
        connection.settimeout(left(until) / 3)
        if speaks_http2(connection):
            return Probed(Finding.NOTHING_WRONG)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    try:
        with dial() as second:
            second.settimeout(min(left(until), _ANSWER_SECONDS))
            with context.wrap_socket(second):
                return Probed(Finding.WANTS_TLS)
    except OSError as error:
        if is_alert(error):
            return Probed(Finding.WANTS_TLS)
    try:  # it does not speak TLS, as it should not
        with dial() as third:
            return _ask_http(third, until)
    except OSError:
        return Probed(Finding.SILENT)


def _ask_http(connection: socket.socket, until: float) -> Probed:
    """Send what a browser would, which a web server answers in HTTP/1."""
    connection.settimeout(min(left(until), _ANSWER_SECONDS))
    try:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = connection.recv(64)
    except ConnectionError:
        return Probed(Finding.CLOSED)
    except OSError:
        return Probed(Finding.SILENT)
    if not answer:
        return Probed(Finding.CLOSED)
    return Probed(Finding.HTTP if answer.startswith(b"HTTP/") else Finding.SILENT)
