"""What reads bytes of others, each as a function of any bytes that may raise DrawbridgeError only.

A target returns how the bytes were taken, in words without the values that vary: what has not been
seen yet is worth to be kept and changed further.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import json
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from drawbridge.client.catalog.records import Catalog
from drawbridge.client.client import _server_info
from drawbridge.client.configuration import clipboard, wire
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.connection import answer, call, greeting, limits
from drawbridge.client.connection.call import Excess, Unreadable
from drawbridge.client.generation.events import Audio, Picture, Preview
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.generation.results import to_image, to_sound
from drawbridge.client.generation.stream import Allowance, Reader
from drawbridge.codec import fpzip, latent, tensor
from drawbridge.errors import BadTensor, DrawbridgeError, ServerUnreachable
from drawbridge.facts.versions import VERSIONS
from drawbridge.proto import configuration
from drawbridge.proto import image_service_pb2 as pb2

Target = Callable[[bytes], str]

_LIMIT_BYTES = 1 << 22
_VERSIONS = tuple(VERSIONS)
_VARIES = re.compile(r"[0-9]+(\.[0-9]+)?|'[^']*'|\"[^\"]*\"|0x[0-9a-f]+")


def outcome(error: Exception) -> str:
    """Return how an input was refused, without what varies."""
    problem = error.problem if isinstance(error, DrawbridgeError) else str(error)
    return f"{type(error).__name__}: {_shape(problem)}"


def _shape(text: str) -> str:
    """Return how a sentence begins, without what varies."""
    return " ".join(_VARIES.sub("*", text).split()[:7])


def _tensor(data: bytes) -> str:
    """Decode a tensor; fpzip's streams go no further than its own checks (`_fpzip` does)."""
    with _without_worker():
        array = tensor.decode(data, limit_bytes=_LIMIT_BYTES)
    return f"{array.dtype} {array.ndim}"


@contextlib.contextmanager
def _without_worker() -> Iterator[None]:
    """Have nothing sent to the process that unpacks fpzip: it would be started for each crash."""
    refused = BadTensor("An fpzip stream is not unpacked here.", "Use the target fpzip.")
    with mock.patch.object(fpzip._pool, "decode", side_effect=refused):
        yield


def _fpzip(data: bytes) -> str:
    """Decode a tensor, also one that ends the process that unpacks it."""
    array = tensor.decode(data, limit_bytes=1 << 16)
    return f"{array.dtype} {array.ndim}"


def _preview(data: bytes) -> str:
    """Draw a preview; the first byte chooses the version."""
    version = _VERSIONS[data[0] % len(_VERSIONS)] if data else _VERSIONS[0]
    with _without_worker():
        colours = latent.preview(tensor.decode(data[1:], limit_bytes=1 << 18), version)
    return "none" if colours is None else f"{version} {tuple(colours.shape[1:]) > (8, 8)}"


class _Call:
    """A call that answers with what it was given."""

    def __init__(self, messages: list[Any]) -> None:
        self._messages = messages

    async def initial_metadata(self) -> tuple[()]:
        return ()

    async def read(self) -> Any:
        return self._messages.pop(0) if self._messages else "the end"

    def cancel(self) -> None:
        self._messages.clear()

    def done(self) -> bool:
        return not self._messages

    def cancelled(self) -> bool:
        return False


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


_REQUEST = GenerationRequest(
    "a bridge",
    GenerationConfig(model="m.ckpt", start_width=64, start_height=64, batch_size=2),
    model_version="v1",
)


def split(data: bytes) -> list[bytes]:
    """Return the messages in some bytes, each behind its length in two of them."""
    parts = []
    while len(data) > 1:
        length = int.from_bytes(data[:2], "little")
        parts.append(data[2 : 2 + length])
        data = data[2 + length :]
    return parts


def joined(parts: list[bytes]) -> bytes:
    """Return the bytes of which `split` makes these messages."""
    return b"".join(len(part).to_bytes(2, "little") + part for part in parts)


def _stream(data: bytes) -> str:
    """Read the messages of a generation, and all that comes with them."""
    read = answer.reader(pb2.ImageGenerationResponse)
    messages = [_parsed(read, part) for part in split(data)]

    async def work() -> str:
        seen: list[str] = []
        reader = Reader(Allowance.of(_REQUEST, _LIMIT_BYTES))
        async for event in reader.events(_Call(messages)):
            seen.append(type(event).__name__)
            if isinstance(event, Picture):
                to_image(event)
            elif isinstance(event, Audio):
                to_sound(event, "ltx2")
            elif isinstance(event, Preview):
                assert len(event.encoded) <= event.most_bytes + tensor.HEADER.size
        return " ".join(dict.fromkeys(seen))

    try:
        # Nothing of gRPC is left to wait for, which takes a call's time fifty times.
        with _without_worker(), mock.patch.object(call, "_GRACE_SECONDS", 0):
            return _loop().run_until_complete(work())
    except Unreadable as error:  # which a connection has words for
        return outcome(error)


