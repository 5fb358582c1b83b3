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
from comfy_execution.graph_utils import ExecutionBlocker
from PIL import Image
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


def test_running_node_cannot_ask_for_its_checked_schema(tmp_path: Path) -> None:
    def ask(cls: Any) -> io.NodeOutput:
        cls.GET_SCHEMA()
        return io.NodeOutput()

    outcome = run(tmp_path, [make("Ask", ask)], {"a": {"class_type": "Ask", "inputs": {}}})
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


def several(*values: Any) -> type[io.ComfyNode]:
    """Return a node Several whose one output is a list."""

    def define_schema(cls: type[io.ComfyNode]) -> io.Schema:
        return io.Schema("Several", outputs=[io.Int.Output(is_output_list=True)])

    def execute(cls: type[io.ComfyNode]) -> io.NodeOutput:
        [only] = values if isinstance(values[0], ExecutionBlocker) else [list(values)]
        return io.NodeOutput(only)

    methods = {"define_schema": classmethod(define_schema), "execute": classmethod(execute)}
    return type("Several", (io.ComfyNode,), methods)


LINKED = {
    "s": {"class_type": "Several", "inputs": {}},
    "a": {"class_type": "Count", "inputs": {"value": ["s", 0]}},
}


def test_node_runs_once_for_each_item_of_a_list(tmp_path: Path, ran: list[str]) -> None:
    node = make("Count", count, [io.Int.Input("value")])
    assert run(tmp_path, [several(3, 1, 2), node], LINKED).status == "success"
    assert ran == ["3", "1", "2"]


def test_silent_blocker_keeps_what_is_behind_it_from_running(
    tmp_path: Path, ran: list[str]
) -> None:
    async def through(cls: type[io.ComfyNode], value: int) -> io.NodeOutput:
        return io.NodeOutput(value)

    passing = make("Through", through, [io.Int.Input("value")], is_output_node=False)
    sink = make("Count", count, [io.AnyType.Input("value")])
    prompt = {
        "s": LINKED["s"],
        "t": {"class_type": "Through", "inputs": {"value": ["s", 0]}},
        "a": {"class_type": "Count", "inputs": {"value": ["t", 0]}},
    }
    outcome = run(tmp_path, [several(ExecutionBlocker(None)), passing, sink], prompt)
    assert (outcome.status, ran) == ("success", [])


def test_blocker_with_words_tells_them_once_and_the_prompt_goes_on(
    tmp_path: Path, ran: list[str]
) -> None:
    told: list[dict[str, Any]] = []
    nodes = [several(ExecutionBlocker("no sound")), make("Count", count, [io.Int.Input("value")])]
    host = Host(nodes, tmp_path, lambda name, data: told.append({"event": name, **data}))
    assert host.run(LINKED).status == "success"
    assert ran == []
    [error] = [one for one in told if one["event"] == "execution_error"]
    assert (error["node"], error["message"]) == ("a", "Execution Blocked: no sound")


def test_failed_item_counts_when_all_items_have_ended(tmp_path: Path) -> None:
    ended: list[int] = []
    others = asyncio.Event()

    async def work(cls: type[io.ComfyNode], value: int) -> io.NodeOutput:
        if value == 2:
            await asyncio.sleep(0)  # what fails at once fails before the others are called
            others.set()
            raise ValueError("two")
        await others.wait()
        await asyncio.sleep(0)
        ended.append(value)
        return io.NodeOutput()

    nodes = [several(1, 2, 3), make("Count", work, [io.Int.Input("value")])]
    outcome = run(tmp_path, nodes, LINKED)
    assert (outcome.status, outcome.exception_message) == ("error", "two")
    assert sorted(ended) == [1, 3]


@pytest.mark.parametrize(
    ("mode", "colour", "mask"),
    [("RGB", (255, 51, 0), 0.0), ("RGBA", (255, 51, 0, 102), 0.6), ("RGBA", (0, 0, 0, 255), 0.0)],
)
def test_loaded_picture_is_masked_where_it_is_transparent(
    tmp_path: Path, mode: str, colour: tuple[int, ...], mask: float
) -> None:
    folder = tmp_path / "input"
    folder.mkdir()
    Image.new(mode, (20, 10), colour).save(folder / "one.png")
    host = Host([], tmp_path / "output")
    assert host.object_info()["LoadImage"]["input"]["required"]["image"][1]["options"] == [
        "one.png"
    ]
    prompt = {
        "load": {"class_type": "LoadImage", "inputs": {"image": "one.png"}},
        "show": {"class_type": "PreviewImage", "inputs": {"images": ["load", 0]}},
    }
    [[image], [found]] = host.run(prompt).outputs["load"]
    assert image.shape == (1, 10, 20, 3)
    assert torch.allclose(image[0, 0, 0] * 255, torch.tensor(colour[:3]).float())
    assert found.shape == ((1, 10, 20) if mode == "RGBA" else (1, 64, 64))
    assert torch.allclose(found, torch.full_like(found, mask))
    assert host.run(prompt).executed == []
    Image.new(mode, (20, 10), colour).save(folder / "one.png", compress_level=0)
    assert "load" in host.run(prompt).executed


def test_missing_picture_is_refused_at_its_input(tmp_path: Path) -> None:
    prompt = {
        "load": {"class_type": "LoadImage", "inputs": {"image": "none.png"}},
        "show": {"class_type": "PreviewImage", "inputs": {"images": ["load", 0]}},
    }
    outcome = Host([], tmp_path / "output").run(prompt)
    [error] = outcome.node_errors["load"]
    assert error["details"] == "image - Invalid image file: none.png"


def test_colour_and_grey_come_as_they_are_asked_for(tmp_path: Path) -> None:
    size = {"width": 4, "height": 3}
    prompt = {
        "e": {"class_type": "EmptyImage", "inputs": {**size, "batch_size": 2, "color": 0xFF3300}},
        "m": {"class_type": "SolidMask", "inputs": {**size, "value": 0.25}},
        "show": {"class_type": "PreviewImage", "inputs": {"images": ["e", 0]}},
        "any": {"class_type": "PreviewAny", "inputs": {"source": ["m", 0]}},
        "text": {"class_type": "PreviewAny", "inputs": {"source": 3}},
    }
    outcome = Host([], tmp_path / "output").run(prompt)
    [[image]] = outcome.outputs["e"]
    assert image.shape == (2, 3, 4, 3)
    assert image[1, 2, 3].tolist() == pytest.approx([1, 0.2, 0])
    [[mask]] = outcome.outputs["m"]
    assert mask.shape == (1, 3, 4)
    assert outcome.ui["any"]["text"][0].startswith("tensor")
    assert outcome.ui["text"] == {"text": ["3"]}


@pytest.mark.parametrize("size", [(2048, 1), (1, 4096)])
def test_preview_that_cannot_be_drawn_ends_the_host(tmp_path: Path, size: tuple[int, int]) -> None:
    async def show(cls: type[io.ComfyNode]) -> io.NodeOutput:
        picture = ("JPEG", Image.new("RGB", size), 1024)
        comfy.utils.ProgressBar(1, "a").update_absolute(0, 1, picture)
        return io.NodeOutput()

    with pytest.raises(WorkerDied, match="preview"):
        run(tmp_path, [make("Show", show)], {"a": {"class_type": "Show", "inputs": {}}})
