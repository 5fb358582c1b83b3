"""Whatever a server does, ComfyUI hears one thing of it, at the right node, and goes on."""

from __future__ import annotations

import gc
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from standin.executor import Outcome
from standin.stage import Stage, graph
from standin.validation import Prompt

from drawbridge import errors
from drawbridge.client.connection import dialer
from drawbridge.client.generation import stream
from drawbridge.codec import fpzip
from drawbridge.devtools.fault_cells import FRAMES, NODE_CELLS, SLICED, VIDEO_MODEL, Cell
from drawbridge.emulator.server.server import Emulator, Options
from drawbridge.nodes.records import Settings

pytestmark = pytest.mark.usefixtures("only_new_garbage")
SOUND = 2  # of Generate's outputs
PATIENCE_SECONDS = 30  # of which none is used: beyond it, something hangs


@pytest.fixture(scope="module")
def raw() -> Iterator[Emulator]:
    with Emulator(Options(compression=False)) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def packed() -> Iterator[Emulator]:
    with Emulator(Options()) as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialer, "PROBE_SECONDS", 0.5)
    monkeypatch.setattr(stream, "MOST_NEWS", 100)


def _prompt(emulator: Emulator, video: bool, steps: int = 4) -> Prompt:
    """Return a graph of two pictures, or of a video with a sound."""
    if not video:
        return graph(emulator.port, batch_size=2, steps=steps)
    settings = Settings().with_values(num_frames=FRAMES)
    sizes = {"width": 128, "height": 128}
    return graph(emulator.port, model=VIDEO_MODEL, settings=settings, steps=steps, **sizes)


@dataclass(frozen=True)
class Good:
    """What a good server's run gives."""

    pictures: list[np.ndarray]
    sound: torch.Tensor | None


@pytest.fixture(scope="module")
def good(raw: Emulator, tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Good]:
    """Return what comes of a good server: whether it is a video, and its results."""
    raw.faults = []
    found = {}
    for video in (False, True):
        stage = Stage(tmp_path_factory.mktemp("good") / "output")
        outcome = stage.host.run(_prompt(raw, video))
        assert outcome.status == "success", outcome.exception_message
        found[video] = Good(_saved(stage), _sound(outcome))
    assert [len(found[video].pictures) for video in (False, True)] == [2, FRAMES]
    assert found[True].sound is not None
    return found


def _sound(outcome: Outcome) -> torch.Tensor | None:
    """Return the values of the sound that came out of Generate."""
    [sound] = outcome.outputs["generate"][SOUND]
    return sound["waveform"] if isinstance(sound, dict) else None  # else a blocker of what follows


def _saved(stage: Stage) -> list[np.ndarray]:
    return [np.asarray(Image.open(path)) for path in stage.pictures]


def _until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until, "it does not let go"
        time.sleep(0.002)


def _held(emulator: Emulator) -> Callable[[], bool]:
    """Return what says whether threads, connections and descriptors are as few as now."""
    folder = Path("/proc/self/fd")

    def count() -> tuple[int, int]:
        own = sum(not one.name.startswith("emulator") for one in threading.enumerate())
        return own, len(list(folder.iterdir())) if folder.is_dir() else 0

    def let_go() -> bool:
        fpzip.close()  # its processes stay on purpose, as many as have been of use
        return not emulator.connections and all(
            now <= then for now, then in zip(count(), before, strict=True)
        )

    gc.collect()
    fpzip.close()
    _until(lambda: not emulator.connections)
    before = count()
    return let_go


def _assert_said(outcome: Outcome, cell: Cell) -> None:
    kinds = cell.error.split("|")
    if outcome.status == "success":
        assert "" in kinds
        return
    assert outcome.status == "error", outcome.status
    error = outcome.exception
    assert isinstance(error, errors.DrawbridgeError), repr(error)
    assert isinstance(error, tuple(getattr(errors, name) for name in kinds if name)), repr(error)
    assert outcome.node_id == cell.node
    assert re.search(cell.words, error.problem), error.problem
    for text in (error.problem, error.remedy):
        assert text.endswith((".", "?")), text
        assert len(text) < 800
        assert text.isprintable(), text