def _parsed(read: Callable[[bytes], Any], data: bytes) -> Any:
    """Return a message as gRPC hands it out, None for bytes that are none."""
    try:
        return read(data)
    except Exception:
        return None


def _echo(data: bytes) -> str:
    """Read a greeting with its lists."""
    reply = _parsed(limits.bounded(greeting.read), data)
    if reply is None or isinstance(reply, Excess):
        return "unreadable"
    info = _server_info(reply, reply.message)
    return f"{len(info.files) > 1} {'none' if info.catalog is None else _told(info.catalog)}"


def _catalog(data: bytes) -> str:
    """Read one list as that of each kind; all that it tells is put to use."""
    return _told(Catalog.from_json(*[data] * 5))


def _told(catalog: Catalog) -> str:
    kinds = (catalog.models, catalog.loras, catalog.controls, catalog.upscalers)
    for records in kinds:
        for record in records:
            json.dumps(repr(record)).encode()
    return " ".join(str(min(len(records), 3)) for records in kinds)


def _clipboard(data: bytes) -> str:
    """Read a pasted configuration, and send it on."""
    read = clipboard.read(data.decode("utf-8", "surrogateescape"), draw=lambda: 7)
    config = read.config()
    clipboard.write(config)
    sent = wire.write(config)
    configuration.read(sent)
    return f"{min(len(read.values), 5)} {min(len(read.warnings), 2)}"


def _configuration(data: bytes) -> str:
    """Read the bytes of a configuration, which a server or a person's file may have."""
    try:
        table = configuration.read(data)
    except ValueError as error:
        return outcome(error)
    return f"{type(table.model).__name__} {bool(table.loras)} {bool(table.controls)}"


_patches: list[Any] = []


def forget() -> None:
    """Undo what the target route has done to this process."""
    while _patches:
        _patches.pop().stop()
    _routes.cache_clear()


@functools.cache
def _routes() -> tuple[list[str], dict[str, Any]]:
    """Return the routes in a ComfyUI without a folder or a network."""
    import folder_paths

    from drawbridge.client.connection.dialer import Dialer
    from drawbridge.nodes.routes.guard import guarded
    from drawbridge.nodes.routes.table import routes

    folder = tempfile.mkdtemp(prefix="drawbridge-fuzz-")
    folder_paths.set_user_directory(str(Path(folder) / "user"))

    async def nobody(self: Dialer) -> Any:
        raise ServerUnreachable("Nobody is asked here.", "Ask elsewhere.")

    patch = mock.patch.object(Dialer, "open", nobody)
    patch.start()
    _patches.append(patch)
    known = {path: guarded(one) for path, one in routes().items() if not path.endswith("nearby")}
    return sorted(known), known


class _Request:
    """As much of aiohttp's request as a route looks at."""

    def __init__(self, path: str, body: bytes) -> None:
        self.path = path
        self.headers = {"Content-Type": "application/json", "Host": "127.0.0.1:8188"}
        self.content = self
        self._body = body

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), size):
            yield self._body[start : start + size]


def _route(data: bytes) -> str:
    """Send a body to a route, which the first byte chooses."""
    paths, known = _routes()
    path = paths[data[0] % len(paths)] if data else paths[0]
    response = _loop().run_until_complete(known[path](_Request(path, data[1:])))
    assert response.status != 500, f"{path} could not answer"
    told = json.loads(response.text or "")
    error = told.get("error", {}) if isinstance(told, dict) else {}
    return f"{path} {response.status} {_shape(str(error.get('problem', '')))}"


def _image(data: bytes) -> str:
    """Make an image of a tensor, whatever its shape."""
    with _without_worker():
        array = tensor.decode(data, limit_bytes=1 << 18)
    image = to_image(Picture(np.asarray(array), 0, 1))
    io.BytesIO(image.numpy().tobytes())
    return str(image.shape[-1])


TARGETS: dict[str, Target] = {
    "tensor": _tensor,
    "image": _image,
    "preview": _preview,
    "stream": _stream,
    "echo": _echo,
    "catalog": _catalog,
    "clipboard": _clipboard,
    "configuration": _configuration,
    "route": _route,
    "fpzip": _fpzip,
}


def run(name: str, data: bytes) -> str:
    """Give a target some bytes; return how it took them. Raises what is a fault of ours."""
    try:
        return TARGETS[name](data)
    except DrawbridgeError as error:
        return outcome(error)
