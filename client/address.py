"""Where a server is: its host and port, how that is written, and which two ways mean the same."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from ..errors import RequestRejected
from .server_fields import DEFAULT_PORT, Transport

EVERY = "*"
LONGEST_HOST = 253  # of a name, as name servers take it; also bounds what it costs to look at one
_URL = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)(?:[/?#].*)?", re.IGNORECASE | re.DOTALL)
_USER = re.compile(r"[^/?#\s]*@")  # with a password perhaps, which is not to be repeated
_HOST_REMEDY = "Give the bare host name or IP address, such as mac.local or 192.168.1.20."
_USER_REMEDY = "Give the host without them; a shared secret belongs into the credential."
_REMEDY = "Name servers as mac.local, mac.local:7859, 192.168.1.20, [fe80::1]:7859, or * for all."


# A network card of this computer. Python's ipaddress takes any text, such as "1]:9,[2001:db8::1",
# with which the address of one computer would become a list of two where gRPC reads it.
_ZONE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# What the system's look-up may read as an IPv4 address in an older way: 127.1, 0x7f.1, 2130706433.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)


def ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a text is in its usual form, without brackets; None for others."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    zone = address.scope_id if isinstance(address, ipaddress.IPv6Address) else None
    return address if zone is None or _ZONE.fullmatch(zone) else None


def ascii_name(name: str) -> str | None:
    """Return a host's name as it is looked up, other alphabets as xn--; None where it is no name.

    That folds digits and dots of other alphabets, too. Numbers are no name unless they are an IPv4
    address in its usual form, so that no two of us read them differently.
    """
    if len(name) > LONGEST_HOST:
        return None
    try:
        folded = name.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    last = folded.removesuffix(".").rpartition(".")[2]
    if ".." in folded or (_NUMBER.fullmatch(last) and ip_address(folded) is None):
        return None
    return folded


def normalised(host: str) -> str:
    """Return a host in the form in which equal hosts have equal texts.

    That is lower case without a last dot, other alphabets as xn--, an IP address in its shortest
    form without brackets. A text that is no host comes back in lower case.
    """
    name = host.strip()
    name = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    if ":" not in name:
        folded = ascii_name(name)
        if folded is None:
            return name.lower()
        name = folded.removesuffix(".")
    address = ip_address(name)
    if address is None:
        return name.lower()
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def is_loopback(host: str) -> bool:
    """Return whether a host is this computer, by its name or address alone."""
    name = normalised(host)
    address = ip_address(name)
    return name == "localhost" if address is None else address.is_loopback


def same_host(one: str, other: str) -> bool:
    """Return whether two hosts are one; all names of this computer are."""
    return normalised(one) == normalised(other) or (is_loopback(one) and is_loopback(other))


@dataclass(frozen=True)
class ChooseTransport:
    """Part of a remedy: another transport fits. Each face words it as its own control is called."""

    transport: Transport

    def __str__(self) -> str:
        return f"Set the connection to {self.transport.value!r}"


@dataclass(frozen=True)
class Address:
    """Host and port of one server.

    `host` is a name or an IP address, IPv6 with or without brackets, and is kept without; `port` is
    1 to 65535. Raises RequestRejected for anything else.
    """

    host: str
    port: int = DEFAULT_PORT

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", _clean_host(self.host))
        if isinstance(self.port, bool) or not isinstance(self.port, int):
            raise RequestRejected("The port is not a whole number.", "Give the server's port.")
        if not 1 <= self.port <= 65535:
            raise RequestRejected(
                f"The port {self.port} is outside of 1 to 65535.",
                f"Give the port that the server shows, usually {DEFAULT_PORT}.",
            )

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the address that `host`, `host:port` or `[IPv6]:port` says, with the usual port
        where there is none. Raises RequestRejected.
        """
        host, port = _split(text.strip())
        return cls(host, int(port)) if port else cls(host)

    @classmethod
    def taken_apart(cls, text: str, port: int) -> Address:
        """Return the address of a host as people paste it: also a URL, and with a port, which then
        counts instead of the one given. Raises RequestRejected.
        """
        url = _URL.fullmatch(text.strip())
        host, said = _split((url[1] if url else text).strip().rstrip("/").rstrip())
        return cls(host, int(said) if said else port)

    @property
    def is_loopback(self) -> bool:
        """Return whether the server is on this computer, by its name or address alone."""
        return is_loopback(self.host)

    def is_same(self, other: Address) -> bool:
        """Return whether both mean one server, however they are written; see `same_host`."""
        return self.port == other.port and same_host(self.host, other.host)

    def __str__(self) -> str:
        return _joined(self.host, self.port)


