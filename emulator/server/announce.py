"""Announces an emulated server on the local network, as a real one does (Bonjour)."""

from __future__ import annotations

import ipaddress
import socket
import time
import uuid
from concurrent import futures
from typing import TYPE_CHECKING

from ...errors import DrawbridgeError

if TYPE_CHECKING:
    from zeroconf import Zeroconf

_SERVICE = "_dt-grpc._tcp.local."
_MOST_BYTES = 63  # of one label of a name
# Asking and answering each take up to an eighth of a second; the rest is for busy computers.
_LISTENS_SECONDS = 0.5


class Announcement:
    """Says on the network, until `close`, that a server listens on `host`.

    One that listens on this computer alone is announced to this computer alone. The instance's name
    ends in "_tls" or "_notls". Raises DrawbridgeError where that cannot be done.
    """

    def __init__(self, name: str, host: str, port: int, *, tls: bool) -> None:
        label = f"{name}{'_tls' if tls else '_notls'}"
        if not name.strip() or not name.isprintable() or len(label.encode()) > _MOST_BYTES:
            raise DrawbridgeError(
                f"The name {name!r} cannot be announced.",
                f"Choose one of 1 to {_MOST_BYTES - 6} letters, without line breaks.",
            )
        # Where an event loop runs, it would take that one, and then wait for it in vain.
        with futures.ThreadPoolExecutor(1) as apart:
            self._zeroconf = apart.submit(_announce, label, host.strip("[]"), port).result()

    def close(self) -> None:
        """Say good-bye, and let the network go; harmless when done twice."""
        self._zeroconf.close()


def _announce(label: str, host: str, port: int) -> Zeroconf:
    try:
        from zeroconf import (
            DNSQuestionType,
            Error,
            InterfaceChoice,
            NonUniqueNameException,
            ServiceBrowser,
            ServiceInfo,
            Zeroconf,
        )
    except ImportError as error:
        raise DrawbridgeError(
            "Announcing needs the package 'zeroconf'.",
            "Install it (pip install zeroconf), or do without --announce.",
        ) from error
    address = _address(host)
    anywhere = address is None or address.is_unspecified
    try:
        zeroconf = Zeroconf(interfaces=_interfaces(address) or InterfaceChoice.All)
    except OSError as error:
        raise DrawbridgeError(
            f"The server cannot be announced: {error.strerror or error}.",
            "Check this computer's network, or do without --announce.",
        ) from error
    try:
        # Whoever has the name objects to the one who asks, and on one computer that may reach
        # another program (RFC 6762 15.1). This asks first for an answer that everybody hears.
        ears = ServiceBrowser(
            zeroconf, _SERVICE, handlers=[lambda **_: None], question_type=DNSQuestionType.QM
        )
        try:
            time.sleep(_LISTENS_SECONDS)
            zeroconf.register_service(
                ServiceInfo(
                    *(_SERVICE, f"{label}.{_SERVICE}"),
                    port=port,
                    # Not this computer's own name: others answer for that one.
                    server=f"drawbridge-{uuid.uuid4().hex[:12]}.local.",
                    parsed_addresses=_own_addresses() if anywhere else [str(address)],
                )
            )
        finally:
            ears.cancel()
    except NonUniqueNameException as error:
        zeroconf.close()
        raise DrawbridgeError(
            f"Somebody on this network announces {label} already.", "Choose another name."
        ) from error
    except (Error, OSError) as error:
        zeroconf.close()
        raise DrawbridgeError(
            f"The server cannot be announced as {label}: {str(error) or type(error).__name__}.",
            "Choose another name, or do without --announce.",
        ) from error
    except BaseException:
        zeroconf.close()
        raise
    return zeroconf


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return a host's address, None for all of this computer's."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.ip_address(socket.gethostbyname(host))
    except OSError:
        return None


def _interfaces(address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> list[str]:
    """Return where to announce that address, nothing for everywhere."""
    if address is None or address.is_unspecified:
        return []
    if address.is_loopback:
        return ["127.0.0.1"]
    return [str(address)] if address.version == 4 else []


def _own_addresses() -> list[str]:
    """Return the addresses at which other computers reach this one, else its own loopback."""
    import ifaddr  # comes with zeroconf

    found = [
        ip.ip
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if isinstance(ip.ip, str) and not ipaddress.ip_address(ip.ip).is_loopback
    ]
    return found or ["127.0.0.1"]
