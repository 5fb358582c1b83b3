"""Listens to what ComfyUI tells a page: progress, previews, words, the end of a prompt."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from .interpreter import HostError

# Without this announcement, ComfyUI sends no previews that say which node they belong to.
ANNOUNCEMENT = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}
PREVIEW, TEXT, PREVIEW_WITH_METADATA = 1, 3, 4
CONNECT_SECONDS = 30.0


@dataclass(frozen=True)
class Event:
    """One message of ComfyUI.

    `type` is ComfyUI's word (`execution_start`, `progress`, `executed`, ...), or `preview` or
    `text` for its binary messages. `picture` is a preview's JPEG or PNG file.
    """

    type: str
    data: dict[str, Any]
    prompt_id: str | None = None
    picture: bytes = field(default=b"", repr=False)


def parse(message: str | bytes) -> Event | None:
    """Return the event in a websocket message, or None for a binary kind that is not known."""
    if isinstance(message, str):
        content = json.loads(message)
        data = content.get("data") or {}
        return Event(content["type"], data, data.get("prompt_id"))
    (kind,) = struct.unpack_from(">I", message)
    if kind == PREVIEW:  # the second number tells JPEG from PNG, as the picture does
        return Event("preview", {}, picture=message[8:])
    if kind == TEXT:
        (length,) = struct.unpack_from(">I", message, 4)
        node, text = message[8 : 8 + length].decode(), message[8 + length :].decode()
        return Event("text", {"node": node, "text": text})
    if kind == PREVIEW_WITH_METADATA:
        (length,) = struct.unpack_from(">I", message, 4)
        data = json.loads(message[8 : 8 + length])
        return Event("preview", data, data.get("prompt_id"), message[8 + length :])
    return None


class Listener:
    """A websocket to ComfyUI, read in a thread of its own; keeps every event.

    `watch` is called with each event in that thread.
    """

    def __init__(self, url: str, watch: Callable[[Event], None] | None = None) -> None:
        self._url = url
        self._watch = watch
        self._changed = threading.Condition()
        self._events: list[Event] = []
        self._failure: Exception | None = None
        self._is_closed = False
        self._running: str | None = None  # the prompt to which messages without an id belong
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="ComfyUI events", daemon=True)

    def start(self) -> None:
        """Connect; return when ComfyUI has taken note of what we can read."""
        self._thread.start()
        if self.wait_for(lambda event: event.type == "feature_flags", CONNECT_SECONDS) is None:
            self.stop()
            raise HostError(f"ComfyUI's websocket does not answer: {self._failure}")

    def stop(self) -> None:
        """Disconnect and end the thread. May be called more than once."""
        with self._changed:
            loop, task = self._loop, self._task
        if loop is not None and task is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                loop.call_soon_threadsafe(task.cancel)
        if self._thread.ident is not None:
            self._thread.join()

    def events(self) -> tuple[Event, ...]:
        """Return what has arrived up to now, oldest first."""
        with self._changed:
            return tuple(self._events)

    @property
    def failure(self) -> Exception | None:
        """Return what ended the thread too early: a broken connection, an error of `watch`."""
        return self._failure

    def wait_for(self, wanted: Callable[[Event], bool], timeout_seconds: float) -> Event | None:
        """Return the first event, past or to come, that is wanted; None if none arrives.

        Returns at once when the connection is gone.
        """
        seen = 0
        found: Event | None = None

        def is_over() -> bool:
            nonlocal seen, found
            while found is None and seen < len(self._events):
                found = self._events[seen] if wanted(self._events[seen]) else None
                seen += 1
            return found is not None or self._is_closed

        with self._changed:
            self._changed.wait_for(is_over, timeout_seconds)
        return found

    def _run(self) -> None:
        try:
            asyncio.run(self._listen())
        except asyncio.CancelledError:
            pass  # stop() was called
        except Exception as error:
            self._failure = error
        finally:
            with self._changed:
                self._is_closed = True
                self._changed.notify_all()

    async def _listen(self) -> None:
        with self._changed:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self._url, max_msg_size=0) as socket,
        ):
            await socket.send_json(ANNOUNCEMENT)
            async for message in socket:
                if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                    self._take(parse(message.data))

    def _take(self, event: Event | None) -> None:
        if event is None:
            return
        if event.type == "execution_start":
            self._running = event.prompt_id
        ours = event.type.startswith("drawbridge.")
        if event.prompt_id is None and (ours or event.type in ("preview", "text")):
            event = Event(event.type, event.data, self._running, event.picture)
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()
        if self._watch is not None:
            self._watch(event)
