"""Whatever one picture, prompt or frame comes to, at one server or several: other files stay."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from drawbridge.client.address import Address
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.client.store.servers import SavedServers
from drawbridge.devtools.fault_cells import FRAMES, VIDEO_MODEL
from drawbridge.devtools.request_faults import REFUSED, fault_for
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
Run = Callable[..., Any]
Words = tuple[object, ...]
SIZE = ("--width", 128, "--height", 128, "--steps", 2)
SMALL = ("generate", "--model", "sd_v1.5_f16.ckpt", *SIZE, "--seed", 5)
PROMPTS = ("one", "two", "three", "four")
FAULTS = {
    "internal-error": "GenerationFailed",
    REFUSED: "RequestRejected",
    "no-pictures": "GenerationFailed",
    "missing-last-chunk": "GenerationFailed",
    "damaged-picture": "BadTensor",
    "nan-pixels": "GenerationFailed",
}


@pytest.fixture(params=[1, 2], ids=["alone", "several"])
def emulators(request: pytest.FixtureRequest, serve: Serve, tmp_path: Path) -> list[Emulator]:
    started = [serve(step_ms=2) for _ in range(request.param)]
    for number, one in enumerate(started):
        address = Address("127.0.0.1", one.port)
        SavedServers(tmp_path).put(Server(address, Transport.PLAINTEXT, name=str(number)))
    return started


def where(emulators: list[Emulator], folder: Path) -> Words:
    """Return the options that name the servers and the place of the files."""
    named = [word for number in range(len(emulators)) for word in ("--server", str(number))]
    return ("--store", folder, *named, "-o", folder / "p.png", "--json")


def numbers(folder: Path) -> list[int]:
    """Return which pictures are there; each of them is whole."""
    found = []
    for path in folder.glob("p-*.png"):
        with Image.open(path) as picture:
            picture.load()
        found.append(int(path.stem.partition("-")[2]))
    return sorted(found)


def asked(emulators: list[Emulator]) -> int:
    return sum(len(one.journal.events("call", rpc="GenerateImage")) for one in emulators)


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        *(("picture", fault) for fault in FAULTS),
        *(("prompt", fault) for fault in ("internal-error", REFUSED, "damaged-picture")),
    ],
)
def test_third_of_four_costs_none_of_the_others(
    run: Run, emulators: list[Emulator], tmp_path: Path, kind: str, fault: str
) -> None:
    """Without --keep-going what is under way elsewhere is broken off, and said to be."""
    third: int | str = 7
    words: Words = ("--prompt", "x", "--batch-count", 4)
    if kind == "prompt":
        third, words = PROMPTS[2], tuple(word for one in PROMPTS for word in ("--prompt", one))
    command = (None, *SMALL, *words, *where(emulators, tmp_path))
    with fault_for(fault, third):
        done = run(*command, "--keep-going")
    assert done.code in (1, 7), done.err
    assert done.json["error"]["kind"] == FAULTS[fault]
    assert numbers(tmp_path) == [1, 2, 4]
    assert [Path(one).name for one in done.json["files"]] == ["p-1.png", "p-2.png", "p-4.png"]
    assert [Path(one["file"]).name for one in done.json["missing"]] == ["p-3.png"]
    before = asked(emulators)
    again = run(*command, "--skip-existing")
    assert again.code == 0, again.out
    assert asked(emulators) - before == 1
    assert numbers(tmp_path) == [1, 2, 3, 4]


@pytest.mark.parametrize("fault", ["cut", "nan"])
@pytest.mark.parametrize("kind", ["picture of a batch", "frame"])
def test_what_is_damaged_within_a_request_costs_none_of_its_others(
    run: Run, emulators: list[Emulator], tmp_path: Path, kind: str, fault: str
) -> None:
    for one in emulators:
        one.faults = [f"generate: damage picture 3 {fault}"]
    command, count = (*SMALL, "--batch-size", 4), 4
    if kind == "frame":
        command = ("generate", "--model", VIDEO_MODEL, *SIZE, "--set", f"numFrames={FRAMES}")
        count = FRAMES
    done = run(None, *command, "--prompt", "x", *where(emulators, tmp_path))
    assert done.code == 1, done.err
    assert numbers(tmp_path) == [number for number in range(1, count + 1) if number != 3]
    assert [Path(one["file"]).name for one in done.json["missing"]] == ["p-3.png"]


def test_files_of_a_batch_are_written_as_they_come(
    run: Run, emulators: list[Emulator], tmp_path: Path
) -> None:
    """Each server breaks off within a picture of a batch."""
    for one in emulators:
        one.faults = ["generate: slices 60000; generate: status INTERNAL after 10"]
    done = run(None, *SMALL, "--batch-size", 4, "--prompt", "x", *where(emulators, tmp_path))
    assert done.code == 1, done.err
    there = numbers(tmp_path)
    assert there in ([1], [1, 2], [1, 2, 3])
    lost = [Path(one["file"]).name for one in done.json["missing"]]
    assert lost == [f"p-{number}.png" for number in range(len(there) + 1, 5)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one process alone")
def test_interruption_keeps_what_is_finished_and_says_what_is_not(
    start: Callable[..., Any], emulators: list[Emulator], tmp_path: Path
) -> None:
    """Two of four are finished, and whoever has the next one is held there."""
    for one in emulators:
        one.faults = [f"generate[{4 - len(emulators)}-]: stall after 2"]
    words = ("--batch-count", 4, "--prompt", "x", *where(emulators, tmp_path))
    process = start(*SMALL, *words)
    deadline = time.monotonic() + 60
    while len(numbers(tmp_path)) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    there = numbers(tmp_path)
    assert len(there) == 2
    assert not list(tmp_path.glob(".*.part"))
    told = json.loads(out)
    assert told["error"]["kind"] == "Interrupted"
    assert [Path(one).name for one in told["files"]] == [f"p-{number}.png" for number in there]
    lost = [Path(one["file"]).name for one in told["missing"]]
    assert lost == [f"p-{number}.png" for number in range(1, 5) if number not in there]


def test_place_that_is_gone_ends_the_run_with_what_was_written(
    run: Run, emulators: list[Emulator], tmp_path: Path
) -> None:
    (tmp_path / "p-2.png").mkdir()  # no file can take its place
    done = run(
        None, *SMALL, "--batch-count", 3, "--prompt", "x", "--keep-going",
        *where(emulators, tmp_path),
    )  # fmt: skip
    assert done.code == 1, done.err
    assert "cannot be written" in done.json["error"]["problem"]
    assert [Path(one).name for one in done.json["files"]] == ["p-1.png", "p-3.png"]
    assert [Path(one["file"]).name for one in done.json["missing"]] == ["p-2.png"]
