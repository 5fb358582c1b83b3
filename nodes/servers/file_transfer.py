"""The work of Upload, Files Exist and Server Info."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence

from ...client.address import Address
from ...client.catalog.records import Thresholds
from ...client.store.server import Server
from ...client.threads import in_thread
from ...client.upload.local_file import HashCache
from ...client.upload.progress import result, share, words
from ...client.upload.transfer import Done, UploadEvent
from ...errors import (
    DrawbridgeError,
    ProtocolMismatch,
    RequestRejected,
    ServerBusy,
    ServerUnreachable,
)
from ...facts.specifications import LISTS
from ..host import Display, user_folder
from ..records import AnyServer
from . import upload_sources
from .addresses import each
from .client import open_client
from .lookup import PATIENCE_SECONDS

BAR_STEPS = 1000


async def send(
    server: AnyServer, source: str, remote_name: str, compare_hash: bool, display: Display
) -> tuple[str, str]:
    """Send a file to each server, and return its name there and what happened, in words.

    A server of several that cannot be reached is named there, and gets nothing. Raises
    RequestRejected for a file that may not be sent, and what DrawThingsClient.upload raises.
    """
    path = await in_thread(lambda: upload_sources.find(source))
    # A link may have another name than what it leads to; the link's is what a person chose.
    name = remote_name or source.replace("\\", "/").rpartition("/")[2]
    lines: list[str] = []

    async def bring(one: Server) -> None:
        reporter = _Reporter(display)
        async with open_client(one) as client:
            uploading = client.upload(
                path, name, compare_hash=compare_hash, hashes=HashCache(user_folder())
            )
            async with contextlib.aclosing(uploading) as events:
                async for event in events:
                    reporter.show(event)
            lines.extend(result(client.endpoint.address, reporter.done, compare_hash))

    for address, error in await _of_each(await each(server), bring):
        lines.append(f"{address}: nothing was sent. {error.problem}")
    return name, "\n".join([*lines, _USABLE])


async def _of_each(
    known: Sequence[Server], ask: Callable[[Server], Awaitable[None]]
) -> list[tuple[str, DrawbridgeError]]:
    """Ask one server after the other, and return those that are away, with their errors.

    Raises what `ask` raises but for that, and the first error where all are away.
    """
    away: list[tuple[str, DrawbridgeError]] = []
    for one in known:
        try:
            await ask(one)
        except (ServerUnreachable, ServerBusy) as error:
            away.append((str(Address(one.at or one.address.host, one.address.port)), error))
    if len(away) == len(known):
        raise away[0][1]
    return away


class _Reporter:
    """Turns events into a bar and words, no faster than an eye can see."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._shown = -1
        self.done = Done("", skipped=False)

    def show(self, event: UploadEvent) -> None:
        """Show an event. Raises ComfyUI's interruption when the person has asked to stop."""
        if isinstance(event, Done):
            self.done = event
        step = int(share(event) * BAR_STEPS)
        if step == self._shown:
            return
        self._shown = step
        self._display.say(words(event))
        self._display.progress(step, BAR_STEPS)


# How the file becomes usable (docs/protocol.md 1.3, 1.7).
_USABLE = (
    "The server does not learn by itself what the file is. Give its specification, a JSON object,"
    " to the node that names the file: a model's as in Draw Things' custom.json to Load Model, a"
    " LoRA's as in custom_lora.json to LoRA Stack, a control's as in custom_controlnet.json to"
    " ControlNet Hint or Moodboard. It then goes along with every generation; files that it names"
    " besides, such as text encoders, must be there, too."
)


async def files_exist(server: AnyServer, names: str, with_hashes: bool) -> tuple[str, str, bool]:
    """Return a line for each file, the same as JSON, and whether all are there: of several servers,
    on each. Of one that is away nothing is known, so that not all are there.
    """
    wanted = [name for line in names.splitlines() if (name := line.strip())]
    if not wanted:
        raise RequestRejected("No file is named.", "Enter file names, one in each line.")
    lines: list[str] = []
    told: list[dict[str, object]] = []
    asked = await each(server)

    async def ask(one: Server) -> None:
        async with open_client(one) as client:
            found = await client.files_exist(list(dict.fromkeys(wanted)), with_hashes)
            address = client.endpoint.address
        where = {"server": address} if len(asked) > 1 else {}
        lines.extend([f"{address}:"] if where else [])
        for file in found:
            words = "there" if file.exists else "missing"
            lines.append(" ".join([f"{file.name}: {words}", file.sha256]).strip())
            known = {"name": file.name, "exists": file.exists, "sha256": file.sha256 or None}
            told.append({**where, **known})

    for address, error in await _of_each(asked, ask):
        lines.append(f"{address}: not known. {error.problem}")
        for name in dict.fromkeys(wanted):
            told.append({"server": address, "name": name, "exists": None, "sha256": None})
    everything = all(one["exists"] for one in told)
    return "\n".join(lines), json.dumps(told, ensure_ascii=False), everything


async def describe(server: AnyServer) -> tuple[str, str]:
    """Return what a server says about itself, in lines and as JSON: of several, as a list."""
    told: list[tuple[str, str]] = []

    async def ask(one: Server) -> None:
        told.append(await _describe(one))

    for address, error in await _of_each(await each(server), ask):
        known = {"address": address, "error": error.problem}
        told.append((f"Server: {address}\n{error.problem}", json.dumps(known, ensure_ascii=False)))
    if len(told) == 1:
        return told[0]
    return "\n\n".join(text for text, _ in told), f"[{', '.join(data for _, data in told)}]"


async def _describe(server: Server) -> tuple[str, str]:
    async with open_client(server) as client:
        info = await client.echo(PATIENCE_SECONDS)
        units = info.thresholds
        if units is None:
            with contextlib.suppress(ProtocolMismatch):  # not every server knows this question
                units = await client.hours()
        address = client.endpoint.address
    counts = {"files": len(info.files)}
    if info.catalog is not None:
        counts |= {kind: len(getattr(info.catalog, kind)) for kind in LISTS}
    told = {
        "address": address,
        "message": info.message,
        # as text: JSON's readers round numbers of 64 bits
        "identifier": str(info.server_identifier),
        "model_browser": info.catalog is not None,
        "counts": counts,
        "thresholds": _units(units),
    }
    browser = (
        "on: " + ", ".join(f"{count} {_NAMES[kind]}" for kind, count in counts.items())
        if info.catalog is not None
        else "off: the server does not tell what it has"
    )
    lines = [
        f"Server: {address}",
        f"Greeting: {info.message}",
        f"Identifier: {info.server_identifier} (another one after a restart)",
        f"Model browser: {browser}",
    ]
    if units is not None:
        lines.append(f"Compute units: {units.community:g} (community), {units.plus:g} (plus)")
    return "\n".join(lines), json.dumps(told, ensure_ascii=False)


_NAMES = {
    "files": "files",
    "models": "models",
    "loras": "LoRAs",
    "controls": "controls",
    "textual_inversions": "textual inversions",
    "upscalers": "upscalers",
}


def _units(units: Thresholds | None) -> dict[str, float] | None:
    if units is None:
        return None
    return {"community": units.community, "plus": units.plus, "expire_at": units.expire_at}
