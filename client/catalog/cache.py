"""What servers have told last: asked once for all who want to know, and kept for later."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...facts.specifications import LISTS
from ..store.atomic_file import replace_whole
from ..store.server import Server
from ..threads import in_thread
from .records import Catalog, ServerInfo

MOST_BYTES = 8 << 20
MOST_SERVERS = 32
_REWRITTEN_AFTER_SECONDS = 600
_UNFINISHED_SECONDS = 3600
_FORM = 1  # of a copy on disk; another one is not read

_Place = tuple[str, str]  # a server's address and transport


@dataclass(frozen=True)
class Told:
    """What a server has told, and when (seconds since 1970).

    `present` are the files, of those that were asked for, that a server with its model browser off
    has; None where that is not known. `fingerprint`, `pin` ("public", "new" or "") and `note`, the
    same in a sentence, are about its certificate.
    """

    info: ServerInfo
    asked_at: float
    latency_ms: float = 0
    present: frozenset[str] | None = None
    fingerprint: str = ""
    pin: str = ""
    note: str = ""
    usable: Catalog | None = field(default=None, compare=False, repr=False)

    def age_seconds(self, now: float) -> float:
        """Return how old this is, 0 where the clock has been set back since."""
        return max(now - self.asked_at, 0.0)


@dataclass
class _Question:
    loop: asyncio.AbstractEventLoop
    task: asyncio.Task[Told]
    waiting: int = 0


class CatalogCache:
    """Remembers what each server has told; with a folder, also after the process has ended.

    May be used from any thread and any event loop. Without a folder that can be read and
    written nothing is kept on disk, and a damaged copy is passed over.
    """

    def __init__(
        self, folder: Path | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._told: dict[_Place, tuple[str, Told]] = {}
        self._questions: dict[tuple[_Place, str], _Question] = {}
        self._written: dict[_Place, Told] = {}
        self._expired_at = 0.0

    async def ask(
        self, server: Server, question: Callable[[], Awaitable[Told]], max_age_seconds: float = 0
    ) -> Told:
        """Return what the server has told within that time, else put the question.

        The server's certificate is text. Who asks while the same question is under way, in the
        same event loop, gets its answer; it ends with the last who waits. Raises what the question
        raises.
        """
        known = self.fresh(server, max_age_seconds)
        if known is not None:
            return known
        asked = self._join(server, question)
        try:
            return await asyncio.shield(asked.task)
        finally:
            with self._lock:
                asked.waiting -= 1
                unwanted = not asked.waiting
            if unwanted and not asked.task.done():
                asked.task.cancel()

    def fresh(self, server: Server, max_age_seconds: float) -> Told | None:
        """Return what the server has told within that time, in the same way; None to ask it."""
        with self._lock:
            manner, told = self._told.get(_place(server), ("", None))
        if told is None or manner != _manner(server) or told.asked_at <= self._expired_at:
            return None
        return told if 0 <= self._clock() - told.asked_at < max_age_seconds else None

    def last(self, server: Server) -> Told | None:
        """Return the last that is known of a server, however it was asked; may block."""
        place = _place(server)
        with self._lock:
            if place in self._told:
                return self._told[place][1]
        told = self._read(place)
        if told is not None:
            with self._lock:
                _, told = self._told.setdefault(place, ("read from disk", told))
        return told

    def remember(self, server: Server, told: Told) -> None:
        """Keep what a server has told; may block."""
        place = _place(server)
        with self._lock:
            before = self._told.pop(place, None)
            if told.present is None and before is not None and told.info.catalog is None:
                told = replace(told, present=before[1].present)
            self._told[place] = (_manner(server), told)
            while len(self._told) > MOST_SERVERS:
                oldest = next(iter(self._told))
                del self._told[oldest]
                self._written.pop(oldest, None)
        self._write(place, told)

    def expire(self) -> None:
        """Have everybody ask again, as credentials or certificates have changed."""
        self._expired_at = self._clock()

    def close(self) -> None:
        """End the questions that are under way, and forget what is not on disk."""
        with self._lock:
            questions, self._questions = list(self._questions.values()), {}
            self._told.clear()
        for asked in questions:
            with contextlib.suppress(RuntimeError):  # its loop has ended, and the question with it
                asked.loop.call_soon_threadsafe(asked.task.cancel)

    def _join(self, server: Server, question: Callable[[], Awaitable[Told]]) -> _Question:
        loop, key = asyncio.get_running_loop(), (_place(server), _manner(server))
        with self._lock:
            asked = self._questions.get(key)
            if asked is None or asked.loop is not loop or asked.task.done():
                asked = _Question(loop, asyncio.ensure_future(self._answer(server, question)))
                asked.task.add_done_callback(lambda task: self._leave(key, task))
                self._questions[key] = asked
            asked.waiting += 1
            return asked

    async def _answer(self, server: Server, question: Callable[[], Awaitable[Told]]) -> Told:
        told = await question()
        await in_thread(lambda: self.remember(server, told))
        return told

    def _leave(self, key: tuple[_Place, str], task: asyncio.Task[Told]) -> None:
        with self._lock:
            asked = self._questions.get(key)
            if asked is not None and asked.task is task:
                del self._questions[key]
        if not task.cancelled():
            task.exception()  # marks it as seen, should nobody wait any more

    def _path(self, place: _Place) -> Path | None:
        if self.folder is None:
            return None
        name = hashlib.sha256("\n".join(place).encode("utf-8", "replace")).hexdigest()[:32]
        return self.folder / "catalogs" / f"{name}.json"

    def _read(self, place: _Place) -> Told | None:
        path = self._path(place)
        try:
            if path is None or not path.is_file() or path.stat().st_size > MOST_BYTES:
                return None
            kept = json.loads(path.read_text("utf-8"))
            if kept["form"] != _FORM or (kept["address"], kept["transport"]) != place:
                return None
            return _from_json(kept)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None  # the server can be asked again

    def _write(self, place: _Place, told: Told) -> None:
        path, written = self._path(place), self._written.get(place)
        if path is None or (written is not None and _as_good_as(written, told)):
            return
        kept = {"form": _FORM, "address": place[0], "transport": place[1], **_to_json(told)}
        data = json.dumps(kept).encode("ascii")
        if len(data) > MOST_BYTES:
            return
        with self._writing, contextlib.suppress(OSError):
            path.parents[1].mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            replace_whole(path, data)
            self._written[place] = told
            copies = sorted(path.parent.glob("*.json"), key=_written_at, reverse=True)
            unfinished = [
                one
                for one in path.parent.glob("*.tmp")  # of processes that were killed meanwhile
                if _written_at(one) < _written_at(path) - _UNFINISHED_SECONDS
            ]
            for old in (*copies[MOST_SERVERS:], *unfinished):
                old.unlink(missing_ok=True)


def _place(server: Server) -> _Place:
    """Return what a copy is kept under, be it on disk: nothing of it is secret."""
    where = f"{server.address} {server.at}" if server.at else str(server.address)
    return where.casefold(), server.transport.value


def _manner(server: Server) -> str:
    """Return what else decides on an answer: whose certificate is trusted, and the credential."""
    certificate = hashlib.sha256(server.certificate.encode()).hexdigest()
    return f"{certificate} {server.credential.casefold()}"


def _as_good_as(written: Told, told: Told) -> bool:
    """Return whether what is on disk need not be written again."""
    same = (written.info, written.present) == (told.info, told.present)
    return same and 0 <= told.asked_at - written.asked_at < _REWRITTEN_AFTER_SECONDS


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process has just removed it
        return 0.0


def _to_json(told: Told) -> dict[str, Any]:
    catalog, lists = told.info.catalog, None
    if catalog is not None:
        lists = {kind: [spec.raw for spec in getattr(catalog, kind)] for kind in LISTS}
    return {
        "asked_at": told.asked_at,
        "message": told.info.message,
        "files": list(told.info.files),
        "lists": lists,
        "complete": catalog is None or catalog.complete,
        "present": None if told.present is None else sorted(told.present),
    }


def _from_json(kept: dict[str, Any]) -> Told:
    """Return what the text says.

    Raises ValueError, TypeError, KeyError or AttributeError for anything but what we wrote.
    """
    catalog, lists, present = None, kept["lists"], kept["present"]
    if lists is not None:
        catalog = Catalog.from_json(
            **{kind: f"[{','.join(lists[kind])}]".encode() for kind in LISTS}
        )
        catalog = replace(catalog, complete=bool(kept.get("complete", True)))
    files = tuple(kept["files"])
    message = kept["message"]
    if not all(isinstance(text, str) for text in (message, *files, *(present or ()))):
        raise TypeError("a text is none")
    info = ServerInfo(message, 0, files, catalog)
    return Told(
        info, float(kept["asked_at"]), present=None if present is None else frozenset(present)
    )
