"""One generation at a time: waiting, cancelling, stopping."""

from __future__ import annotations

import threading
from collections.abc import Callable

import grpc
import pytest

from drawbridge.emulator.server.server import Emulator
from drawbridge.proto import image_service_pb2 as pb2

LONG = {"steps": 100_000}


def test_two_clients_are_served_one_after_the_other(
    emulate: Callable, connect: Callable, ask: Callable
):
    emulator = emulate(step_ms=2)
    calls = [connect(emulator).GenerateImage(ask()) for _ in range(2)]
    readers = [threading.Thread(target=list, args=(call,)) for call in calls]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    emulator.journal.wait_for_event("finished", generation=2)
    order = [
        (entry["event"], entry["generation"])
        for entry in emulator.journal
        if entry["event"] in ("started", "finished")
    ]
    assert order == [("started", 1), ("finished", 1), ("started", 2), ("finished", 2)]


def test_cancel_while_running_is_noticed_at_the_next_step(
    emulate: Callable, connect: Callable, ask: Callable
):
    emulator = emulate(step_ms=1)
    stub = connect(emulator)
    call = stub.GenerateImage(ask(**LONG))
    emulator.journal.wait_for_event("step", generation=1)
    call.cancel()
    emulator.journal.wait_for_event("cancelled", generation=1)
    assert call.code() is grpc.StatusCode.CANCELLED
    assert emulator.journal.events("finished") == []
    assert len([m for m in stub.GenerateImage(ask()) if m.generatedImages]) == 1


def test_cancel_while_queued_is_noticed_when_its_turn_comes(
    emulate: Callable, connect: Callable, ask: Callable
):
    emulator = emulate(step_ms=1)
    stub = connect(emulator)
    first = stub.GenerateImage(ask(**LONG))
    emulator.journal.wait_for_event("started", generation=1)
    second = stub.GenerateImage(ask())
    emulator.journal.wait_for_event("queued", generation=2)
    second.cancel()
    assert emulator.journal.events("started", generation=2) == []
    first.cancel()
    cancelled = emulator.journal.wait_for_event("cancelled", generation=2)
    assert cancelled["messages"] == 0
    started = emulator.journal.events("started", generation=2)
    assert len(started) == 1


def test_nothing_is_sent_while_queued(emulate: Callable, connect: Callable, ask: Callable):
    emulator = emulate(step_ms=1)
    stub = connect(emulator)
    first = stub.GenerateImage(ask(**LONG))
    emulator.journal.wait_for_event("started", generation=1)
    second = stub.GenerateImage(ask(), timeout=0.3)
    with pytest.raises(grpc.RpcError) as error:
        next(second)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    first.cancel()


def test_other_calls_are_answered_meanwhile(emulate: Callable, connect: Callable, ask: Callable):
    emulator = emulate(step_ms=1)
    stub = connect(emulator)
    calls = [stub.GenerateImage(ask(**LONG)) for _ in range(8)]
    emulator.journal.wait_for_event("started", generation=1)
    assert stub.Echo(pb2.EchoRequest(name="Ada"), timeout=30).message == "HELLO Ada"
    for call in calls:
        call.cancel()


def test_echo_on_queue_waits_for_generations(emulate: Callable, connect: Callable, ask: Callable):
    emulator = emulate(step_ms=1, echo_on_queue=True)
    stub = connect(emulator)
    call = stub.GenerateImage(ask(**LONG))
    emulator.journal.wait_for_event("step", generation=1)
    with pytest.raises(grpc.RpcError) as error:
        stub.Echo(pb2.EchoRequest(name="Ada"), timeout=0.3)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    call.cancel()
    assert stub.Echo(pb2.EchoRequest(name="Ada"), timeout=30).message == "HELLO Ada"


def test_echo_on_queue_does_not_wait_for_what_came_later(
    emulate: Callable, connect: Callable, ask: Callable
):
    emulator = emulate(step_ms=1, echo_on_queue=True)
    stub = connect(emulator)
    first = stub.GenerateImage(ask(**LONG))
    emulator.journal.wait_for_event("step", generation=1)
    echo = stub.Echo.future(pb2.EchoRequest(name="Ada"), timeout=30)
    emulator.journal.wait_for_event("call", rpc="Echo")
    second = stub.GenerateImage(ask(**LONG))
    emulator.journal.wait_for_event("queued", generation=2)
    first.cancel()
    assert echo.result().message == "HELLO Ada"
    assert emulator.journal.events("cancelled", generation=2) == []
    second.cancel()


def test_headers_come_at_once_while_queued(emulate: Callable, connect: Callable, ask: Callable):
    emulator = emulate(step_ms=1)
    stub = connect(emulator)
    first = stub.GenerateImage(ask(**LONG))
    emulator.journal.wait_for_event("started", generation=1)
    second = stub.GenerateImage(ask(), timeout=30)
    assert [key for key, _ in second.initial_metadata() if not key.startswith("grpc")] == []
    assert emulator.journal.events("started", generation=2) == []
    first.cancel()
    assert len([m for m in second if m.generatedImages]) == 1


def test_echo_is_answered_while_many_wait(emulate: Callable, connect: Callable, ask: Callable):
    emulator = emulate(step_ms=1)
    calls = []
    for index in range(2):  # a connection has 100 streams at most
        stub = connect(emulator, **{"grpc.channel_number": index})
        calls += [stub.GenerateImage(ask(**LONG)) for _ in range(70)]
    emulator.journal.wait_for_event("queued", generation=140)
    stub = connect(emulator, **{"grpc.channel_number": 2})
    assert stub.Echo(pb2.EchoRequest(name="Ada"), timeout=30).message == "HELLO Ada"
    for call in calls:
        call.cancel()


def test_silent_server_says_nothing_until_it_is_cancelled(
    emulate: Callable, connect: Callable, ask: Callable
):
    emulator = emulate(faults=("silent:1",))
    stub = connect(emulator)
    call = stub.GenerateImage(ask())
    emulator.journal.wait_for_event("started", generation=1)
    call.cancel()
    assert emulator.journal.wait_for_event("cancelled", generation=1)["messages"] == 0
    assert len([m for m in stub.GenerateImage(ask()) if m.generatedImages]) == 1


def test_client_that_does_not_read_does_not_hold_up_others(
    emulate: Callable, connect: Callable, ask: Callable
):
    emulator = emulate(compression=False)
    lazy = connect(emulator, **{"grpc.http2.lookahead_bytes": 1024}).GenerateImage(
        ask(startWidth=8, startHeight=8, batchSize=4)
    )
    emulator.journal.wait_for_event("finished", generation=1)
    busy = connect(emulator).GenerateImage(ask())
    assert len([m for m in busy if m.generatedImages]) == 1
    assert len([m for m in lazy if m.generatedImages]) == 4


def test_stop_ends_what_runs_and_what_waits(emulate: Callable, connect: Callable, ask: Callable):
    emulator: Emulator = emulate(step_ms=1)
    stub = connect(emulator)
    calls = [stub.GenerateImage(ask(**LONG)) for _ in range(3)]
    emulator.journal.wait_for_event("step", generation=1)
    emulator.stop()
    for call in calls:
        with pytest.raises(grpc.RpcError) as error:
            list(call)
        assert error.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    emulator.stop()
