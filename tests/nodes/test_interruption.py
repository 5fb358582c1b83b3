"""ComfyUI's interruption stops node and server in every phase, and nothing else breaks."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import comfy.model_management
import pytest
from standin.executor import Outcome
from standin.stage import Stage, graph

from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes.generating.server_queue import ServerQueue
from drawbridge.nodes.host import interruptible

Serve = Callable[..., Emulator]


class Run:
    """A prompt on its way in ComfyUI's prompt thread."""

    def __init__(self, stage: Stage, prompt: dict[str, Any]) -> None:
        self.outcome: Outcome | None = None
        self._thread = threading.Thread(target=self._run, args=(stage, prompt))
        self._thread.start()

    def _run(self, stage: Stage, prompt: dict[str, Any]) -> None:
        self.outcome = stage.host.run(prompt)

    def wait(self) -> Outcome:
        self._thread.join(30)
        assert self.outcome is not None, "the node did not stop"
        return self.outcome


async def _in_the_queue(work: Coroutine[Any, Any, None]) -> None:
    await ServerQueue().join("generate", lambda place: work)


def has(event: str, **values: Any) -> Callable[[Any], bool]:
    return lambda entry: entry["event"] == event and values.items() <= entry.items()


@pytest.mark.parametrize(
    ("options", "moment"),
    [
        ({"faults": ("silent",)}, has("call", rpc="GenerateImage")),
        ({"step_ms": 200}, has("step")),
        ({"step_ms": 1500}, has("started")),
    ],
    ids=["silent", "sampling", "long step"],
)
def test_interruption_stops_node_and_server(
    serve: Serve, stage: Stage, options: dict[str, Any], moment: Callable[[Any], bool]
) -> None:
    emulator = serve(**options)
    run = Run(stage, graph(emulator.port, steps=50))
    emulator.journal.wait_for(moment)
    stage.host.interrupt()
    outcome = run.wait()
    assert (outcome.status, outcome.node_id) == ("interrupted", "generate")
    emulator.journal.wait_for(has("cancelled"))
    assert emulator.journal.events("finished") == []


def test_interruption_while_connecting_stops_the_node(serve: Serve, stage: Stage) -> None:
    emulator = serve(faults=("slow-echo",))
    run = Run(stage, graph(emulator.port))
    emulator.journal.wait_for(has("call", rpc="Echo"))
    stage.host.interrupt()
    outcome = run.wait()
    assert (outcome.status, outcome.node_id) == ("interrupted", "connect")


def test_interruption_while_queued_stops_the_node_and_the_other_goes_on(
    serve: Serve, stage: Stage, tmp_path: Any
) -> None:
    emulator = serve(step_ms=100)
    other = Stage(tmp_path / "other")
    ahead = threading.Thread(target=send_directly, args=(emulator,))
    ahead.start()
    emulator.journal.wait_for(has("started"))
    run = Run(other, graph(emulator.port))
    emulator.journal.wait_for(has("queued", generation=2))
    other.host.interrupt()
    assert run.wait().status == "interrupted"
    ahead.join(30)
    assert [entry["generation"] for entry in emulator.journal.events("finished")] == [1]


def send_directly(emulator: Emulator) -> None:
    """Occupy the server as another client would."""
    import grpc
    from standin.stage import MODEL

    from drawbridge.proto import image_service_pb2 as pb
    from drawbridge.proto.configuration import write
    from drawbridge.proto.generation_config_fbs import GenerationConfigurationT
    from drawbridge.proto.service import ImageGenerationStub

    config = GenerationConfigurationT(
        startWidth=2, startHeight=2, steps=8, strength=1, model=MODEL, sampler=17
    )
    with grpc.insecure_channel(emulator.address) as channel:
        request = pb.ImageGenerationRequest(scaleFactor=1, configuration=write(config))
        for _ in ImageGenerationStub(channel).GenerateImage(request):
            pass


def test_interruption_during_a_preview_stops_the_node(serve: Serve, stage: Stage) -> None:
    emulator = serve(step_ms=20)

    def watch(name: str, data: dict[str, Any]) -> None:
        if name == "preview":
            stage.host.interrupt()

    stage.watch = watch
    outcome = stage.host.run(graph(emulator.port, steps=50))
    assert (outcome.status, outcome.node_id) == ("interrupted", "generate")
    emulator.journal.wait_for(has("cancelled"))


def test_next_prompt_after_an_interruption_works(serve: Serve, stage: Stage) -> None:
    emulator = serve(step_ms=20)
    for seed in range(3):
        run = Run(stage, graph(emulator.port, seed=seed, steps=50))
        emulator.journal.wait_for(has("started", generation=seed + 1))
        stage.host.interrupt()
        assert run.wait().status == "interrupted"
    stage.watch = lambda name, data: None
    assert stage.host.run(graph(emulator.port, seed=9)).status == "success"


def test_failing_sibling_stops_the_other_generation(serve: Serve, stage: Stage) -> None:
    slow = serve(step_ms=200)
    broken = serve(faults=("internal-error",))
    prompt = graph(slow.port, steps=50)
    other = graph(broken.port)
    for name in ("connect", "model", "generate", "save"):
        node = other[name]
        links = {
            key: [f"{value[0]}2", value[1]] if isinstance(value, list) else value
            for key, value in node["inputs"].items()
        }
        prompt[f"{name}2"] = {**node, "inputs": links}
    outcome = stage.host.run(prompt)
    assert (outcome.status, outcome.node_id) == ("error", "generate2")
    if slow.journal.events("queued"):
        slow.journal.wait_for(has("cancelled"))


@pytest.mark.parametrize("wait", [interruptible, _in_the_queue], ids=["node", "queue"])
async def test_error_in_the_moment_of_a_cancellation_is_nobody_s(
    caplog: pytest.LogCaptureFixture, wait: Callable[[Coroutine[Any, Any, None]], Any]
) -> None:
    """One of two Generate nodes notices the interruption: the loop goes down under the other."""
    go_on = asyncio.Event()

    async def work() -> None:
        await go_on.wait()
        waiting.cancel()
        raise comfy.model_management.InterruptProcessingException

    waiting = asyncio.ensure_future(wait(work()))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    gc.collect()
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []
