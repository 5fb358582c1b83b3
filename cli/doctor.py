"""The command doctor: one step after the other, up to a picture, to find what goes wrong."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
from typing import TYPE_CHECKING

from ..client.catalog.lookup import ModelFile, browser_off, find_model
from ..client.catalog.records import Catalog, ModelSpec
from ..client.connection.finding import Finding, Probed
from ..client.generation.events import Picture, Progress
from ..client.generation.progress import Meter, stage, words
from ..client.server_fields import Transport
from ..client.store.pins import Pin
from ..errors import DrawbridgeError, ModelUnavailable, RequestRejected, SecretRejected
from ..facts import versions
from ..facts.model_version import USUAL_SIZE_RANK
from . import request
from .command import Command
from .connection import open_client, timeout_seconds
from .outcome import OK
from .output import Output

if TYPE_CHECKING:
    from ..client.client import DrawThingsClient
    from ..client.generation.request import GenerationRequest

_MOST_PROBE_SECONDS = 10.0
_NAME, _PORT, _TLS, _ANSWER = "host name", "port", "encryption", "gRPC"
_SECRET, _BROWSER, _PICTURE = "shared secret", "model browser", "generation"
_STEPS = (_NAME, _PORT, _TLS, _ANSWER, _SECRET, _BROWSER, _PICTURE)
_AT_PORT = frozenset({Finding.REFUSED, Finding.TIMED_OUT, Finding.NO_ROUTE})
_NO_GRPC = frozenset({Finding.HTTP, Finding.CLOSED, Finding.SILENT})


class _Steps:
    """The steps so far, said as they are taken."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.taken: list[dict[str, str]] = []
        self.next = 0

    def take(self, detail: str, status: str = "ok") -> None:
        """Say how the next step went."""
        step = _STEPS[self.next]
        self.next += 1
        self.taken.append({"step": step, "status": status, "detail": detail})
        self._output.line(f"{step:<14} {status:<8} {detail}".rstrip())

    def fail_at(self, step: str, passed: str = "") -> None:
        """Say that a step failed, and that those before it went well."""
        while _STEPS[self.next] != step:
            self.take(passed)
        self.take("", "failed")


def _options(parser: argparse.ArgumentParser) -> None:
    request.add_model(parser, "file or name of the model to try (default: the smallest that fits)")


async def doctor(options: argparse.Namespace, output: Output) -> int:
    """Walk from the host's name to a picture, and explain the first step that fails."""
    steps, opened = _Steps(output), open_client(options, output)
    try:
        async with opened as client:
            await _walk(options, client, steps, output)
    except DrawbridgeError as error:
        if steps.next < len(_STEPS) and not _has_failed(steps):
            steps.take("", "failed")
        return output.error(error, steps=steps.taken)
    output.line()
    output.line("Everything works.")
    output.result(steps=steps.taken)
    return OK


def _has_failed(steps: _Steps) -> bool:
    return any(taken["status"] == "failed" for taken in steps.taken)


async def _walk(
    options: argparse.Namespace, client: DrawThingsClient, steps: _Steps, output: Output
) -> None:
    seconds = timeout_seconds(options)
    if _behind_proxy(client):  # what answers here directly says nothing about the way through it
        for _ in (_NAME, _PORT, _TLS):
            steps.take("this computer uses a web proxy", "skipped")
    else:
        await _reach(client, steps, seconds)
    try:
        info = await client.echo(seconds)
    except SecretRejected:
        steps.fail_at(_SECRET, "it answers")
        raise
    steps.take(info.message)
    secret = client.endpoint.secret
    steps.take("accepted, if it wants one" if secret else "none sent, none wanted")
    catalog = await client.catalog(info)
    if not (catalog.complete or catalog.models or options.model):
        otherwise = "name a model file that it has (--model)"
        raise browser_off(client.endpoint.address, "say which models it has", otherwise)
    count = len(info.catalog.models if info.catalog else catalog.models)
    noun = f"model{'s'[: count != 1]}"
    if info.catalog is None:
        off = f"off, {count} official {noun} found: others need a version in Load Model"
        steps.take(off, "note")
    else:
        steps.take(f"on, {count} {noun}")
    await _generate(options, client, catalog, steps, output)


