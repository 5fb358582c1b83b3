"""Generations of one prompt take turns at a server, and fail and stop together."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any

import comfy.model_management
import pytest
from comfy_api.latest import io
from standin.executor import Host, Outcome

from drawbridge.errors import Cancelled, GenerationFailed
from drawbridge.nodes.generating import server_queue
from drawbridge.nodes.generating.server_queue import Turn, in_turn
from drawbridge.nodes.host import interruptible


class Work:
    """Notes what begins and ends; each piece lasts until `gates` says so."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.turns: list[tuple[int, int]] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.failures: dict[str, Exception] = {}

    def __call__(self, name: str) -> Any:
        gate = self.gates[name] = asyncio.Event()

        async def work(turn: Turn) -> str:
            self.log.append(f"+{name}")
            self.turns.append((turn.number, turn.total))
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


@pytest.fixture(autouse=True)
def _nothing_stays() -> Any:
    yield
    gc.collect()
    assert len(server_queue._PROMPTS) == 0


def start(work: Work, name: str, address: str = "mac:7859", node: str = "1") -> asyncio.Task[str]:
    return asyncio.ensure_future(in_turn(address, node, work(name)))


async def test_first_come_first_served(work: Work) -> None:
    tasks = [start(work, name) for name in "abc"]
    await work.until("+a")
    for name in "cba":  # whoever could be ready first
        work.gates[name].set()
    assert await asyncio.gather(*tasks) == ["a", "b", "c"]
    assert work.log == ["+a", "-a", "+b", "-b", "+c", "-c"]
    assert work.turns == [(1, 3), (2, 3), (3, 3)]


async def test_servers_do_not_wait_for_each_other(work: Work) -> None:
    tasks = [start(work, "a"), start(work, "b", "other:7859", "2")]
    await work.until("+a", "+b")
    for name in "ab":
        work.gates[name].set()
    await asyncio.gather(*tasks)
    assert work.turns == [(1, 1), (1, 1)]


async def test_two_nodes_share_the_line_of_a_server(work: Work) -> None:
    waits: list[str] = []
    first = start(work, "a")
    await work.until("+a")
    rest = [
        asyncio.ensure_future(
            in_turn("mac:7859", node, work(name), lambda name=name: waits.append(name))
        )
        for node, name in (("2", "b"), ("2", "c"), ("1", "d"))
    ]
    for name in "abcd":
        await asyncio.sleep(0)
        work.gates[name].set()
    assert await asyncio.gather(first, *rest) == ["a", "b", "c", "d"]
    assert work.log == [f"{sign}{name}" for name in "abcd" for sign in "+-"]
    assert waits == ["b"]  # c is b's sibling, d is a's


async def test_failure_reaches_all_siblings_and_stops_them(work: Work) -> None:
    work.failures["a"] = GenerationFailed("No picture came.", "Try again.")
    tasks = [start(work, "a"), start(work, "b"), start(work, "c", "other:7859")]
    await work.until("+a", "+c")
    work.gates["a"].set()
    assert await asyncio.gather(*tasks, return_exceptions=True) == [work.failures["a"]] * 3
    assert work.log == ["+a", "+c", "-a", "-c"]  # b never begins


async def test_failure_does_not_touch_another_node(work: Work) -> None:
    work.failures["a"] = GenerationFailed("No picture came.", "Try again.")
    tasks = [start(work, "a"), start(work, "b", node="2")]
    await work.until("+a")
    work.gates["a"].set()
    work.gates["b"].set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert ended == [work.failures["a"], "b"]


async def test_item_that_fails_at_once_stops_those_behind_it() -> None:
    began: list[int] = []

    async def one(index: int) -> None:
        async def work(turn: Turn) -> None:
            began.append(index)
            raise GenerationFailed("Nothing came.", "Try again.")

        await interruptible(in_turn("mac:7859", "1", work))

    tasks = []
    for index in range(10):  # as ComfyUI starts them
        tasks.append(asyncio.ensure_future(one(index)))
        await asyncio.sleep(0)
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ended] == [GenerationFailed] * 10
    assert began == [0]


async def test_cancelled_item_stops_its_siblings(work: Work) -> None:
    tasks = [start(work, name) for name in "abc"]
    await work.until("+a")
    tasks[1].cancel()
    first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(first, Cancelled)
    assert isinstance(second, asyncio.CancelledError)
    assert isinstance(third, Cancelled)
    assert work.log == ["+a", "-a"]


async def test_failed_node_can_run_again(work: Work) -> None:
    work.failures["a"] = GenerationFailed("No picture came.", "Try again.")
    failing = start(work, "a")
    await work.until("+a")
    work.gates["a"].set()
    await asyncio.gather(failing, return_exceptions=True)
    again = start(work, "b")
    await work.until("+a", "-a", "+b")
    work.gates["b"].set()
    assert await again == "b"


def run_list(tmp_path: Path, work: Any, count: int = 4) -> Outcome:
    """Run a node that is mapped over a list and takes turns, in the stand-in."""

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
            node = cls.hidden.unique_id
            await interruptible(in_turn("mac:7859", node, lambda turn: work(value)))
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
            raise GenerationFailed("The second failed.", "Try again.")

    outcome = run_list(tmp_path, work)
    assert (outcome.status, outcome.exception_type) == ("error", "drawbridge.GenerationFailed")
    assert began == [0, 1]
