"""A generation that is given up ends at once, here and on the server, whenever that happens."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import grpc
import numpy as np
import pytest

from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.connection import call
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.events import Event, Picture, Progress, Receiving
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.codec import tensor
from drawbridge.errors import Cancelled
from drawbridge.facts.samplers import Sampler
from drawbridge.proto import image_service_pb2 as pb2

_REQUEST = GenerationRequest(
    "a bridge",
    GenerationConfig(
        model="sd_v1.5_f16.ckpt",
        steps=4,
        start_width=128,
        start_height=128,
        sampler=Sampler.EULER_A,
        batch_size=2,
    ),
)
_PICTURE = tensor.encode(np.zeros((1, 128, 128, 3), np.float16))


class _Patient:
    """A server that halts at a chosen moment and notes that its client has gone."""

    def __init__(self) -> None:
        self.moment = ""
        self.reached = threading.Event()
        self.gone = threading.Event()
        self.leave = threading.Event()

    def Echo(self, request: object, context: grpc.ServicerContext) -> pb2.EchoReply:
        if self.moment == "greeting":
            context.add_callback(self.gone.set)
            list(self._halt("greeting"))
        return pb2.EchoReply(message="HELLO")

    def GenerateImage(
        self, request: object, context: grpc.ServicerContext
    ) -> Iterator[pb2.ImageGenerationResponse]:
        context.add_callback(self._end)
        yield from self._halt("silence")
        step = pb2.ImageGenerationSignpostProto(
            sampling=pb2.ImageGenerationSignpostProto.Sampling(step=1)
        )
        yield pb2.ImageGenerationResponse(currentSignpost=step)
        yield from self._halt("sampling")
        half = len(_PICTURE) // 2
        yield pb2.ImageGenerationResponse(
            generatedImages=[_PICTURE[:half]], chunkState=pb2.MORE_CHUNKS
        )
        yield from self._halt("receiving")
        yield pb2.ImageGenerationResponse(generatedImages=[_PICTURE[half:]])
        yield from self._halt("decoding")
        yield pb2.ImageGenerationResponse(generatedImages=[_PICTURE])

    def _halt(self, moment: str) -> Iterator[pb2.ImageGenerationResponse]:
        if self.moment == moment:
            self.reached.set()
            self.gone.wait(20)
        return iter(())

    def _end(self) -> None:
        if self.moment:
            self.gone.set()


@pytest.fixture
def patient() -> _Patient:
    return _Patient()


@pytest.fixture
def slow_decoder(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Make decoding last until it is told to stop; the event is set while it lasts."""
    busy = threading.Event()
    decode = tensor.decode

    def endless(data: bytes, *, stop: Callable[[], bool], limit_bytes: int) -> np.ndarray:
        busy.set()
        while not stop():
            time.sleep(0.002)
        busy.clear()
        monkeypatch.setattr(tensor, "decode", decode)
        raise Cancelled

    monkeypatch.setattr(tensor, "decode", endless)
    return busy


async def _wait(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 10)


async def _consume(client: DrawThingsClient, seen: asyncio.Queue[Event] | None = None) -> int:
    pictures = 0
    async with contextlib.aclosing(client.generate(_REQUEST)) as events:
        async for event in events:
            pictures += isinstance(event, Picture)
            if seen is not None:
                seen.put_nowait(event)
    return pictures


def _workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "drawbridge-work"]


async def _is_tidy(client: DrawThingsClient, patient: _Patient, caplog: Any) -> None:
    """The server saw the client go, nothing is left over here, and the next generation works."""
    await _wait(patient.gone)
    for thread in _workers():
        await asyncio.to_thread(thread.join, 10)
    assert not _workers()
    patient.moment = ""
    assert await _consume(client) == 2
    assert asyncio.all_tasks() == {asyncio.current_task()}
    gc.collect()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    ("moment", "last_event"),
    [("silence", None), ("sampling", Progress), ("receiving", Receiving)],
)
async def test_cancelling_the_task_ends_the_call_at_every_moment(
    serve: Callable[..., Endpoint],
    patient: _Patient,
    caplog: pytest.LogCaptureFixture,
    moment: str,
    last_event: type | None,
) -> None:
    patient.moment = moment
    async with DrawThingsClient(serve(patient)) as client:
        seen: asyncio.Queue[Event] = asyncio.Queue()
        task = asyncio.create_task(_consume(client, seen))
        await _wait(patient.reached)
        while last_event and not isinstance(await seen.get(), last_event):
            pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await _is_tidy(client, patient, caplog)


