"""What a TLS handshake brings to light: which certificate a server shows, and whether it wants one
of ours.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..store.identity import present
from ..store.pins import Pin, fingerprint
from ..store.secret import Identity
from .channel import trusted_roots
from .endpoint import Endpoint
from .finding import Finding, Probed
from .preface import PREFACE, speaks_http2

Dial = Callable[[], socket.socket]

# Enough for one trip around the world; servers that wait for our first word cost it once.
_PATIENCE_SECONDS = 0.5
# More than any server needs; one in plaintext stays silent for ever.
_HANDSHAKE_SECONDS = 4.0
_EXPIRED, _NOT_YET_VALID = 10, 9
_WRONG_NAME = frozenset({62, 64})  # host name, IP address
# Alerts with which a server judges our certificate (RFC 8446 6.2), as OpenSSL spells them.
_WANTING = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE")
_REFUSING = (
    *("UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "CERTIFICATE_EXPIRED"),
    *("CERTIFICATE_REVOKED", "UNSUPPORTED_CERTIFICATE", "ACCESS_DENIED", "DECRYPT_ERROR"),
)


def shake_hands(endpoint: Endpoint, dial: Dial, until: float) -> Probed:
    """Shake hands as gRPC will, and see whether the server stays. Raises RequestRejected."""
    context = ssl.create_default_context()
    # Python 3.13 is stricter than gRPC about old authorities.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    roots = trusted_roots(endpoint)
    if roots is not None:
        context = _trusting(roots.decode("ascii"), context.verify_flags)
    return _shake(context, endpoint, dial, until)


def look_at_pinned(
    endpoint: Endpoint, dial: Dial, until: float, pin: Pin | None, stay: bool = True
) -> Probed:
    """Shake hands with a server of which exactly the pinned certificate is trusted; without a pin,
    exactly the one that it shows. Without `stay`, it is not waited for the server's first word.
    Raises RequestRejected.
    """
    if pin is None:
        shown = _fetch(endpoint, dial, until)
        if not shown.certificate:
            return shown
        seen = _compare(endpoint, dial, until, shown.certificate, stay)
        return replace(seen, pinned=fingerprint(shown.certificate))
    seen = _compare(endpoint, dial, until, pin.certificate, stay)
    if seen.finding not in _SUSPICIOUS:
        return seen
    shown = seen if seen.certificate else _fetch(replace(endpoint, identity=None), dial, until)
    if not shown.certificate or fingerprint(shown.certificate) == pin.fingerprint:
        return seen  # it is the one, and cannot be used
    return Probed(Finding.CHANGED, certificate=shown.certificate, pinned=pin.fingerprint)


_SUSPICIOUS = frozenset({Finding.CHANGED, Finding.EXPIRED, Finding.NOT_YET_VALID, Finding.UNUSABLE})


def _fetch(endpoint: Endpoint, dial: Dial, until: float) -> Probed:
    """Return whichever certificate the server shows; nothing is trusted and nothing sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    anonymous = replace(endpoint, identity=None)
    seen = _shake(context, anonymous, dial, until, stay=False)
    if seen.finding is Finding.IDENTITY_WANTED and endpoint.identity:  # before TLS 1.3
        seen = _shake(context, endpoint, dial, until, stay=False)
    return seen


def _compare(endpoint: Endpoint, dial: Dial, until: float, certificate: str, stay: bool) -> Probed:
    """Shake hands with a server that has to show exactly this certificate."""
    context = _trusting(certificate)
    context.check_hostname = False
    seen = _shake(context, endpoint, dial, until, stay)
    if seen.certificate and fingerprint(seen.certificate) != fingerprint(certificate):
        return replace(seen, finding=Finding.CHANGED)  # one that the pinned one has signed
    if seen.finding is Finding.UNKNOWN_AUTHORITY:
        return replace(seen, finding=Finding.UNUSABLE)
    if seen.finding is Finding.NOTHING_WRONG and not seen.name:
        return replace(seen, finding=Finding.NO_NAME)
    return seen


