"""What is finished of a run that fails or is stopped is used when the same graph runs again."""

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

from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes.generating import unfinished
from drawbridge.nodes.generating.server_queue import QUEUE

Serve = Callable[..., Emulator]


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    QUEUE.close()
    yield
    QUEUE.close()


def made(emulator: Emulator) -> int:
    return len(emulator.journal.events("finished"))


def asked(emulator: Emulator) -> int:
    return len(emulator.journal.events("call", rpc="GenerateImage"))


def pixels(stage: Stage) -> list[bytes]:
    found = []
    for path in stage.pictures:
        with Image.open(path) as picture:
            found.append(picture.tobytes())
    return found


def listed(port: int, prompts: str, **inputs: Any) -> dict[str, Any]:
    """Return a graph that generates once for each line."""
    prompt = graph(port, prompt=["batch", 0], seed=["batch", 2], **inputs)
    texts = {"prompts": prompts, "prefix": "", "suffix": "", "seed": 7}
    return {**prompt, "batch": {"class_type": "Drawbridge_PromptBatch", "inputs": texts}}


FAILS = 'status INTERNAL "unknown error processing request" after 2'
DAMAGED = "damage picture 1 noise"
NAN = "damage picture 1 nan"


def fail_at(emulator: Emulator, number: int, fault: str) -> None:
    """Let the server have a fault at its `number`-th generation from now, and at no other."""
    emulator.faults = [f"generate[{number}]: {fault}"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(FAILS, "GenerationFailed"), (DAMAGED, "BadTensor")],
)
def test_only_what_is_missing_is_made_again(
    serve: Serve, stage: Stage, fault: str, kind: str
) -> None:
    emulator = serve()
    plain = stage.host.run(graph(emulator.port, batch_count=4, seed=5))
    assert plain.status == "success"
    right = pixels(stage)
    for path in stage.pictures:
        path.unlink()
    emulator = serve()
    fail_at(emulator, 3, fault)
    prompt = graph(emulator.port, batch_count=4, seed=5)
    outcome = stage.host.run(prompt)
    assert_failed(outcome, "generate", kind, r"Missing: 3 \(seed 7\) of 4\. 3 finished pictures")
    assert "only what is missing" in str(outcome.exception_message)
    emulator.faults = []
    before = asked(emulator)
    assert stage.host.run(prompt).status == "success"
    assert asked(emulator) - before == 1
    assert pixels(stage) == right
    assert len(QUEUE.kept) == 0


def test_what_fails_a_second_time_is_left_out_and_the_rest_comes(
    serve: Serve, stage: Stage
) -> None:
    emulator = serve()
    fail_at(emulator, 2, NAN)
    prompt = graph(emulator.port, batch_count=3, seed=5)
    assert_failed(stage.host.run(prompt), "generate", "GenerationFailed", r"Missing: 2 \(seed 6\)")
    emulator.faults = ["nan-pixels"]
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert len(stage.pictures) == 2
    assert outcome.outputs["generate"][5] == [5, 7]
    assert "Left out: 2 (seed 6) of 3." in PromptServer.instance.texts[-1][1]


def test_other_pictures_of_a_batch_are_kept_where_one_is_damaged(
    serve: Serve, stage: Stage
) -> None:
    emulator = serve(faults=("damaged-picture",))
    prompt = graph(emulator.port, batch_size=3)
    assert_failed(stage.host.run(prompt), "generate", "BadTensor", "2 finished pictures are kept")
    assert stage.host.run(prompt).status == "success"  # the damage stays
    assert len(stage.pictures) == 2


def test_another_seed_is_another_picture(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    fail_at(emulator, 2, FAILS)
    assert stage.host.run(graph(emulator.port, batch_count=2, seed=5)).status == "error"
    emulator.faults = []
    before = asked(emulator)
    assert stage.host.run(graph(emulator.port, batch_count=2, seed=9)).status == "success"
    assert asked(emulator) - before == 2


def test_same_request_at_another_server_is_made_there(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    fail_at(emulator, 2, FAILS)
    assert stage.host.run(graph(emulator.port, batch_count=2)).status == "error"
    other = serve()
    assert stage.host.run(graph(other.port, batch_count=2)).status == "success"
    assert asked(other) == 2


def test_stopped_run_goes_on_where_it_was(serve: Serve, stage: Stage) -> None:
    emulator = serve(step_ms=20)

    def watch(name: str, data: dict[str, Any]) -> None:
        if name == "progress" and made(emulator) == 2:
            stage.host.interrupt()

    stage.watch = watch
    prompt = graph(emulator.port, batch_count=4)
    assert stage.host.run(prompt).status == "interrupted"
    assert PromptServer.instance.texts[-1] == ("generate", unfinished.STOPPED)
    stage.watch = lambda name, data: None
    before = asked(emulator)
    assert stage.host.run(prompt).status == "success"
    calls = asked(emulator) - before
    # The third may have come just before, and the second be made and not yet here.
    assert 1 <= calls <= 3
    assert len(stage.pictures) == 4


def test_lost_server_costs_nothing_that_is_finished(serve: Serve, stage: Stage) -> None:
    emulator = serve(step_ms=50)
    port, stopping = emulator.port, threading.Thread(target=emulator.stop)

    def watch(name: str, data: dict[str, Any]) -> None:
        if name == "progress" and len(QUEUE.kept) == 2:
            stage.watch = lambda name, data: None
            stopping.start()

    stage.watch = watch
    prompt = graph(port, batch_count=4)
    outcome = stage.host.run(prompt)
    stopping.join()
    words = r"Missing: 3 \(seed 9\), 4 \(seed 10\) of 4\. 2 finished"
    assert_failed(outcome, "generate", "ServerUnreachable", words)
    again = serve(port=port)
    assert stage.host.run(prompt).status == "success"
    assert asked(again) == 2
    assert len(stage.pictures) == 4


@pytest.mark.parametrize("number", [1, 3])
def test_prompt_that_fails_costs_none_of_the_others(
    serve: Serve, stage: Stage, number: int
) -> None:
    emulator = serve()
    fail_at(emulator, number, FAILS)
    prompt = listed(emulator.port, "one\ntwo\nthree\nfour")
    outcome = stage.host.run(prompt)
    assert_failed(outcome, "generate", "GenerationFailed", rf"Missing: {number} \(seed")
    assert asked(emulator) == 4
    emulator.faults = []
    again = stage.host.run(prompt)
    assert again.status == "success", again.exception_message
    assert asked(emulator) == 5
    assert len(stage.pictures) == 4


def test_prompt_that_fails_twice_is_left_out_of_the_list(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    fail_at(emulator, 2, FAILS)
    prompt = listed(emulator.port, "one\ntwo\nthree")
    assert stage.host.run(prompt).status == "error"
    emulator.faults = ["internal-error"]
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert len(stage.pictures) == 2


def test_server_that_fails_always_is_not_asked_a_hundred_times(serve: Serve, stage: Stage) -> None:
    emulator = serve(faults=("internal-error",))
    outcome: Outcome = stage.host.run(graph(emulator.port, batch_count=100))
    assert_failed(outcome, "generate", "GenerationFailed", "failed")
    assert asked(emulator) == 3
