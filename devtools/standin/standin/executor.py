"""Executes prompts in API format: order, cache, concurrency, interruption, errors."""

from __future__ import annotations

import asyncio
import inspect
import io
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import comfy.model_management
import comfy.utils
import torch
from comfy_execution.graph_utils import ExecutionBlocker
from PIL import Image, ImageOps

from .core_nodes import CORE_NODES, folders
from .validation import Prompt, is_link, node_errors, output_nodes

Listener = Callable[[str, dict[str, Any]], None]


class WorkerDied(RuntimeError):
    """ComfyUI would never run a prompt again: a node let a BaseException out, or gave it a preview
    that cannot be drawn, which ends its process.
    """


@dataclass
class Outcome:
    """How a prompt ended; `status` is success, error, interrupted or invalid."""

    status: str = "success"
    node_id: str | None = None
    exception_type: str | None = None
    exception_message: str | None = None
    exception: Exception | None = None
    node_errors: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    cached: list[str] = field(default_factory=list)
    outputs: dict[str, list[list[Any]]] = field(default_factory=dict)
    ui: dict[str, dict[str, Any]] = field(default_factory=dict)


class Host:
    """Holds node classes and the cache between prompts; one prompt at a time.

    `input` is the folder that Load Image reads, by default beside `output`.
    """

    def __init__(
        self,
        nodes: Iterable[type[Any]],
        output: Path,
        listener: Listener | None = None,
        input: Path | None = None,
    ) -> None:
        self._output = output
        self._input = input or output.with_name("input")
        self._use_folders()
        self.classes = {cls.GET_SCHEMA().node_id: cls for cls in (*CORE_NODES, *nodes)}
        self._listener = listener
        self._undrawable: Exception | None = None
        self._cache: dict[Any, tuple[list[list[Any]], dict[str, Any]]] = {}

    def object_info(self) -> dict[str, dict[str, Any]]:
        """Return what GET /object_info would, as far as a workflow's conversion needs it."""
        self._use_folders()
        return {name: {"input": cls.INPUT_TYPES()} for name, cls in self.classes.items()}

    def _use_folders(self) -> None:
        folders.update(input=self._input, output=self._output)

    def interrupt(self) -> None:
        """Do what POST /interrupt does: set the flag."""
        comfy.model_management.interrupt_current_processing()

    def run(self, prompt: Prompt) -> Outcome:
        """Validate and execute a prompt in an event loop of its own."""
        comfy.utils.set_progress_bar_global_hook(self._progress)
        self._use_folders()
        try:
            outcome = asyncio.run(self._run(prompt))
        except asyncio.CancelledError as error:
            raise WorkerDied("a node let asyncio.CancelledError out") from error
        if self._undrawable is not None:
            raise WorkerDied("a preview could not be drawn") from self._undrawable
        return outcome

    def _progress(self, value: float, total: float, preview: Any, node_id: str | None) -> None:
        comfy.model_management.throw_exception_if_processing_interrupted()
        self._tell("progress", node=node_id, value=value, max=total)
        if preview is not None:
            kind, picture, longest = preview
            try:
                shown = _as_shown(picture, longest)
                _encode_preview(kind, shown)
            except Exception as error:  # not the node's: ComfyUI draws in a task of its server
                self._undrawable = error
                return
            self._tell("preview", node=node_id, image=picture, size=shown.size)

    def _tell(self, event: str, **data: Any) -> None:
        if self._listener is not None:
            self._listener(event, data)

    async def _run(self, prompt: Prompt) -> Outcome:
        outcome = Outcome(node_errors=await node_errors(prompt, self.classes))
        if outcome.node_errors:
            outcome.status = "invalid"
            return outcome
        comfy.model_management.interrupt_current_processing(False)
        with torch.inference_mode():
            await _Run(self, prompt, outcome).execute()
        return outcome

    def cache_only(self, signatures: set[Any]) -> None:
        """Forget results that the current prompt cannot use."""
        self._cache = {key: kept for key, kept in self._cache.items() if key in signatures}

    @property
    def cache(self) -> dict[Any, tuple[list[list[Any]], dict[str, Any]]]:
        """Return outputs and page data of finished nodes, by signature of all that led to them."""
        return self._cache

    def tell(self, event: str, **data: Any) -> None:
        """Report an event to whoever listens."""
        self._tell(event, **data)


