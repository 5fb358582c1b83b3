"""The status of a server for the page: whether it answers, and what it has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...client.address import Address
from ...client.catalog import official
from ...client.catalog.cache import Told
from ...client.catalog.records import Catalog, ServerInfo
from ...client.store.pins import note as pin_note
from ...errors import DrawbridgeError, RequestRejected
from ...facts import versions
from ...facts.specifications import LISTS
from .page_error import explain

if TYPE_CHECKING:
    from ...client.client import DrawThingsClient

FILES_SECONDS = 10.0


async def question(client: DrawThingsClient, echo_seconds: float) -> Told:
    """Greet the server, and find out what it has. Raises DrawbridgeError where it does not answer.

    With its model browser off it is asked which of the official files it has, if it tells.
    """
    started = time.monotonic()
    info = await client.echo(echo_seconds)
    latency_ms = round((time.monotonic() - started) * 1000, 1)
    try:
        usable = await asyncio.wait_for(client.catalog(info), FILES_SECONDS)
    except (DrawbridgeError, asyncio.TimeoutError):
        usable = None  # it has answered; which files it has is a courtesy
    told = heard(info, usable, latency_ms)
    if client.pin is None:
        return told
    return replace(
        told,
        fingerprint=client.pin.fingerprint,
        pin="public" if client.pin.is_public else "new" if client.pinned_now else "",
        note=pin_note(client.pin, client.pinned_now),
    )


def heard(info: ServerInfo, usable: Catalog | None, latency_ms: float = 0) -> Told:
    """Return what there is to remember of an answer, and of what can be used on that server."""
    if usable is None:
        return Told(info, time.time(), latency_ms)
    if info.catalog is None:
        present = frozenset(spec.file for kind in LISTS for spec in getattr(usable, kind))
        return Told(info, time.time(), latency_ms, present, usable=usable)
    return Told(replace(info, catalog=usable), time.time(), latency_ms, usable=usable)


def connected(address: str, told: Told) -> dict[str, Any]:
    """Return the status of a server that has answered."""
    return {"state": "connected", "address": address, **_known(told)}


def failed(address: str, error: DrawbridgeError, told: Told | None = None) -> dict[str, Any]:
    """Return the status of a server that could not be asked, with what it told last."""
    return {
        "state": "failed",
        "address": address,
        **({} if told is None else _known(told)),
        "error": explain(error),
    }


def shown_address(values: Mapping[str, Any]) -> str:
    """Return the address of Connect's values for people, "" where they are none, as of the default
    server while there is none.
    """
    try:
        return str(Address.taken_apart(values["host"], values["port"]))
    except RequestRejected:
        return ""


def unasked(address: str, told: Told | None) -> dict[str, Any]:
    """Return the status of a server that nobody has asked to be asked, with what it told last."""
    return {"state": "unasked", "address": address, **({} if told is None else _known(told))}


def _known(told: Told) -> dict[str, Any]:
    browser = told.info.catalog is not None
    status: dict[str, Any] = {
        "name": told.info.message,
        "age_seconds": round(told.age_seconds(time.time()), 1),
        "model_browser": browser,
        "counts": _counts(told),
        "catalog": catalog(told),
    }
    if told.latency_ms:
        status["latency_ms"] = told.latency_ms
    if told.pin:  # the page has words of its own for it
        status["pin"] = told.pin
    if told.fingerprint:
        status["fingerprint"] = told.fingerprint
    return status


def _counts(told: Told) -> dict[str, int]:
    has = official.catalog() if told.info.catalog is None else told.info.catalog
    counts = {}
    for kind in LISTS:
        files = [spec.file for spec in getattr(has, kind)]
        if told.info.catalog is None:
            files = [file for file in files if file in (told.present or ())]
        counts[kind] = len(files)
    return counts


def catalog(told: Told) -> dict[str, Any]:
    """Return the lists to choose from: the server's own, else the official ones with `present`."""
    has = told.info.catalog
    lists = _lists(_offered() if has is None else has)
    if has is None and told.present is not None:
        for rows in lists.values():
            for row in rows:
                row["present"] = row["file"] in told.present
    return {"source": "official" if has is None else "server", **lists}


def _offered() -> Catalog:
    """Return the official files, without embeddings: a server must have those in its own list."""
    return replace(official.catalog(), textual_inversions=())


def _lists(has: Catalog) -> dict[str, list[dict[str, Any]]]:
    return {
        "models": [
            _row(spec, "modifier", "default_size_px", "deprecated", "note") for spec in has.models
        ],
        "loras": [
            _row(spec, "weight", "lowest_weight", "highest_weight", "prefix", "note", "deprecated")
            for spec in has.loras
        ],
        "controls": [_row(spec, "type", "kind") for spec in has.controls],
        "textual_inversions": [_row(spec, "keyword") for spec in has.textual_inversions],
        "upscalers": [
            {"file": spec.file, "name": spec.name, "scale_factor": spec.scale_factor}
            for spec in has.upscalers
        ],
    }


def _row(spec: Any, *names: str) -> dict[str, Any]:
    known = versions.find(spec.version)
    return {
        "file": spec.file,
        "name": spec.name,
        "version": spec.version,
        "version_name": known.name if known else spec.version,
        **{name: getattr(spec, name) for name in names},
    }
