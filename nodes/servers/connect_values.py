"""Which server Connect's values mean, and whether what stands behind them is still the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...client.address import Address
from ...client.server_fields import DEFAULT_PORT, Transport, means_default
from ...client.store.certificates import read_certificate
from ...client.store.pins import Pins
from ...client.store.server import Server
from ...client.store.servers import SavedServers
from ...errors import DrawbridgeError
from ..host import user_folder
from . import secret_fingerprint

# ComfyUI asks for a fingerprint in the prompt's own loop, where nothing can be interrupted: a file
# that is not read by then counts as changed, and the node itself waits for it.
GLANCE_SECONDS = 0.25


def check_host(host: str) -> None:
    """Raise RequestRejected for a host that names no server."""
    if not means_default(host):
        Address.taken_apart(host, DEFAULT_PORT)


def meant(values: dict[str, Any], at_once: int) -> Server:
    """Return the server of Connect's values. Raises RequestRejected, StoreUnusable."""
    if not means_default(values["host"]):
        return Server.from_dict({**values, "at_once": at_once})
    saved = SavedServers(user_folder()).default()
    return saved if at_once == 1 else replace(saved, at_once=at_once)


def fingerprint(values: Mapping[str, Any]) -> str:
    """Return what changes with what stands behind Connect's values: the secret, the certificate's
    file, a pinned certificate that was forgotten, the default server.
    """
    digest = hashlib.blake2b(key=secret_fingerprint.KEY)
    if means_default(values.get("host")):
        values = _default_values()
        digest.update(json.dumps(values).encode())
    if values.get("transport") == Transport.PINNED.value:
        digest.update(_times_forgotten(values.get("host"), values.get("port")))
    if values.get("transport") == Transport.OWN_CA.value:
        certificate = read_certificate(values.get("certificate"), GLANCE_SECONDS)
        digest.update(certificate.encode())
    digest.update(secret_fingerprint.of(values.get("credential") or ""))
    return digest.hexdigest()


def _default_values() -> dict[str, Any]:
    """Return the values of the default server, {} where there is none: told when it runs."""
    try:
        return SavedServers(user_folder()).default().as_dict()
    except DrawbridgeError:
        return {}


def _times_forgotten(host: Any, port: Any) -> bytes:
    """Not the pin itself: it comes after the first run, which would make a second one of all."""
    try:
        address = str(Address.taken_apart(host, port))
        return str(Pins(user_folder()).times_forgotten(address)).encode()
    except (DrawbridgeError, AttributeError, TypeError):  # told when it runs
        return b""
