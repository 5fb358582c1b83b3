"""Whatever a server does, the library says one thing of it, in bounded time, and lets go of it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from drawbridge import errors
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.connection import dialer
from drawbridge.client.connection.answer import Answer
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation import stream
from drawbridge.client.generation.events import (
    Audio,
    Event,
    Picture,
    Progress,
    Queued,
    Receiving,
)
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.server_fields import Transport
from drawbridge.client.upload.transfer import Done
from drawbridge.codec import fpzip
from drawbridge.devtools.fault_cells import (
    CELLS,
    FRAMES,
    MESSAGES,
    SLICED,
    VIDEO_MESSAGES,
    VIDEO_MODEL,
    VIDEO_SLICED,
    VIDEO_VERSION,
    Cell,
)
from drawbridge.emulator.server.fault_rules import CATALOGS
from drawbridge.emulator.server.server import Emulator, Options

REQUEST = GenerationRequest(
    "a bridge",
    GenerationConfig(
        model="z_image_turbo_1.0_q8p.ckpt",
        steps=4,
        start_width=128,
        start_height=192,
        batch_size=2,
    ),
    model_version="z_image",
)
VIDEO = GenerationRequest(
    "a bridge",
    GenerationConfig(
        model=VIDEO_MODEL, steps=4, start_width=128, start_height=128, num_frames=FRAMES
    ),
    model_version=VIDEO_VERSION,
)
Results = dict[tuple[type[Event], int], np.ndarray]
pytestmark = pytest.mark.usefixtures("only_new_garbage")
PATIENCE_SECONDS = 30  # of which none is used: beyond it, something hangs


@pytest.fixture(scope="module")
def raw() -> Iterator[Emulator]:
    with Emulator(Options(compression=False)) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def packed() -> Iterator[Emulator]:
    with Emulator(Options()) as emulator:
        asyncio.run(_generate(emulator, []))  # the workers for fpzip stay, with their pipes
        yield emulator


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialer, "PROBE_SECONDS", 0.5)
    monkeypatch.setattr(stream, "MOST_NEWS", 100)


def _client(emulator: Emulator) -> DrawThingsClient:
    endpoint = Endpoint("127.0.0.1", emulator.port, Transport.PLAINTEXT)
    return DrawThingsClient(endpoint, connect_timeout_seconds=5, retry_pause_seconds=0)


async def _generate(
    emulator: Emulator, events: list[Event], request: GenerationRequest = REQUEST
) -> None:
    async with _client(emulator) as client:
        async for event in client.generate(request):
            events.append(event)


def _results(events: list[Event]) -> Results:
    """Return the pictures and sounds."""
    return {
        (type(event), event.index): event.array
        for event in events
        if isinstance(event, Picture | Audio)
    }


@pytest.fixture(scope="module")
def good(raw: Emulator) -> dict[bool, Results]:
    """Return what comes of a good server: whether it is a video, and its results."""
    found: dict[bool, Results] = {}
    raw.faults = []
    for request in (REQUEST, VIDEO):
        events: list[Event] = []
        asyncio.run(_generate(raw, events, request))
        found[request is VIDEO] = _results(events)
    assert [len(found[video]) for video in (False, True)] == [2, FRAMES + 1]
    return found


def _descriptors() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def _threads() -> int:
    return sum(not one.name.startswith("emulator") for one in threading.enumerate())


async def _until(condition: Callable[[], bool]) -> None:
    """Wait for a condition. Raises asyncio.TimeoutError."""

    async def wait() -> None:
        while not condition():  # noqa: ASYNC110 - nobody tells of a closed descriptor
            await asyncio.sleep(0.002)

    await asyncio.wait_for(wait(), PATIENCE_SECONDS)


async def _listens(emulator: Emulator) -> None:
    """Wait until an emulator takes connections. Raises asyncio.TimeoutError."""

    async def connect() -> None:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", emulator.port)
                writer.close()
                return
            await asyncio.sleep(0.002)

    await asyncio.wait_for(connect(), PATIENCE_SECONDS)


@contextlib.asynccontextmanager
async def _nothing_left(emulator: Emulator) -> AsyncIterator[None]:
    """Hold that a block leaves no task, thread, connection or descriptor behind, once the garbage
    is collected: an error of gRPC and its call hold each other.
    """
    emulator.faults = []
    gc.collect()
    async with _client(emulator) as client:  # gRPC has descriptors of its own for each event loop
        await client.echo()
    await _until(lambda: not emulator.connections)
    fpzip.close()  # its processes stay on purpose, as many as have been of use
    gc.collect()
    descriptors, threads = _descriptors(), _threads()
    yield
    fpzip.close()
    gc.collect()
    await _until(
        lambda: not emulator.connections and _descriptors() <= descriptors and _threads() <= threads
    )
    assert asyncio.all_tasks() == {asyncio.current_task()}


def _check_words(error: errors.DrawbridgeError) -> None:
    """Hold that an error is one fact and one remedy, of bounded length and for every eye."""
    for text in (error.problem, error.remedy):
        assert text.endswith((".", "?")), text
        assert len(text) < 800
        assert text.isprintable(), text


@pytest.mark.parametrize("cell", CELLS, ids=str)
async def test_fault_is_one_error_and_leaves_nothing(
    raw: Emulator, packed: Emulator, good: dict[bool, Results], cell: Cell
) -> None:
    emulator = packed if cell.packed else raw
    request = VIDEO if cell.video else REQUEST
    events: list[Event] = []
    async with _nothing_left(emulator):
        emulator.faults = [cell.rule]
        told = None
        try:
            await asyncio.wait_for(_generate(emulator, events, request), PATIENCE_SECONDS)
        except errors.DrawbridgeError as error:
            told = error
            _check_words(error)
        kinds = [getattr(errors, name) if name else type(None) for name in cell.error.split("|")]
        assert isinstance(told, tuple(kinds)), told
        if told is not None:
            assert re.search(cell.words, told.problem), told.problem
        del told
    results = _results(events)
    assert cell.error or len(results) >= len(good[cell.video])
    if not cell.odd:  # what was passed on is whole and right, and in its place where all of it is
        right = good[cell.video]
        for (kind, index), array in results.items():
            others = [other for (one, _), other in right.items() if one is kind and cell.error]
            assert any(np.array_equal(array, one) for one in (right[kind, index], *others))
    emulator.faults = []
    assert await _greeting(emulator, away="restart" in cell.rule)  # the next one works


async def _greeting(emulator: Emulator, away: bool) -> str:
    """Return what a server says, which may be `away` for a moment still."""
    while True:
        try:
            async with _client(emulator) as client:
                return (await client.echo()).message
        except errors.ServerUnreachable:
            if not away:
                raise


async def test_generation_behind_a_fault_is_as_good_as_ever(
    raw: Emulator, good: dict[bool, Results]
) -> None:
    raw.faults = ["generate[1]: reset after 8; generate[2]: restart after 3; generate[4-]: stall"]
    for fine in (False, False, True):
        events: list[Event] = []
        with contextlib.nullcontext() if fine else pytest.raises(errors.ServerUnreachable):
            await _generate(raw, events)
        await _listens(raw)  # a restarted server takes its moment
        if fine:
            came = _results(events)
            assert all(np.array_equal(came[key], array) for key, array in good[False].items())


@pytest.mark.parametrize(
    ("request_", "rule", "messages"),
    [(REQUEST, SLICED, MESSAGES), (VIDEO, VIDEO_SLICED, VIDEO_MESSAGES)],
    ids=["pictures", "video"],
)
async def test_matrix_meets_every_message(
    raw: Emulator, request_: GenerationRequest, rule: str, messages: int
) -> None:
    raw.faults = [rule]
    sent = 0
    original = stream.Reader._count_news

    def count(self: stream.Reader, answer: Answer) -> None:
        nonlocal sent
        sent += 1
        original(self, answer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream.Reader, "_count_news", count)
        await _generate(raw, [], request_)
    assert sent == messages


@pytest.mark.parametrize(
    ("rule", "reached"),
    [
        ("generate: stall", None),
        ("generate: stall after 0", Queued),
        ("generate: stall after 4", Progress),
        (f"{SLICED}; generate: stall after 12", Receiving),
        (f"{SLICED}; generate: stall after 13", Picture),
        (f"{SLICED}; generate: stall after end", Picture),
        ("connect: stall after 2000", None),
    ],
)
async def test_stalled_generation_ends_when_it_is_cancelled(
    raw: Emulator, rule: str, reached: type[Event] | None
) -> None:
    events: list[Event] = []
    async with _nothing_left(raw):
        raw.faults = [rule]
        work = asyncio.ensure_future(_generate(raw, events))
        await _until(
            lambda: (
                raw.connections > 0
                if reached is None
                else any(isinstance(event, reached) for event in events)
            )
        )
        work.cancel()
        await asyncio.wait({work}, timeout=PATIENCE_SECONDS)
        assert work.cancelled()
        del work
        gc.collect()  # a cancelled call and its error hold each other
    raw.faults = []
    await _generate(raw, events)


@pytest.mark.parametrize(
    "rule",
    [f"echo: catalog {how}" for how in CATALOGS] + ["any: unknown", "files: unknown"],
)
async def test_damaged_catalogue_costs_the_catalogue_alone(raw: Emulator, rule: str) -> None:
    async with _nothing_left(raw), _client(raw) as client:
        raw.faults = [rule]
        catalog = await client.catalog()
        assert catalog.loras or "names" in rule  # which nobody could tell apart
        assert not any(model.file.startswith((".", "/")) for model in catalog.models)


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        *((f"upload: reset after {n}", "ServerUnreachable") for n in range(4)),
        *((f"upload[1]: reset after {n}", "") for n in range(4)),
        *((f"upload: restart after {n}", "ServerUnreachable") for n in range(4)),
        ("upload: reset", "ServerUnreachable"),
        *((f"upload: end after {n}", "ProtocolMismatch") for n in range(2)),
        ("upload: deny", "UploadFailed"),
        ("upload: unknown", ""),
        ("upload: demand", "UploadFailed"),
        ("files: demand", "ProtocolMismatch"),
        *(
            (f"upload: status {code} after {n}", "DrawbridgeError")
            for code in sorted(code.name for code in grpc.StatusCode if code.value[0])
            for n in (0, 2)
            if code != "UNAVAILABLE"
        ),
        *(
            (f"files: status {code}", "DrawbridgeError")
            for code in sorted(code.name for code in grpc.StatusCode if code.value[0])
        ),
    ],
)
async def test_fault_in_an_upload_is_one_error_and_leaves_nothing(
    raw: Emulator, tmp_path: Path, rule: str, error: str
) -> None:
    path = tmp_path / "new.ckpt"
    path.write_bytes(bytes(range(250)) * 8000)
    async with _nothing_left(raw):
        raw.faults = [rule]
        told = None
        try:
            async with _client(raw) as client:
                sending = [event async for event in client.upload(path, f"{tmp_path.name}.ckpt")]
            assert isinstance(sending[-1], Done)
        except errors.DrawbridgeError as caught:
            told = caught
            _check_words(caught)
        assert isinstance(told, getattr(errors, error) if error else type(None)), told
        del told
    raw.faults = []
    async with _client(raw) as client:
        [there] = await client.files_exist([f"{tmp_path.name}.ckpt"])
        assert there.exists is not bool(error)


@pytest.mark.parametrize("second", ["files[2]: reset", "echo[2]: reset"])
async def test_an_upload_survives_a_second_cut_while_its_server_is_looked_for(
    raw: Emulator, tmp_path: Path, second: str
) -> None:
    path = tmp_path / "new.ckpt"
    path.write_bytes(bytes(range(250)) * 8000)
    raw.faults = ["upload[1]: reset after 3", second]
    async with _client(raw) as client:
        sending = [event async for event in client.upload(path, f"{tmp_path.name}.ckpt")]
        raw.faults = []
        [there] = await client.files_exist([f"{tmp_path.name}.ckpt"], with_hashes=True)
    assert there.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert sending[-1] == Done(f"{tmp_path.name}.ckpt", False, there.sha256)
