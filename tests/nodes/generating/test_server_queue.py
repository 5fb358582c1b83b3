"""Who of one prompt may use which server, and how items of a list fail and stop together."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import comfy.model_management
import pytest
from comfy_api.latest import io
from standin.executor import Host, Outcome

from drawbridge.client.pool.events import Part
from drawbridge.errors import Cancelled, GenerationFailed, ServerUnreachable
from drawbridge.nodes.generating.server_queue import ItemFailed, Place, ServerQueue
from drawbridge.nodes.host import interruptible

MAC = "mac:7859"
LOST = ServerUnreachable("The server is gone.", "Start it.")


class Work:
    """Notes what begins and ends; each piece lasts until `gates` says so."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.numbers: list[tuple[int, int]] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.failures: dict[str, Exception] = {}
        self.waits: list[str] = []

    def __call__(self, name: str, address: str = MAC, at_once: int = 1) -> Any:
        gate = self.gates[name] = asyncio.Event()

        async def work(place: Place) -> str:
            async with place.turn(address, at_once, lambda: self.waits.append(name)):
                self.log.append(f"+{name}")
                self.numbers.append((place.number, place.total))
                try:
                    await gate.wait()
                    if name in self.failures:
                        raise self.failures[name]
                finally:
                    self.log.append(f"-{name}")
                return name

        return work

    async def until(self, *log: str) -> None:
        """Let the others run until this is what has happened."""
        for _ in range(100):
            if self.log == list(log):
                return
            await asyncio.sleep(0)
        pytest.fail(f"happened: {self.log}")


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def queue() -> Iterator[ServerQueue]:
    queue = ServerQueue()
    yield queue
    gc.collect()
    assert queue.prompts == 0
    queue.close()


@pytest.fixture
def start(queue: ServerQueue, work: Work) -> Any:
    def start(
        name: str, address: str = MAC, node: str = "1", at_once: int = 1
    ) -> asyncio.Task[str]:
        return asyncio.ensure_future(queue.join(node, work(name, address, at_once)))

    return start


async def test_first_come_first_served(start: Any, work: Work) -> None:
    tasks = [start(name) for name in "abc"]
    await work.until("+a")
    for name in "cba":  # whoever could be ready first
        work.gates[name].set()
    assert await asyncio.gather(*tasks) == ["a", "b", "c"]
    assert work.log == ["+a", "-a", "+b", "-b", "+c", "-c"]
    assert work.numbers == [(1, 3), (2, 3), (3, 3)]


async def test_servers_do_not_wait_for_each_other(start: Any, work: Work) -> None:
    tasks = [start("a"), start("b", "other:7859", "2")]
    await work.until("+a", "+b")
    for name in "ab":
        work.gates[name].set()
    await asyncio.gather(*tasks)
    assert work.numbers == [(1, 1), (1, 1)]


async def test_farm_takes_several_at_once(start: Any, work: Work) -> None:
    tasks = [start(name, at_once=2) for name in "abc"]
    await work.until("+a", "+b")
    work.gates["b"].set()
    await work.until("+a", "+b", "-b", "+c")
    for name in "ac":
        work.gates[name].set()
    assert await asyncio.gather(*tasks) == ["a", "b", "c"]


async def test_two_nodes_share_the_line_of_a_server(start: Any, work: Work) -> None:
    first = start("a")
    await work.until("+a")
    rest = [start(name, node=node) for node, name in (("2", "b"), ("2", "c"), ("1", "d"))]
    for name in "abcd":
        await asyncio.sleep(0)
        work.gates[name].set()
    assert await asyncio.gather(first, *rest) == ["a", "b", "c", "d"]
    assert work.log == [f"{sign}{name}" for name in "abcd" for sign in "+-"]
    assert "b" in work.waits
    assert "a" not in work.waits


async def test_place_that_was_given_to_a_cancelled_waiter_is_free_again(
    start: Any, work: Work
) -> None:
    first, second = start("a"), start("b", node="2")
    await work.until("+a")
    work.gates["a"].set()
    while not first.done():
        await asyncio.sleep(0)
        if "-a" in work.log:
            second.cancel()
    third = start("c", node="3")
    work.gates["c"].set()
    assert await third == "c"
    await asyncio.gather(second, return_exceptions=True)


async def test_error_of_the_way_reaches_all_siblings_and_stops_them(start: Any, work: Work) -> None:
    work.failures["a"] = LOST
    tasks = [start("a"), start("b"), start("c", "other:7859")]
    await work.until("+a", "+c")
    work.gates["a"].set()
    assert await asyncio.gather(*tasks, return_exceptions=True) == [LOST] * 3
    assert work.log == ["+a", "+c", "-a", "-c"]  # b never begins


async def test_item_that_fails_by_itself_stops_none_of_the_others(start: Any, work: Work) -> None:
    error = GenerationFailed("No picture came.", "Try again.")
    work.failures["a"] = ItemFailed(error)
    tasks = [start(name) for name in "abc"]
    for gate in work.gates.values():
        gate.set()
    assert await asyncio.gather(*tasks, return_exceptions=True) == [error, "b", "c"]


async def test_three_items_that_fail_one_after_the_other_stop_the_rest(
    start: Any, work: Work
) -> None:
    errors = [GenerationFailed(f"Picture {one} failed.", "Try again.") for one in range(3)]
    for name, error in zip("bcd", errors, strict=True):
        work.failures[name] = ItemFailed(error)
    tasks = [start(name) for name in "abcdef"]
    for gate in work.gates.values():
        gate.set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert ended == ["a", *errors, errors[-1], errors[-1]]
    assert "+e" not in work.log