def _joined(host: str, port: int) -> str:
    """Return `host:port`, an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _split(text: str) -> tuple[str, str]:
    """Return host and port of `host:port`, IPv6 in brackets; "" where there is no port."""
    found = re.fullmatch(r"(\[.*\]|[^:]*):([0-9]{1,5})", text)
    return (found[1], found[2]) if found else (text, "")


def _clean_host(text: str) -> str:
    host = text.strip()
    if not host:
        raise RequestRejected("The server's host is empty.", _HOST_REMEDY)
    if len(host) > LONGEST_HOST:
        raise RequestRejected(f"The host has {len(host)} characters.", _HOST_REMEDY)
    if _USER.search(host):
        raise RequestRejected("The host contains the name or password of a user.", _USER_REMEDY)
    if "://" in host:
        raise RequestRejected(f"The host {host!r} is a URL.", _HOST_REMEDY)
    if re.search(r"[/\\?#@\s]", host):
        raise RequestRejected(f"The host {host!r} contains more than a host.", _HOST_REMEDY)
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if ":" in bare:
        address = ip_address(bare)
        if address is None:
            raise RequestRejected(
                f"The host {host!r} is neither a name nor an IP address.",
                "Give the host alone; the port has a field of its own.",
            )
        return str(address)
    plain = re.fullmatch(r"[^\W]([\w.-]*\w)?\.?", bare)
    if bare != host or plain is None or ascii_name(bare) is None:
        raise RequestRejected(f"The host {host!r} is not a host name.", _HOST_REMEDY)
    return bare


@dataclass(frozen=True)
class Destination:
    """Servers that something is meant for: one port of a host, all of them, or every server.

    `host` is normalised, or EVERY; `port` is None for all.
    """

    host: str
    port: int | None = None

    @classmethod
    def read(cls, text: str) -> Destination:
        """Return what `host`, `host:port` or `*` means. Raises RequestRejected for other texts."""
        text = text.strip()
        if text == EVERY:
            return cls(EVERY)
        host, port = _split(text)
        name = normalised(host)
        if ":" in name or host.startswith("["):
            known = ip_address(name) is not None
        else:
            plain = re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", name)
            known = plain is not None and ascii_name(name) is not None
        if not known or (port and not 1 <= int(port) <= 65535):
            shown = text if len(text) <= LONGEST_HOST else f"{text[:40]}..."
            raise RequestRejected(f"{shown!r} does not name a server.", _REMEDY)
        return cls(name, int(port) if port else None)

    @classmethod
    def of(cls, address: Address) -> Destination:
        """Return one server."""
        return cls(normalised(address.host), address.port)

    def covers(self, host: str, port: int) -> bool:
        """Return whether a server is among those meant; all names of this computer are one."""
        if self.host == EVERY:
            return True
        return self.port in (None, port) and same_host(self.host, host)

    def includes(self, other: Destination) -> bool:
        """Return whether every server that `other` means is meant here, too."""
        if self.host == EVERY:
            return True
        if other.host == EVERY or self.port not in (None, other.port):
            return False
        return same_host(self.host, other.host)

    def __str__(self) -> str:
        return self.host if self.port is None else _joined(self.host, self.port)


THIS_COMPUTER = Destination("localhost")
