"""The stand-in behaves as ComfyUI does where a node could tell; `tests/host/` asks the real one."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import comfy.model_management
import comfy.utils
import pytest
import torch
from comfy_api.latest import io
from standin.executor import Host, WorkerDied

runs: list[str] = []


def make(
    name: str,
    execute: Any,
    inputs: list[io.Input] | None = None,
    is_output_node: bool = True,
    **methods: Any,
) -> type[io.ComfyNode]:
    def define_schema(cls: type[io.ComfyNode]) -> io.Schema:
        outputs = [] if is_output_node else [io.Image.Output(display_name="value")]
        return io.Schema(name, inputs=inputs, outputs=outputs, is_output_node=is_output_node)

    every = {"define_schema": define_schema, "execute": execute, **methods}
    return type(name, (io.ComfyNode,), {key: classmethod(value) for key, value in every.items()})


@pytest.fixture
def ran() -> list[str]:
    runs.clear()
    return runs


def run(tmp_path: Path, nodes: list[type[io.ComfyNode]], prompt: dict[str, Any]) -> Any:
    return Host(nodes, tmp_path).run(prompt)


async def count(cls: type[io.ComfyNode], value: int) -> io.NodeOutput:
    runs.append(str(value))
    return io.NodeOutput()


def test_unchanged_node_is_not_run_again(tmp_path: Path, ran: list[str]) -> None:
    host = Host([make("Count", count, [io.Int.Input("value")])], tmp_path)
    for value in (1, 1, 2, 1):
        host.run({"a": {"class_type": "Count", "inputs": {"value": value}}})
    assert ran == ["1", "2", "1"]  # what the last prompt did not use is forgotten


def test_new_fingerprint_runs_the_node_again(tmp_path: Path, ran: list[str]) -> None:
    prints = iter(["same", "same", "other"])

    def fingerprint_inputs(cls: type[io.ComfyNode], value: int) -> str:
        return next(prints)

    node = make("Count", count, [io.Int.Input("value")], fingerprint_inputs=fingerprint_inputs)
    host = Host([node], tmp_path)
    for _ in range(3):
        host.run({"a": {"class_type": "Count", "inputs": {"value": 1}}})
    assert ran == ["1", "1"]


def test_value_out_of_range_is_refused_at_its_input(tmp_path: Path, ran: list[str]) -> None:
    node = make("Count", count, [io.Int.Input("value", min=0, max=9)])
    outcome = run(tmp_path, [node], {"a": {"class_type": "Count", "inputs": {"value": 10}}})
    assert outcome.status == "invalid"
    assert outcome.node_errors["a"][0]["message"] == "Value 10 bigger than max of 9"
    assert ran == []


def test_nodes_that_wait_run_at_the_same_time(tmp_path: Path) -> None:
    there: list[asyncio.Event] = []

    async def meet(cls: type[io.ComfyNode]) -> io.NodeOutput:
        there.append(asyncio.Event())
        if len(there) == 2:
            for event in there:
                event.set()
        await asyncio.wait_for(there[-1].wait(), 10)
        return io.NodeOutput()

    node = make("Meet", meet)
    prompt = {name: {"class_type": "Meet", "inputs": {}} for name in "ab"}
    assert run(tmp_path, [node], prompt).status == "success"


def test_cancellation_that_leaves_a_node_kills_the_worker(tmp_path: Path) -> None:
    async def leak(cls: type[io.ComfyNode]) -> io.NodeOutput:
        raise asyncio.CancelledError

    with pytest.raises(WorkerDied):
        run(tmp_path, [make("Leak", leak)], {"a": {"class_type": "Leak", "inputs": {}}})


def test_class_of_a_running_node_is_locked(tmp_path: Path) -> None:
    def write(cls: Any) -> io.NodeOutput:
        cls.state = 1
        return io.NodeOutput()

    outcome = run(tmp_path, [make("Write", write)], {"a": {"class_type": "Write", "inputs": {}}})
    assert outcome.exception_type == "AttributeError"


def test_progress_bar_notices_the_interruption_and_clears_the_flag(tmp_path: Path) -> None:
    def work(cls: type[io.ComfyNode]) -> io.NodeOutput:
        comfy.model_management.interrupt_current_processing()
        comfy.utils.ProgressBar(3, "a").update_absolute(1)
        return io.NodeOutput()

    outcome = run(tmp_path, [make("Work", work)], {"a": {"class_type": "Work", "inputs": {}}})
    assert (outcome.status, outcome.node_id) == ("interrupted", "a")
    assert not comfy.model_management.processing_interrupted()


def test_prompts_run_in_inference_mode_and_in_loops_of_their_own(tmp_path: Path) -> None:
    seen: list[tuple[bool, asyncio.AbstractEventLoop, str]] = []

    async def look(cls: type[io.ComfyNode]) -> io.NodeOutput:
        loop = asyncio.get_running_loop()
        seen.append((torch.is_inference_mode_enabled(), loop, threading.current_thread().name))
        return io.NodeOutput()

    node = make("Look", look)
    for _ in range(2):
        run(tmp_path, [node], {"a": {"class_type": "Look", "inputs": {}}})
    assert seen[0][0]
    assert seen[0][1] is not seen[1][1]