async def test_failure_does_not_touch_another_node(start: Any, work: Work) -> None:
    work.failures["a"] = LOST
    tasks = [start("a"), start("b", node="2")]
    await work.until("+a")
    work.gates["a"].set()
    work.gates["b"].set()
    assert await asyncio.gather(*tasks, return_exceptions=True) == [LOST, "b"]


async def test_item_that_fails_at_once_stops_those_behind_it(queue: ServerQueue) -> None:
    began: list[int] = []

    async def one(index: int) -> None:
        async def work(place: Place) -> None:
            async with place.turn(MAC):
                began.append(index)
                raise LOST

        await interruptible(queue.join("1", work))

    tasks = []
    for index in range(10):  # as ComfyUI starts them
        tasks.append(asyncio.ensure_future(one(index)))
        await asyncio.sleep(0)
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert ended == [LOST] * 10
    assert began == [0]


async def test_cancelled_item_stops_its_siblings(start: Any, work: Work) -> None:
    tasks = [start(name) for name in "abc"]
    await work.until("+a")
    tasks[1].cancel()
    first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(first, Cancelled)
    assert isinstance(second, asyncio.CancelledError)
    assert isinstance(third, Cancelled)
    assert work.log == ["+a", "-a"]


async def test_failed_node_can_run_again(start: Any, work: Work) -> None:
    work.failures["a"] = LOST
    failing = start("a")
    await work.until("+a")
    work.gates["a"].set()
    await asyncio.gather(failing, return_exceptions=True)
    again = start("b")
    await work.until("+a", "-a", "+b")
    work.gates["b"].set()
    assert await again == "b"


async def test_item_learns_how_many_of_the_others_came(queue: ServerQueue, work: Work) -> None:
    told: list[int] = []

    async def asks(place: Place) -> None:
        told.append(await place.others())

    tasks = [
        asyncio.ensure_future(queue.join("1", one)) for one in (work("a"), asks, work("b"), asks)
    ]
    await work.until("+a")
    assert told == []
    for gate in work.gates.values():
        gate.set()
    await asyncio.gather(*tasks)
    assert told[0] == 2


@pytest.mark.parametrize("fails", [False, True])
async def test_what_is_kept_goes_when_all_of_a_node_has_ended_well(
    queue: ServerQueue, work: Work, start: Any, fails: bool
) -> None:
    async def keeps(place: Place) -> None:
        queue.kept.keep(b"one", Part(whole=True), place.siblings.token)

    if fails:
        work.failures["a"] = ItemFailed(GenerationFailed("No.", "Again."))
    ended = [asyncio.ensure_future(queue.join("1", keeps)), start("a")]
    work.gates["a"].set()
    await asyncio.gather(*ended, return_exceptions=True)
    assert len(queue.kept) == fails


def run_list(tmp_path: Path, work: Any, count: int = 4) -> Outcome:
    """Run a node that is mapped over a list and takes turns, in the stand-in."""
    queue = ServerQueue()

    class Numbers(io.ComfyNode):
        @classmethod
        def define_schema(cls) -> io.Schema:
            return io.Schema("Numbers", outputs=[io.Int.Output(is_output_list=True)])

        @classmethod
        def execute(cls) -> io.NodeOutput:
            return io.NodeOutput(list(range(count)))

    class Mapped(io.ComfyNode):
        @classmethod
        def define_schema(cls) -> io.Schema:
            return io.Schema(
                "Mapped",
                inputs=[io.Int.Input("value")],
                hidden=[io.Hidden.unique_id],
                is_output_node=True,
            )

        @classmethod
        async def execute(cls, value: int) -> io.NodeOutput:
            async def turn(place: Place) -> None:
                async with place.turn(MAC):
                    await work(value)

            await interruptible(queue.join(cls.hidden.unique_id, turn))
            return io.NodeOutput()

    prompt = {
        "n": {"class_type": "Numbers", "inputs": {}},
        "m": {"class_type": "Mapped", "inputs": {"value": ["n", 0]}},
    }
    return Host([Numbers, Mapped], tmp_path).run(prompt)


def test_list_runs_in_order(tmp_path: Path) -> None:
    log: list[int] = []

    async def work(value: int) -> None:
        log.append(value)
        await asyncio.sleep(0)
        log.append(value)

    assert run_list(tmp_path, work).status == "success"
    assert log == [0, 0, 1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("clears", [False, True], ids=["flag", "progress bar"])
def test_interruption_ends_the_whole_list(tmp_path: Path, clears: bool) -> None:
    began: list[int] = []

    async def work(value: int) -> None:
        began.append(value)
        comfy.model_management.interrupt_current_processing()
        if clears:  # the first to look takes the flag away from all others
            comfy.model_management.throw_exception_if_processing_interrupted()
        await asyncio.Event().wait()

    outcome = run_list(tmp_path, work)
    assert (outcome.status, outcome.node_id) == ("interrupted", "m")
    assert began == [0]


def test_error_of_an_item_is_the_error_of_the_list(tmp_path: Path) -> None:
    began: list[int] = []

    async def work(value: int) -> None:
        began.append(value)
        await asyncio.sleep(0)
        if value == 1:
            raise ItemFailed(GenerationFailed("The second failed.", "Try again."))

    outcome = run_list(tmp_path, work)
    assert (outcome.status, outcome.exception_type) == ("error", "drawbridge.GenerationFailed")
    assert began == [0, 1, 2, 3]
