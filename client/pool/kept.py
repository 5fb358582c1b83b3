"""What runs have finished that did not end well: kept, so that the next one makes the rest only."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np

from ..catalog.records import Catalog
from ..generation.request import GenerationRequest
from .events import Part

# A batch of 100 at 2048 x 2048 has 2.4 GiB. Older runs than those under way get less: somebody who
# stops one batch after the other wants the memory for other things.
MOST_BYTES = 4 << 30
MOST_OLD_BYTES = 512 << 20
MOST_ENTRIES = 10_000


@dataclass(frozen=True)
class _Entry:
    run: Hashable
    part: Part
    apart: bytes


class Kept:
    """Holds parts of unfinished runs by what was asked for, in memory alone; any thread may use it.

    A run is whatever its owner calls it by. What it has finished stays until it is released, or
    until the room is needed: the oldest goes first, that of runs under way last.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, most_old_bytes: int = MOST_OLD_BYTES) -> None:
        self._most_bytes = most_bytes
        self._most_old_bytes = most_old_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._apart: dict[bytes, bytes] = {}  # further keys, and those of the entries
        self._running: set[Hashable] = set()
        self._bytes = 0

    def begin(self, run: Hashable) -> None:
        """Note that a run is under way."""
        with self._lock:
            self._running.add(run)

    def end(self, run: Hashable, *, well: bool) -> None:
        """Note that a run is over; what was kept for one that ended well is nobody's need."""
        with self._lock:
            self._running.discard(run)
            if well:
                for key in [key for key, one in self._entries.items() if one.run == run]:
                    self._drop(key)
            self._make_room()
            for key, one in self._entries.items():
                if one.run == run:  # else one of them would keep the memory of all
                    self._entries[key] = replace(one, part=one.part.alone())

    def find(self, key: bytes, run: Hashable) -> Part | None:
        """Return what is kept under a key, which is the given run's from now on."""
        with self._lock:
            key = self._apart.get(key, key)
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries[key] = replace(entry, run=run)
            self._entries.move_to_end(key)
            return entry.part

    def keep(self, key: bytes, part: Part, run: Hashable, apart: bytes = b"") -> bool:
        """Keep a part in place of an earlier one; return whether there was room for it.

        It is found under `apart`, too, which a later one may take over.
        """
        with self._lock:
            self._drop(key)
            self._entries[key] = _Entry(run, part, apart)
            if apart:
                self._apart[apart] = key
            self._bytes += part.size_bytes
            self._make_room()
            return key in self._entries

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._apart.clear()
            self._running.clear()
            self._bytes = 0

    @property
    def size_bytes(self) -> int:
        """Return how much memory is taken."""
        with self._lock:
            return self._bytes

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def _drop(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.part.size_bytes
            if self._apart.get(entry.apart) == key:
                del self._apart[entry.apart]

    def _make_room(self) -> None:
        for key in list(self._entries):
            if self._bytes <= self._most_old_bytes and len(self._entries) <= MOST_ENTRIES:
                return
            if self._entries[key].run not in self._running:
                self._drop(key)
        for key in list(self._entries):
            if self._bytes <= self._most_bytes and len(self._entries) <= MOST_ENTRIES:
                return
            self._drop(key)


class Fingerprints:
    """Tells requests apart by all that decides on a picture; may block for large pictures.

    Requests of one batch share their arrays, each of which is read once.
    """

    def __init__(self) -> None:
        self._arrays: dict[int, tuple[np.ndarray, bytes]] = {}

    def of(self, identity: str, request: GenerationRequest) -> bytes:
        """Return a key of the request at the server of that identity."""
        digest = hashlib.blake2b(digest_size=32)

        def add(*parts: str | bytes) -> None:
            for part in parts:
                data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
                digest.update(len(data).to_bytes(8, "little"))
                digest.update(data)

        add(identity, request.prompt, request.negative_prompt, request.model_version)
        add(request.config.to_bytes(), "\n".join(request.keywords))
        told = request.override
        for specs in (
            *(told.models, told.loras, told.controls, told.textual_inversions, told.upscalers),
        ):
            add(*(spec.raw for spec in specs), b"")
        for array in (request.image, request.mask):
            add(b"" if array is None else self._digest(array))
        for hint in request.hints:
            add(hint.type)
            for one in hint.tensors:
                add(repr(one.weight), self._digest(one.array))
        return digest.digest()

    def apart(self, identity: str, request: GenerationRequest, specified: Catalog) -> bytes:
        """Return a key that needs nothing of what the server tells of its files: it may be away.

        `specified` is what a person has specified of them.
        """
        return self.of(f"apart {identity}", replace(request, override=specified))

    def _digest(self, array: np.ndarray) -> bytes:
        known = self._arrays.get(id(array))
        if known is None:
            # Processors have instructions for this one: a third of the time of blake2b.
            digest = hashlib.sha256(repr((array.shape, array.dtype.str)).encode())
            digest.update(np.ascontiguousarray(array).data)
            known = self._arrays[id(array)] = (array, digest.digest())  # the array keeps its id
        return known[1]
