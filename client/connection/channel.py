"""How a channel to a server is opened: which address, which certificates, which limits."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from pathlib import Path

import grpc
import grpc.aio

from ..address import is_loopback
from ..server_fields import Transport
from ..threads import in_thread
from .endpoint import Endpoint, TensorForm
from .finding import Probed
from .limits import MOST_MESSAGE_BYTES, service_config

_OPTIONS: list[tuple[str, int | str]] = [
    # A slice of a picture with its frame is over gRPC's default (docs/protocol.md 1.8).
    ("grpc.max_receive_message_length", MOST_MESSAGE_BYTES),
    ("grpc.service_config", service_config()),  # the lower limit of short calls
    # A name server could tell of another configuration.
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.max_send_message_length", -1),
    # gRPC would share one connection among all channels to an address. Behind a proxy, a large
    # request that waits in its queue would hold up all calls on that connection.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),  # a repeated call would generate twice
    ("grpc.http2.max_pings_without_data", 0),
    # How much may be on its way to us: gRPC begins with 64 kB and finds out by asking, so that the
    # first picture of a connection waits for each piece.
    ("grpc.http2.lookahead_bytes", 16 << 20),
]
# A cable pulled during a silent wait is noticed within two minutes. A Draw Things server takes
# pings of any frequency (docs/protocol.md 1.10), but answers none while it hashes a file on its one
# network thread, for which there is the long timeout.
_PINGS: list[tuple[str, int | str]] = [
    ("grpc.keepalive_time_ms", 40_000),
    ("grpc.keepalive_timeout_ms", 75_000),
    ("grpc.http2.ping_timeout_ms", 75_000),  # read by newer gRPC, instead of the one above
    ("grpc.http2.min_time_between_pings_ms", 30_000),  # read by older gRPC only, which sends fewer
]
# Other servers turn pings within 5 minutes away, as gRPC's own do.
_SELDOM_PINGS: list[tuple[str, int | str]] = [
    ("grpc.keepalive_time_ms", 330_000),
    ("grpc.keepalive_timeout_ms", 30_000),
]


async def resolve(endpoint: Endpoint) -> list[str]:
    """Return the IP addresses of the host, best first, as the computer's own look-up gives them.

    gRPC's resolver asks name servers only, and does not find the `.local` names of a home network.
    Raises OSError where there is none.
    """
    try:
        return [str(ipaddress.ip_address(endpoint.dialled))]
    except ValueError:
        pass
    rows = await in_thread(
        lambda: socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    )
    found = (str(row[4][0]) for row in rows if row[0] in (socket.AF_INET, socket.AF_INET6))
    # A credential for this computer stays on it, whatever a name server says of "localhost".
    addresses = [
        address
        for address in dict.fromkeys(found)
        if is_loopback(address) or not endpoint.is_loopback
    ]
    if not addresses:
        raise OSError(f"no IP address for {endpoint.host}")
    return addresses


async def target(endpoint: Endpoint) -> str:
    """Return what gRPC is to dial. Raises OSError where the host has no address.

    The name of a server with system certificates is left to gRPC: it may be behind the computer's
    web proxy.
    """
    if endpoint.transport is Transport.SYSTEM and not endpoint.at:
        name = endpoint.expected_name
        return (
            f"dns:///[{name}]:{endpoint.port}" if ":" in name else f"dns:///{name}:{endpoint.port}"
        )
    addresses = await resolve(endpoint)
    kinds = {ipaddress.ip_address(address).version for address in addresses}
    if len(kinds) > 1:  # gRPC takes a list of one kind only: the first that answers decides
        addresses = [await _first_open(addresses, endpoint.port)]
    if ":" in addresses[0]:
        return "ipv6:" + ",".join(f"[{_escaped(a)}]:{endpoint.port}" for a in addresses)
    return "ipv4:" + ",".join(f"{address}:{endpoint.port}" for address in addresses)


async def _first_open(addresses: list[str], port: int) -> str:
    for address in addresses:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 3)
        except (OSError, asyncio.TimeoutError):
            continue
        writer.close()
        return address
    return addresses[0]


def _escaped(address: str) -> str:
    return address.replace("%", "%25")  # the zone of a link-local address


def open_channel(endpoint: Endpoint, target: str, pinned: Probed | None = None) -> grpc.aio.Channel:
    """Return a channel of the running event loop to `target`; nothing is sent yet.

    `pinned` is what was seen of a server whose certificate is pinned: that one alone is trusted.
    """
    pings = _PINGS if endpoint.tensor_form is TensorForm.SERVER else _SELDOM_PINGS
    options = [*_OPTIONS, *pings]
    if endpoint.transport is not Transport.SYSTEM or endpoint.at:
        options.append(("grpc.enable_http_proxy", 0))  # a home network's server is not behind one
    if endpoint.transport is Transport.PLAINTEXT:
        return grpc.aio.insecure_channel(target, options=options)
    if endpoint.transport is not Transport.SYSTEM or endpoint.at:
        # The target is an IP address by now; the certificate is for a name.
        name = pinned.name if pinned else endpoint.expected_name
        options.append(("grpc.ssl_target_name_override", name))
    key, chain = None, None
    if endpoint.identity is not None:
        key = endpoint.identity.key.reveal().encode()
        chain = endpoint.identity.certificate
    roots = pinned.certificate.encode("ascii") if pinned else trusted_roots(endpoint)
    credentials = grpc.ssl_channel_credentials(roots, key, chain)
    return grpc.aio.secure_channel(target, credentials, options=options)


def trusted_roots(endpoint: Endpoint) -> bytes | None:
    """Return the PEM text of the trusted authorities; None for those that gRPC brings along."""
    if endpoint.transport is Transport.DRAW_THINGS:
        return draw_things_root()
    if endpoint.transport is Transport.OWN_CA:
        return endpoint.certificate
    if endpoint.transport is Transport.PINNED:
        raise ValueError("a pinned certificate stands in no list of authorities")
    found = ssl.create_default_context().get_ca_certs(binary_form=True)
    return "".join(map(ssl.DER_cert_to_PEM_cert, found)).encode("ascii") or None


def draw_things_root() -> bytes:
    """Return the root that signed the certificate of every Draw Things server.

    Its private counterpart is public, so it stops listeners, not impostors (docs/protocol.md 8).
    """
    return Path(__file__).with_name("draw_things_root_ca.pem").read_bytes()