async def test_cancelling_the_task_stops_the_decoder(
    serve: Callable[..., Endpoint],
    patient: _Patient,
    slow_decoder: threading.Event,
    caplog: pytest.LogCaptureFixture,
) -> None:
    patient.moment = "decoding"
    async with DrawThingsClient(serve(patient)) as client:
        task = asyncio.create_task(_consume(client))
        await _wait(slow_decoder)
        await _wait(patient.reached)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not slow_decoder.is_set()
        await _is_tidy(client, patient, caplog)


async def test_a_decoder_that_does_not_stop_does_not_hold_up_its_waiter(
    serve: Callable[..., Endpoint],
    patient: _Patient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    busy, release, decode = threading.Event(), threading.Event(), tensor.decode

    def deaf(data: bytes, **_: object) -> np.ndarray:
        busy.set()
        release.wait(20)
        raise ValueError("nobody is left to hear this")

    monkeypatch.setattr(tensor, "decode", deaf)
    patient.moment = "decoding"
    async with DrawThingsClient(serve(patient)) as client:
        task = asyncio.create_task(_consume(client))
        await _wait(busy)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert _workers()  # still at it
        monkeypatch.setattr(tensor, "decode", decode)
        release.set()
        await _is_tidy(client, patient, caplog)


@pytest.mark.parametrize("moment", ["sampling", "receiving", "decoding"])
async def test_closing_the_generator_ends_the_call(
    serve: Callable[..., Endpoint],
    patient: _Patient,
    caplog: pytest.LogCaptureFixture,
    moment: str,
) -> None:
    wanted = {"sampling": Progress, "receiving": Receiving, "decoding": Picture}[moment]
    patient.moment = moment
    async with DrawThingsClient(serve(patient)) as client:
        events = client.generate(_REQUEST)
        async for event in events:
            if isinstance(event, wanted):
                break
        # The server still waits: what is finished does not come with its next word.
        assert not patient.gone.is_set()
        await events.aclose()
        await _is_tidy(client, patient, caplog)


async def test_a_generator_that_is_dropped_ends_its_call(
    serve: Callable[..., Endpoint], patient: _Patient, caplog: pytest.LogCaptureFixture
) -> None:
    async def begin(events: AsyncGenerator[Event, None]) -> None:
        await events.__anext__()

    patient.moment = "sampling"
    async with DrawThingsClient(serve(patient)) as client:
        await begin(client.generate(_REQUEST))
        gc.collect()
        await _wait(patient.gone)
        closing = asyncio.all_tasks() - {asyncio.current_task()}
        if closing:
            await asyncio.wait(closing)
        await _is_tidy(client, patient, caplog)


async def test_an_error_of_the_consumer_ends_the_call(
    serve: Callable[..., Endpoint], patient: _Patient, caplog: pytest.LogCaptureFixture
) -> None:
    patient.moment = "sampling"
    async with DrawThingsClient(serve(patient)) as client:
        with pytest.raises(ZeroDivisionError):
            await _fail_at_the_first_event(client)
        await _is_tidy(client, patient, caplog)


async def _fail_at_the_first_event(client: DrawThingsClient) -> None:
    async with contextlib.aclosing(client.generate(_REQUEST)) as events:
        async for _ in events:
            raise ZeroDivisionError


async def test_a_loop_that_ends_during_a_generation_leaves_nothing(
    serve: Callable[..., Endpoint], patient: _Patient
) -> None:
    """What ComfyUI does when another node of the prompt fails: asyncio.run cancels all tasks."""
    patient.moment = "silence"
    endpoint = serve(patient)

    async def prompt() -> None:
        async with DrawThingsClient(endpoint) as client:
            task = asyncio.create_task(_consume(client))
            await _wait(patient.reached)
            raise ZeroDivisionError(task)

    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(asyncio.run, prompt())
    await _wait(patient.gone)


async def _generate(endpoint: Endpoint, seen: asyncio.Queue[Event] | None = None) -> int:
    async with DrawThingsClient(endpoint) as client:
        return await _consume(client, seen)


def _no_loop_hears_of_others(
    caplog: pytest.LogCaptureFixture, endpoint: Endpoint, prompt: Callable[[], Any]
) -> None:
    """gRPC has one queue for all loops: what ends after its own has closed, the next one logs."""
    for _ in range(4):
        with contextlib.suppress(ZeroDivisionError):
            asyncio.run(prompt())
    assert asyncio.run(_generate(endpoint)) == 2
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_call_that_is_cancelled_ends_before_its_loop(
    serve: Callable[..., Endpoint], patient: _Patient, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = serve(patient)

    async def prompt() -> None:
        patient.moment = "greeting"
        patient.reached.clear()
        patient.gone.clear()
        task = asyncio.create_task(_generate(endpoint))
        await _wait(patient.reached)
        patient.moment = ""
        task.cancel()
        await asyncio.wait({task})

    _no_loop_hears_of_others(caplog, endpoint, prompt)


@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_a_call_ends_before_the_loop_that_goes_down(
    emulate: Callable[..., Any],
    door: Callable[..., Endpoint],
    caplog: pytest.LogCaptureFixture,
    again: bool,
) -> None:
    """`again`: who waits for the task is cancelled with it, and cancels it in turn."""
    endpoint = door(emulate(step_ms=20))

    async def wait(task: asyncio.Task[int]) -> None:
        try:
            await asyncio.wait({task})
        finally:
            await asyncio.sleep(0)
            task.cancel()

    async def prompt() -> None:
        seen: asyncio.Queue[Event] = asyncio.Queue()
        task = asyncio.create_task(_generate(endpoint, seen))
        waiting = asyncio.create_task(wait(task)) if again else None
        while not isinstance(await seen.get(), Progress):
            pass
        raise ZeroDivisionError(task, waiting)

    _no_loop_hears_of_others(caplog, endpoint, prompt)


async def test_winding_up_is_not_cut_short_by_a_second_cancellation() -> None:
    entered, rounds = asyncio.Event(), 0

    async def part() -> None:
        nonlocal rounds
        entered.set()
        for _ in range(20):
            rounds += 1
            await asyncio.sleep(0)

    ending = asyncio.ensure_future(part())
    winding = asyncio.ensure_future(call._undisturbed(60, {ending}))
    await entered.wait()
    for _ in range(3):
        winding.cancel()
        await asyncio.sleep(0)
    assert await winding  # says that it was cancelled
    assert rounds == 20


def test_every_run_may_have_its_own_event_loop(
    serve: Callable[..., Endpoint], patient: _Patient
) -> None:
    endpoint = serve(patient)

    async def prompt() -> int:
        async with DrawThingsClient(endpoint) as client:
            return await _consume(client)

    assert [asyncio.run(prompt()) for _ in range(3)] == [2, 2, 2]


async def test_the_emulator_stops_its_generation_when_the_client_goes(
    emulate: Callable[..., Any], door: Callable[..., Endpoint]
) -> None:
    emulator = emulate(step_ms=20)
    async with DrawThingsClient(door(emulator)) as client:
        task = asyncio.create_task(_consume(client))
        await asyncio.to_thread(emulator.journal.wait_for_event, "step")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(emulator.journal.wait_for_event, "cancelled")
        assert emulator.journal.events("finished") == []
        emulator.faults = ("silent",)
        task = asyncio.create_task(_consume(client))
        await asyncio.to_thread(emulator.journal.wait_for_event, "queued", generation=2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
