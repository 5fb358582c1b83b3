"""Certificates that were trusted when they were first seen, and from then on alone."""

from __future__ import annotations

import copy
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ...errors import StoreUnusable
from .private_file import PrivateFile

FILE_NAME = "pins.json"
# The certificates that Draw Things servers bring along: their key is public (docs/protocol.md 8).
_PUBLIC = frozenset(
    {
        "05604712afa50dd8123c8692591f01b138b159e39508fe0a2938104abe760338",
        "daa6f2d695a02ced9cba9ed608f9e624e957b7e1879796936b04cfd3f9acec44",
    }
)


@dataclass(frozen=True)
class Pin:
    """The one certificate that is trusted at an address.

    `address` is "host:port" as Endpoint gives it; `fingerprint` the SHA-256 of the certificate,
    "AB:CD:..."; `certificate` its PEM text; `first_seen` the ISO date of that day.
    """

    address: str
    fingerprint: str
    certificate: str
    first_seen: str

    @classmethod
    def of(cls, address: str, certificate: str, first_seen: str = "") -> Pin:
        """Return the pin of a certificate, seen today unless told otherwise. Raises ValueError."""
        today = time.strftime("%Y-%m-%d", time.gmtime())
        return cls(address, fingerprint(certificate), certificate, first_seen or today)

    def as_dict(self) -> dict[str, Any]:
        """Return what a person should see of it, as JSON has it."""
        return {
            "address": self.address,
            "fingerprint": self.fingerprint,
            "first_seen": self.first_seen,
            "is_public": self.is_public,
        }

    @property
    def is_public(self) -> bool:
        """Return whether it is the certificate that Draw Things comes with.

        Anybody has its key, so that pinning it does not prove who answers.
        """
        return self.fingerprint.replace(":", "").lower() in _PUBLIC


def fingerprint(certificate: str) -> str:
    """Return the SHA-256 of a PEM certificate as "AB:CD:...". Raises ValueError."""
    import hashlib

    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest().upper()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def shortened(fingerprint: str) -> str:
    """Return the two ends of a fingerprint, which is enough to tell one from another."""
    return f"{fingerprint[:11]}...{fingerprint[-5:]}"


def note(pin: Pin, pinned_now: bool) -> str:
    """Return what a person should know about a connection to a pinned server; often nothing."""
    if pin.is_public:
        return (
            f"The server at {pin.address} uses the certificate that comes with Draw Things, whose"
            " key is public: pinning it does not prove who answers."
        )
    if pinned_now:
        return (
            f"The certificate of {pin.address} is trusted from now on; compare its fingerprint with"
            f" the server's: {pin.fingerprint}"
        )
    return ""


class _Store(Protocol):
    def read(self) -> dict[str, Any]: ...
    def update(self, change: Callable[[dict[str, Any]], None]) -> None: ...


class _Memory:
    """Keeps an object for as long as this process runs."""

    def __init__(self) -> None:
        self._value: dict[str, Any] = {}
        self._lock = threading.Lock()

    def read(self) -> dict[str, Any]:
        with self._lock:
            return copy.deepcopy(self._value)

    def update(self, change: Callable[[dict[str, Any]], None]) -> None:
        with self._lock:
            value = copy.deepcopy(self._value)
            change(value)
            self._value = value


class Pins:
    """The pins of one person, by address; safe between threads and processes.

    Kept in `pins.json` of `folder`, in memory without one. Methods raise StoreUnusable where the
    file cannot be read, is damaged, or cannot be written.
    """

    def __init__(self, folder: Path | None) -> None:
        self._store: _Store = _Memory() if folder is None else PrivateFile(folder / FILE_NAME)

    def get(self, address: str) -> Pin | None:
        """Return the pin of an address, however its letters are written."""
        return self._read().get(_key(address))

    def all(self) -> list[Pin]:
        """Return every pin, by address."""
        return sorted(self._read().values(), key=lambda pin: pin.address)

    def put(self, pin: Pin) -> None:
        """Trust this certificate at its address, instead of what was trusted there."""
        self._store.update(lambda kept: self._put(kept, pin))

    def learn(self, pin: Pin) -> Pin:
        """Trust this certificate unless one is trusted there already; return the trusted one."""
        trusted = pin

        def change(kept: dict[str, Any]) -> None:
            nonlocal trusted
            known = self._pins(kept).get(_key(pin.address))
            if known is None:
                self._put(kept, pin)
            else:
                trusted = known

        self._store.update(change)
        return trusted

    def forget(self, address: str) -> bool:
        """Trust nothing at an address until it is contacted again; return whether anything was."""
        key, found = _key(address), False

        def change(kept: dict[str, Any]) -> None:
            nonlocal found
            found = key in self._pins(kept)
            if found:
                del kept["pins"][key]
                times = kept.setdefault("forgotten", {})
                times[key] = self._times(kept, key) + 1

        self._store.update(change)
        return found

    def times_forgotten(self, address: str) -> int:
        """Return how often the address was forgotten, which tells whether that was done since."""
        return self._times(self._store.read(), _key(address))

    def _read(self) -> dict[str, Pin]:
        return self._pins(self._store.read())

    def _put(self, kept: dict[str, Any], pin: Pin) -> None:
        self._pins(kept)  # what is damaged is not written over
        entry = {"certificate": pin.certificate, "first_seen": pin.first_seen}
        kept.setdefault("pins", {})[_key(pin.address)] = entry

    def _pins(self, kept: dict[str, Any]) -> dict[str, Pin]:
        try:
            return {
                str(address): Pin.of(
                    str(address), _text(entry["certificate"]), _text(entry["first_seen"])
                )
                for address, entry in kept.get("pins", {}).items()
            }
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._damaged() from None

    def _times(self, kept: dict[str, Any], key: str) -> int:
        times = kept.get("forgotten", {})
        count = times.get(key, 0) if isinstance(times, dict) else None
        if not isinstance(count, int):
            raise self._damaged()
        return count

    def _damaged(self) -> StoreUnusable:
        if isinstance(self._store, PrivateFile):
            return self._store.damaged()
        return StoreUnusable("The pins in memory are damaged.", "Start this program again.")


def _key(address: str) -> str:
    host, _, port = address.strip().lower().rpartition(":")
    return f"{host.rstrip('.')}:{port}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