@pytest.mark.parametrize("cell", NODE_CELLS, ids=str)
def test_fault_is_said_at_its_node_and_the_next_run_works(
    raw: Emulator, packed: Emulator, good: dict[bool, Good], stage: Stage, cell: Cell
) -> None:
    emulator = packed if cell.packed else raw
    right = good[cell.video]
    prompt = _prompt(emulator, cell.video)
    let_go = _held(emulator)
    emulator.faults = [cell.rule]
    outcome = stage.host.run(prompt)
    _assert_said(outcome, cell.at_node)
    failed = outcome.status != "success"
    del outcome
    gc.collect()
    _until(let_go)
    if not cell.odd:  # nothing but whole pictures, and right ones
        assert None not in [_same(one, right.pictures) for one in _saved(stage)]
    for path in stage.pictures:
        path.unlink()
    emulator.faults = []
    _until(lambda: _listens(emulator.port))
    # Other steps where the first run has ended well, so that the server is asked again; the same
    # prompt where not, which may use what was finished.
    again = stage.host.run(_prompt(emulator, cell.video, steps=4 if failed else 5))
    assert again.status == "success", again.exception_message
    if failed:
        assert [_same(one, right.pictures) for one in _saved(stage)] == [
            *range(len(right.pictures))
        ]
        if right.sound is not None:
            sound = _sound(again)
            assert sound is not None
            assert torch.equal(sound, right.sound)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:  # a server that restarts is away for a moment
        return False
    return True


def _same(picture: np.ndarray, good: list[np.ndarray]) -> int | None:
    return next((n for n, one in enumerate(good) if np.array_equal(one, picture)), None)


@pytest.mark.parametrize(
    ("rule", "node"),
    [
        ("echo: stall", "connect"),
        ("generate: stall", "generate"),
        ("generate: stall after 0", "generate"),
        ("generate: stall after 4", "generate"),
        (f"{SLICED}; generate: stall after 12", "generate"),
        (f"{SLICED}; generate: stall after end", "generate"),
        ("connect: stall", "connect"),
        ("connect: stall after 100", "connect"),
        ("generate: endless progress", "generate"),
    ],
)
def test_what_never_ends_is_interrupted_and_the_next_run_works(
    raw: Emulator, stage: Stage, monkeypatch: pytest.MonkeyPatch, rule: str, node: str
) -> None:
    monkeypatch.setattr(stream, "MOST_NEWS", 1 << 40)
    prompt = graph(raw.port, batch_size=2)
    let_go = _held(raw)
    raw.faults = [rule]
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(stage.host.run(prompt)))
    thread.start()
    _until(lambda: bool(stage.told("executing", node=node)) and raw.connections > 0)
    stage.host.interrupt()
    thread.join(PATIENCE_SECONDS)
    [outcome] = outcomes
    assert (outcome.status, outcome.node_id) == ("interrupted", node)
    del outcome
    outcomes.clear()
    gc.collect()  # as ComfyUI does after a prompt: a cancelled call and its error hold each other
    _until(let_go)
    assert stage.pictures == []
    raw.faults = []
    assert stage.host.run(prompt).status == "success"


def test_server_that_restarts_between_runs_is_found_again(raw: Emulator, stage: Stage) -> None:
    raw.faults = []
    for seed in range(3):
        assert stage.host.run(graph(raw.port, seed=seed)).status == "success"
        raw.restart()


@pytest.mark.parametrize("how", ["wrong", "late"])
def test_secret_that_is_demanded_late_is_said_where_it_is(
    stage: Stage, raw: Emulator, how: str
) -> None:
    """Connect's greeting is answered still; the next call is one with the wrong secret."""
    raw.faults = ["echo[2-]: demand; generate: demand" if how == "wrong" else "generate: demand"]
    outcome = stage.host.run(graph(raw.port, seed=11))
    assert outcome.status == "error"
    assert isinstance(outcome.exception, errors.SecretRejected | errors.GenerationFailed)
    # Load Model asks for the lists, unless they were told a moment ago.
    assert outcome.node_id in (("model", "generate") if how == "wrong" else ("generate",))
    raw.faults = []
    assert stage.host.run(graph(raw.port, seed=11)).status == "success"
