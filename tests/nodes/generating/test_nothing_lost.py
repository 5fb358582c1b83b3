"""Whatever one picture, prompt or frame comes to, at one server or in a pool: the others stay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from server import PromptServer
from standin.executor import Outcome
from standin.outcomes import assert_failed
from standin.stage import Stage, graph
from standin.validation import Prompt

from drawbridge.devtools.fault_cells import FRAMES, VIDEO_MODEL
from drawbridge.devtools.request_faults import REFUSED, fault_for
from drawbridge.emulator.server.server import Emulator, Options
from drawbridge.nodes.generating import unfinished
from drawbridge.nodes.generating.server_queue import QUEUE
from drawbridge.nodes.records import Settings

Serve = Callable[..., Emulator]
SEED = 5
PROMPTS = ("one", "two", "three", "four")
FAULTS = {
    "internal-error": "GenerationFailed",
    REFUSED: "RequestRejected",
    "cancel-status": "GenerationFailed",
    "no-pictures": "GenerationFailed",
    "missing-last-chunk": "GenerationFailed",
    "damaged-picture": "BadTensor",
    "truncated-picture": "BadTensor",
    "nan-pixels": "GenerationFailed",
}


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    QUEUE.close()
    yield
    QUEUE.close()


@pytest.fixture(params=[1, 2], ids=["alone", "pool"])
def emulators(request: pytest.FixtureRequest, serve: Serve) -> list[Emulator]:
    return [serve(step_ms=2) for _ in range(request.param)]


def prompt(emulators: list[Emulator], **inputs: Any) -> Prompt:
    """Return a graph at one server, or at a pool of them."""
    made = graph(emulators[0].port, **{"steps": 2, "height": 128, **inputs})
    if len(emulators) == 1:
        return made
    connect = made.pop("connect")
    pool: dict[str, Any] = {"saved": ""}
    for number, emulator in enumerate(emulators, 1):
        values = {**connect["inputs"], "port": emulator.port}
        made[f"connect{number}"] = {**connect, "inputs": values}
        pool[f"server_{number}"] = [f"connect{number}", 0]
    made["pool"] = {"class_type": "Drawbridge_ServerPool", "inputs": pool}
    made["model"]["inputs"]["server"] = ["pool", 0]
    return made


def pictures(emulators: list[Emulator]) -> Prompt:
    """Return a graph of four pictures, each with a seed of its own."""
    return prompt(emulators, batch_count=4, seed=SEED)


def listed(emulators: list[Emulator]) -> Prompt:
    """Return a graph that generates once for each of PROMPTS, each with the same seed."""
    made = prompt(emulators, prompt=["batch", 0], seed=["batch", 2])
    texts = {"prompts": "\n".join(PROMPTS), "prefix": "", "suffix": "", "seed": SEED}
    made["batch"] = {"class_type": "Drawbridge_PromptBatch", "inputs": texts}
    return made


def asked(emulators: list[Emulator]) -> int:
    return sum(len(one.journal.events("call", rpc="GenerateImage")) for one in emulators)


def saved(stage: Stage) -> list[bytes]:
    found = []
    for path in stage.pictures:
        with Image.open(path) as picture:
            found.append(picture.tobytes())
        path.unlink()
    return found


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    """Return what comes of a graph with which nothing is wrong, by its kind."""
    found = {}
    with Emulator(Options()) as emulator:
        for kind, wanted in (("picture", pictures([emulator])), ("prompt", listed([emulator]))):
            stage = Stage(tmp_path_factory.mktemp(kind) / "output")
            assert stage.host.run(wanted).status == "success"
            found[kind] = saved(stage)
    return found


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        *(("picture", fault) for fault in FAULTS),
        *(("prompt", fault) for fault in ("internal-error", REFUSED, "damaged-picture")),
    ],
)
def test_third_of_four_costs_none_of_the_others(
    stage: Stage,
    emulators: list[Emulator],
    right: dict[str, list[bytes]],
    kind: str,
    fault: str,
) -> None:
    if kind == "picture":
        wanted = pictures(emulators)
        third, words = SEED + 2, rf"Missing: 3 \(seed {SEED + 2}\) of 4\. 3 finished pictures"
    else:
        wanted = listed(emulators)
        third, words = PROMPTS[2], r"Missing: 3 \(seed [0-9]+\) of 4\. What else"
    with fault_for(fault, third):
        outcome = stage.host.run(wanted)
    assert_failed(outcome, "generate", FAULTS[fault], words)
    assert stage.pictures == []
    assert asked(emulators) == 3 + len(emulators)  # each server has tried it once
    before = asked(emulators)
    again = stage.host.run(wanted)
    assert again.status == "success", again.exception_message
    assert asked(emulators) - before == 1
    assert saved(stage) == right[kind]


@pytest.mark.parametrize("fault", ["cut", "nan", "noise"])
@pytest.mark.parametrize("kind", ["picture of a batch", "frame"])
def test_what_is_damaged_within_a_request_costs_none_of_its_others(
    stage: Stage, emulators: list[Emulator], kind: str, fault: str
) -> None:
    if kind == "frame":
        settings = Settings().with_values(num_frames=FRAMES)
        wanted, count = prompt(emulators, model=VIDEO_MODEL, settings=settings), FRAMES
    else:
        wanted, count = prompt(emulators, batch_size=4), 4
    assert stage.host.run(wanted).status == "success"
    whole = saved(stage)
    assert len(whole) == count
    stage.host = Stage(stage.output).host
    for one in emulators:
        one.faults = [f"generate: damage picture 3 {fault}"]
    outcome = stage.host.run(wanted)
    kind_ = "GenerationFailed" if fault == "nan" else "BadTensor"
    assert_failed(outcome, "generate", kind_, f"{count - 1} finished pictures are kept")
    assert stage.pictures == []
    outcome = stage.host.run(wanted)  # the damage stays: the others come, and it is said
    assert outcome.status == "success", outcome.exception_message
    assert saved(stage) == [one for number, one in enumerate(whole, 1) if number != 3]
    assert "Left out" in PromptServer.instance.texts[-1][1]
    if kind == "frame":
        assert isinstance(outcome.outputs["generate"][2][0], dict)  # the sound
    for one in emulators:
        one.faults = []


def test_damage_that_does_not_come_again_costs_nothing(
    stage: Stage, emulators: list[Emulator]
) -> None:
    wanted = prompt(emulators, batch_size=3)
    for one in emulators:
        one.faults = ["generate: damage picture 2 cut"]
    assert stage.host.run(wanted).status == "error"
    for one in emulators:
        one.faults = []
    assert stage.host.run(wanted).status == "success"
    assert len(saved(stage)) == 3


def stop(stage: Stage, wanted: Prompt, condition: Callable[[], bool]) -> None:
    """Run a graph, and interrupt it as soon as a condition holds."""
    outcomes: list[Outcome] = []
    running = threading.Thread(target=lambda: outcomes.append(stage.host.run(wanted)))
    running.start()
    while running.is_alive() and not condition():
        running.join(0.002)
    stage.host.interrupt()
    running.join()
    [outcome] = outcomes
    assert outcome.status == "interrupted", outcome.exception_message
    assert PromptServer.instance.texts[-1] == ("generate", unfinished.STOPPED)


def test_run_that_is_stopped_goes_on_where_it_was(stage: Stage, emulators: list[Emulator]) -> None:
    wanted = pictures(emulators)
    for one in emulators:  # two are made in all
        one.faults = [f"generate[{4 - len(emulators)}-]: stall after 2"]
    stop(stage, wanted, lambda: len(QUEUE.kept) == 2)
    for one in emulators:
        one.faults = []
    before = asked(emulators)
    assert stage.host.run(wanted).status == "success"
    assert asked(emulators) - before == 2
    assert len(saved(stage)) == 4


def test_what_a_server_made_that_is_gone_is_not_made_again(serve: Serve, stage: Stage) -> None:
    emulators = [serve(step_ms=2), serve(step_ms=2)]
    gone, stays = emulators
    wanted = pictures(emulators)
    for one in emulators:
        one.faults = ["generate[2-]: stall after 2"]
    stop(stage, wanted, lambda: len(QUEUE.kept) == 2)
    gone.stop()
    stays.faults = []
    before = asked([stays])
    outcome = stage.host.run(wanted)
    assert outcome.status == "success", outcome.exception_message
    assert asked([stays]) - before == 2
    assert len(saved(stage)) == 4