async def _reach(client: DrawThingsClient, steps: _Steps, seconds: float) -> None:
    """Take the steps up to an encrypted connection."""
    from ..client.connection.channel import resolve
    from ..client.connection.diagnosis import describe
    from ..client.connection.probe import look

    endpoint = client.endpoint
    try:
        addresses = await asyncio.wait_for(resolve(endpoint), seconds)
    except (OSError, asyncio.TimeoutError) as error:
        raise describe(endpoint, Probed(Finding.NO_SUCH_HOST)) from error
    steps.take(", ".join(addresses))
    limit = min(seconds, _MOST_PROBE_SECONDS)
    pin = client.pins.get(endpoint.address) if endpoint.transport is Transport.PINNED else None
    seen = await look(endpoint, limit, pin)
    if seen.finding is Finding.NO_SUCH_HOST or seen.finding in _AT_PORT:
        raise describe(endpoint, seen, limit)
    steps.take(f"{endpoint.port} is open")
    if seen.finding in _NO_GRPC:
        steps.take("nothing against it")
        raise describe(endpoint, seen, limit)
    if seen.finding is not Finding.NOTHING_WRONG:
        raise describe(endpoint, seen, limit)
    _take_encryption(client, steps, seen, pin)


def _take_encryption(
    client: DrawThingsClient, steps: _Steps, seen: Probed, pin: Pin | None
) -> None:
    """Say what the encryption is worth."""
    endpoint = client.endpoint
    if endpoint.transport is Transport.PLAINTEXT:
        steps.take("none, on both sides")
        return
    if endpoint.transport is Transport.DRAW_THINGS:
        steps.take("TLS; anybody has the key of this certificate, so it proves nothing")
        return
    if endpoint.transport is not Transport.PINNED:
        steps.take("TLS, and the certificate is trusted")
        return
    shown = pin or Pin.of(endpoint.address, seen.certificate)
    when = f"pinned on {pin.first_seen}" if pin else "seen for the first time and pinned now"
    worth = "; it proves nothing, its key is public" if shown.is_public else ""
    steps.take(f"TLS, certificate {when}{worth}: {shown.fingerprint}")


def _behind_proxy(client: DrawThingsClient) -> bool:
    names = ("grpc_proxy", "https_proxy", "http_proxy")
    return client.endpoint.transport is Transport.SYSTEM and any(map(os.environ.get, names))


async def _generate(
    options: argparse.Namespace,
    client: DrawThingsClient,
    catalog: Catalog,
    steps: _Steps,
    output: Output,
) -> None:
    from ..client.generation.request import GenerationRequest

    if options.model:
        wish = (options.model, options.model_version)
        model = await find_model(client, catalog, *wish)
    else:
        spec = smallest(catalog)
        if spec is None:
            raise ModelUnavailable(
                f"The server at {client.endpoint.address} has no model that makes a picture from"
                " words alone.",
                "Download one in Draw Things, such as a Stable Diffusion model, or"
                " name one with --model.",
            )
        model = ModelFile.of(spec)
    known = versions.find(model.version)
    if known is not None and known.needs_image:
        raise RequestRejected(
            f"The model {model.file} needs a picture to start from, so it cannot be tried here.",
            "Name another model with --model.",
        )
    wanted = GenerationRequest(
        *("a bridge over a river", request.tiny(model)),
        override=Catalog(models=(model.spec,) if model.spec else ()),
        model_version=model.version,
    )
    steps.take(await _try(client, wanted, output))


async def _try(client: DrawThingsClient, wanted: GenerationRequest, output: Output) -> str:
    meter, config = Meter(), wanted.config
    output.progress(0, f"Trying {config.model}")
    width, height = 0, 0
    async with contextlib.aclosing(client.generate(wanted)) as events:
        async for event in events:
            if isinstance(event, Progress):
                output.progress(meter.update(event), words(event), stage(event))
            elif isinstance(event, Picture):
                height, width = event.array.shape[1:3]
    return f"{width} x {height} pixels from {config.model}, {config.steps} steps"


def smallest(catalog: Catalog) -> ModelSpec | None:
    """Return the model that probably takes the least time and memory to make a picture from words.

    None where no model can do that by itself.
    """
    able = [spec for spec in catalog.models if _makes_pictures(spec)]
    return min(able, key=_weight, default=None)


def _makes_pictures(spec: ModelSpec) -> bool:
    known = versions.find(spec.version)
    if known is None or known.is_video or known.needs_image or not known.draws_alone:
        return False
    return spec.modifier == "none" and "remote_api_model_config" not in spec.raw


def _weight(spec: ModelSpec) -> tuple[int, int, str]:
    known = versions.find(spec.version)
    packed = re.search(r"_q(\d)p", spec.file)  # bits of a weight; files without have 16
    bits = int(packed.group(1)) if packed else 16
    return known.size_rank if known else USUAL_SIZE_RANK, bits, spec.file


COMMAND = Command(
    "doctor", "find out at which step something goes wrong, up to a tiny picture", doctor, _options
)