def _as_shown(picture: Image.Image, longest: int | None) -> Image.Image:
    """Return a preview in the size that a page gets, scaled as ComfyUI's send_image does."""
    if longest is None:
        return picture
    return ImageOps.contain(picture, (longest, longest), Image.Resampling.BILINEAR)


def _encode_preview(kind: str, picture: Image.Image) -> bytes:
    """Return the bytes that a page gets, made as ComfyUI's send_image does."""
    encoded = io.BytesIO()
    picture.save(encoded, format=kind, quality=95, compress_level=1)
    return encoded.getvalue()


class _Run:
    """One prompt on its way."""

    def __init__(self, host: Host, prompt: Prompt, outcome: Outcome) -> None:
        self._host = host
        self._prompt = prompt
        self._outcome = outcome
        self._changed: dict[str, Any] = {}
        self._signatures: dict[str, Any] = {}

    async def execute(self) -> None:
        """Run what the output nodes need, everything that is ready at the same time."""
        for node_id in self._prompt:
            self._changed[node_id] = await self._fingerprint(node_id)
        for node_id in self._prompt:
            self._signatures[node_id] = self._signature(node_id)
        self._host.cache_only(set(self._signatures.values()))
        waiting = self._needed()
        running: dict[asyncio.Task[Any], str] = {}
        while waiting or running:
            for node_id in [one for one in waiting if self._is_ready(one)]:
                waiting.remove(node_id)
                if self._signatures[node_id] in self._host.cache:
                    self._outcome.cached.append(node_id)
                    self._finish(node_id, *self._host.cache[self._signatures[node_id]])
                    continue
                running[asyncio.ensure_future(self._execute(node_id))] = node_id
                await asyncio.sleep(0)
            if not running:
                continue
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                node_id = running.pop(task)
                try:
                    outputs, shown = task.result()
                except Exception as error:  # like ComfyUI: everything but a BaseException
                    self._fail(node_id, error)
                    for other in running:  # the loop's end cancels them
                        other.add_done_callback(_look_at)
                    return
                self._host.cache[self._signatures[node_id]] = (outputs, shown)
                self._outcome.executed.append(node_id)
                self._finish(node_id, outputs, shown)

    def _finish(self, node_id: str, outputs: list[list[Any]], shown: dict[str, Any]) -> None:
        self._outcome.outputs[node_id] = outputs
        if shown:
            self._outcome.ui[node_id] = shown
        self._host.tell("executed", node=node_id)

    def _fail(self, node_id: str, error: Exception) -> None:
        outcome = self._outcome
        outcome.node_id = node_id
        if isinstance(error, comfy.model_management.InterruptProcessingException):
            outcome.status = "interrupted"
            return
        logging.getLogger(__name__).debug("node %s failed", node_id, exc_info=error)
        cls = type(error)
        name = cls.__qualname__
        outcome.status = "error"
        outcome.exception = error
        outcome.exception_type = (
            name if cls.__module__ == "builtins" else f"{cls.__module__}.{name}"
        )
        outcome.exception_message = str(error)

    def _needed(self) -> list[str]:
        needed: list[str] = []
        waiting = output_nodes(self._prompt, self._host.classes)
        while waiting:
            node_id = waiting.pop()
            if node_id not in needed:
                needed.append(node_id)
                waiting += [source for _, source, _ in self._links(node_id)]
        return needed

    def _links(self, node_id: str) -> list[tuple[str, str, int]]:
        inputs = self._prompt[node_id]["inputs"]
        return [(name, value[0], value[1]) for name, value in inputs.items() if is_link(value)]

    def _is_ready(self, node_id: str) -> bool:
        return all(source in self._outcome.outputs for _, source, _ in self._links(node_id))

    def _class(self, node_id: str) -> Any:
        return self._host.classes[self._prompt[node_id]["class_type"]]

    async def _fingerprint(self, node_id: str) -> Any:
        cls = self._class(node_id)
        if not cls.overrides("fingerprint_inputs"):
            return False
        inputs = self._prompt[node_id]["inputs"]
        plain = {name: None if is_link(value) else value for name, value in inputs.items()}
        try:
            answer = cls.locked_method("fingerprint_inputs", {})(**plain)
            return await answer if inspect.isawaitable(answer) else answer
        except Exception:
            return float("nan")  # equal to nothing, so the node runs

    def _signature(self, node_id: str) -> Any:
        hidden = [entry.name for entry in self._class(node_id).GET_SCHEMA().hidden]
        inputs = [
            (name, ("link", self._signature(value[0]), value[1]) if is_link(value) else str(value))
            for name, value in sorted(self._prompt[node_id]["inputs"].items())
        ]
        own_id = node_id if "unique_id" in hidden else None
        return (self._prompt[node_id]["class_type"], self._changed[node_id], own_id, *inputs)

    async def _execute(self, node_id: str) -> tuple[list[list[Any]], dict[str, Any]]:
        cls = self._class(node_id)
        schema = cls.GET_SCHEMA()
        values: dict[str, list[Any]] = {}
        for name, value in self._prompt[node_id]["inputs"].items():
            links = is_link(value)
            values[name] = self._outcome.outputs[value[0]][value[1]] if links else [value]
        hidden = {"unique_id": node_id, "prompt": self._prompt, "extra_pnginfo": None}
        method = cls.locked_method("execute", hidden)
        self._host.tell("executing", node=node_id)
        answers = await self._map(node_id, method, values, schema.is_input_list)
        results = [
            (answer,) * len(schema.outputs)
            if isinstance(answer, ExecutionBlocker)
            else _result(answer, len(schema.outputs))
            for answer in answers
        ]
        columns = [
            _column([result[slot] for result in results if result is not None], declared)
            for slot, declared in enumerate(schema.outputs)
        ]
        pages = [
            answer.ui
            for answer in answers
            if not isinstance(answer, ExecutionBlocker) and answer.ui is not None
        ]
        shown = {key: [one for page in pages for one in page[key]] for key in (pages or [{}])[0]}
        return columns, shown

    async def _map(
        self, node_id: str, method: Any, values: dict[str, list[Any]], is_input_list: bool
    ) -> list[Any]:
        """Call a node once for each item of its longest input, all at once if it awaits.

        Shorter inputs repeat their last item. An item that is a blocker blocks its call.
        """
        count = max((len(every) for every in values.values()), default=0)
        calls: list[dict[str, Any]] = [{}]
        if is_input_list:
            calls = [values]
        elif count:
            calls = [
                {name: every[min(index, len(every) - 1)] for name, every in values.items()}
                for index in range(count)
            ]
        answers: list[Any] = []
        for inputs in calls:
            comfy.model_management.throw_exception_if_processing_interrupted()
            blocker = _blocker(inputs, is_input_list)
            if blocker is not None:
                if blocker.message is not None:
                    words = f"Execution Blocked: {blocker.message}"
                    self._host.tell("execution_error", node=node_id, message=words)
                answers.append(ExecutionBlocker(None))
                continue
            answer = method(**inputs)
            if inspect.isawaitable(answer):
                answer = asyncio.ensure_future(answer)
                await asyncio.sleep(0)
                if answer.done():
                    answer = answer.result()
            answers.append(answer)
        # Like ComfyUI: all of them end before the first failure counts.
        pending = [answer for answer in answers if isinstance(answer, asyncio.Future)]
        await asyncio.gather(*pending, return_exceptions=True)
        return [
            answer.result() if isinstance(answer, asyncio.Future) else answer for answer in answers
        ]


def _look_at(task: asyncio.Task[Any]) -> None:
    """Take note of how a task ended, lest asyncio complain that nobody did."""
    if not task.cancelled():
        task.exception()


def _blocker(inputs: dict[str, Any], is_input_list: bool) -> ExecutionBlocker | None:
    for value in inputs.values():
        for one in value if is_input_list else [value]:
            if isinstance(one, ExecutionBlocker):
                return one
    return None


def _result(answer: Any, outputs: int) -> tuple[Any, ...] | None:
    if answer.result is not None and answer.block_execution is not None:
        return (ExecutionBlocker(answer.block_execution),) * outputs
    return answer.result


def _column(values: list[Any], declared: Any) -> list[Any]:
    """Join what the calls of a node gave for one output."""
    if not declared.is_output_list:
        return values
    lists = [[value] if isinstance(value, ExecutionBlocker) else value for value in values]
    return [one for each in lists for one in each]