def _trusting(
    roots: str, flags: ssl.VerifyFlags = ssl.VerifyFlags.VERIFY_X509_TRUSTED_FIRST
) -> ssl.SSLContext:
    """Return a context that trusts these certificates, be they authorities or not, as gRPC does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags = flags | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=roots)
    return context


def _shake(
    context: ssl.SSLContext, endpoint: Endpoint, dial: Dial, until: float, stay: bool = True
) -> Probed:
    """Shake hands; with `stay`, wait for the server's first word."""
    context.set_alpn_protocols(["h2"])
    if endpoint.identity is not None:
        present(context, endpoint.identity)
    with dial() as connection:
        connection.settimeout(min(left(until) / 2, _HANDSHAKE_SECONDS))
        try:
            with context.wrap_socket(connection, server_hostname=endpoint.expected_name) as shaken:
                return _look(shaken, endpoint, until, stay)
        except ssl.SSLCertVerificationError as error:
            return Probed(_certificate_finding(error.verify_code), error.verify_message)
        except TimeoutError:
            otherwise = Probed(Finding.SILENT)
        except OSError as error:
            if is_alert(error):
                return Probed(_failed(error, endpoint.identity), str(error))
            dropped = isinstance(error, ConnectionError | ssl.SSLEOFError)
            otherwise = Probed(Finding.CLOSED if dropped else Finding.SILENT, str(error))
    # A server in plaintext does not answer what it takes for rubbish, or says so in its own way.
    # One that cannot be spoken to so either may encrypt: it has only ended the connection.
    try:
        with dial() as second:
            second.settimeout(left(until))
            return Probed(Finding.NO_TLS) if speaks_http2(second) else otherwise
    except OSError:
        return otherwise


def _look(shaken: ssl.SSLSocket, endpoint: Endpoint, until: float, stay: bool) -> Probed:
    der = shaken.getpeercert(binary_form=True) or b""
    certificate = ssl.DER_cert_to_PEM_cert(der)
    name = recognisable_name(endpoint.expected_name, shaken.getpeercert() or {})
    if shaken.selected_alpn_protocol() != "h2":
        return Probed(Finding.HTTP)
    finding = _stays(shaken, endpoint.identity, until) if stay else Finding.NOTHING_WRONG
    return Probed(finding, certificate=certificate, name=name)


def _stays(shaken: ssl.SSLSocket, identity: Identity | None, until: float) -> Finding:
    """In TLS 1.3 the server judges our certificate, or that there is none, when the handshake is
    over for us. A server that is content says its settings, some of them after ours.
    """
    for said in (b"", PREFACE):
        shaken.settimeout(min(left(until), _PATIENCE_SECONDS))
        try:
            if said:
                shaken.sendall(said)
            return Finding.NOTHING_WRONG if shaken.recv(1) else Finding.DROPPED
        except TimeoutError:
            continue
        except ssl.SSLError as error:
            return _failed(error, identity)
        except OSError:
            return Finding.DROPPED
    return Finding.NOTHING_WRONG


def _certificate_finding(code: int) -> Finding:
    if code == _EXPIRED:
        return Finding.EXPIRED
    if code == _NOT_YET_VALID:
        return Finding.NOT_YET_VALID
    return Finding.WRONG_NAME if code in _WRONG_NAME else Finding.UNKNOWN_AUTHORITY


def _failed(error: OSError, identity: Identity | None) -> Finding:
    reason = (getattr(error, "reason", None) or "").upper()
    if not is_alert(error):
        return Finding.DROPPED
    if reason.endswith("NO_APPLICATION_PROTOCOL"):
        return Finding.HTTP
    if identity is None:
        return Finding.IDENTITY_WANTED if reason.endswith(_WANTING) else Finding.NO_COMMON_TLS
    judged = reason.endswith((*_WANTING, *_REFUSING))
    return Finding.IDENTITY_REFUSED if judged else Finding.NO_COMMON_TLS


def is_alert(error: OSError) -> bool:
    """Return whether the other side has ended a handshake in the language of TLS."""
    return isinstance(error, ssl.SSLError) and "_ALERT_" in (error.reason or "").upper()


def recognisable_name(host: str, certificate: Mapping[str, Any]) -> str:
    """Return a name that the certificate has, as gRPC can be told to expect it: `host` itself
    if the certificate is made for it; "" where there is none.

    `certificate` is as `SSLSocket.getpeercert` gives it.
    """
    entries = certificate.get("subjectAltName", ())
    names = [value.lower() for kind, value in entries if kind == "DNS"]
    addresses = [_address(value) for kind, value in entries if kind == "IP Address"]
    if not entries:
        subject = [pair for row in certificate.get("subject", ()) for pair in row]
        common = [value for key, value in subject if key == "commonName" and value]
        return common[-1] if common else ""
    if host.lower() in names or _address(host) in addresses:
        return host
    plain = [name for name in names if name and "*" not in name]
    # gRPC knows a star as the first of several labels only.
    starred = [name.replace("*", "drawbridge", 1) for name in names if name.startswith("*.")]
    return next(iter([*plain, *filter(None, addresses), *starred]), "")


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""


def left(until: float) -> float:
    """Return how many seconds there are until then, at least a moment."""
    return max(until - time.monotonic(), 0.05)
