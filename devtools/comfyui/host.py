"""Runs the real ComfyUI with our pack in it, for tests and for the demo.

ComfyUI lives in a process of its own, with every file it writes below one base folder. Nothing here
knows pytest.
"""

from __future__ import annotations

import enum
import http.client
import json
import re
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from .events import Event, Listener
from .interpreter import HostError
from .process import ComfyUIProcess

ROOT = Path(__file__).resolve().parents[2]
# Not the pack's own name, nor any module's: ComfyUI users name the folder as they like. No space:
# aiohttp, which ComfyUI serves the web folder with, does not find such a folder again.
FOLDER = "ComfyUI-Drawbridge-1.0"
START_SECONDS = 180.0
ANSWER_SECONDS = 30.0
PROBE_SECONDS = 3.0
LOAD_FAILED = re.compile(
    r"IMPORT FAILED|Cannot import .* module for custom nodes|Error while calling comfy_entrypoint"
)


class PromptRejected(HostError):
    """ComfyUI did not take a prompt, or not all of it.

    `node_errors` is ComfyUI's own: by node id, a dict with `class_type` and a list `errors` of
    dicts with `type`, `message`, `details`.
    """

    def __init__(self, error: Mapping[str, Any], node_errors: Mapping[str, Any]) -> None:
        lines = [f"{error.get('message')}: {error.get('details')}"]
        for node_id, problem in node_errors.items():
            for each in problem["errors"]:
                where = f"node {node_id} ({problem['class_type']})"
                lines.append(f"{where}: {each['message']}: {each['details']}")
        super().__init__("\n".join(lines))
        self.error = error
        self.node_errors = node_errors


class Ending(enum.Enum):
    """How a prompt ended; the values are ComfyUI's messages."""

    SUCCESS = "execution_success"
    ERROR = "execution_error"
    INTERRUPTED = "execution_interrupted"


@dataclass(frozen=True)
class Outcome:
    """A prompt that has ended.

    `node_id` and `node_type` name the node that failed or was interrupted; `exception_type` (such
    as `drawbridge.ServerUnreachable`) and `message` are what the error dialog shows. `outputs`
    holds the words and file names that nodes show, by node id; `files` the files that were saved.
    """

    prompt_id: str
    ending: Ending
    outputs: Mapping[str, Mapping[str, Any]]
    files: tuple[Path, ...]
    events: tuple[Event, ...]
    node_id: str | None = None
    node_type: str | None = None
    exception_type: str | None = None
    message: str | None = None
    traceback: str = ""

    @property
    def executed(self) -> tuple[str, ...]:
        """Return the ids of the nodes that were run, in order; cached ones are not among them."""
        started = (event for event in self.events if event.type == "executing")
        return tuple(event.data["node"] for event in started if event.data["node"] is not None)

    @property
    def previews(self) -> tuple[Event, ...]:
        """Return the preview pictures, in order."""
        return tuple(event for event in self.events if event.type == "preview")


class RealComfyUI:
    """A ComfyUI in a process of its own; a context manager.

    `checkout` is its folder, `base` where its files go (made if missing). `packs` are further node
    packs, loaded under their folders' names; `folder` is our own pack's. `environment` extends the
    process's environment. `watch` is called with every event, in another thread.
    """

    def __init__(
        self,
        checkout: Path,
        base: Path,
        *,
        python: Path | None = None,
        packs: Iterable[Path] = (),
        folder: str = FOLDER,
        environment: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        watch: Callable[[Event], None] | None = None,
    ) -> None:
        named = {folder: ROOT, **{pack.name: pack for pack in packs}}
        self._process = ComfyUIProcess(checkout, base, python, named, environment or {}, arguments)
        self._watch = watch
        self._client_id = uuid.uuid4().hex
        self._listener: Listener | None = None
        # A proxy of the machine has no business with loopback.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def __enter__(self) -> RealComfyUI:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def base(self) -> Path:
        """Return the folder with ComfyUI's `input`, `output`, `temp`, `user` and `custom_nodes`."""
        return self._process.base

    @property
    def url(self) -> str:
        """Return the address of the page, without a slash at its end."""
        return f"http://127.0.0.1:{self._process.port}"

    @property
    def log(self) -> str:
        """Everything ComfyUI has printed since it was started."""
        return self._process.log

    @property
    def load_failures(self) -> tuple[str, ...]:
        """Return the log's lines about nodes and packs that ComfyUI could not load."""
        return tuple(line.strip() for line in self.log.splitlines() if LOAD_FAILED.search(line))

    def start(self, timeout_seconds: float = START_SECONDS) -> None:
        """Start ComfyUI and wait until it answers; raise HostError if it does not."""
        try:
            self._process.start(self._answers, timeout_seconds)
            address = f"ws://127.0.0.1:{self._process.port}/ws?clientId={self._client_id}"
            self._listener = Listener(address, self._watch)
            self._listener.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End ComfyUI. May be called more than once."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        self._process.stop()

    def object_info(self) -> dict[str, Any]:
        """Return what ComfyUI says about every node class, by class."""
        return self._ask("GET", "/object_info")

    def submit(self, prompt: Mapping[str, Any]) -> str:
        """Queue a prompt in the API's form; return its id.

        Raises PromptRejected where ComfyUI leaves out the prompt or a part of it.
        """
        prompt_id = str(uuid.uuid4())  # 0.33 takes no other form
        body = {"prompt": prompt, "client_id": self._client_id, "prompt_id": prompt_id}
        status, answer = self.request("POST", "/prompt", body)
        if status == http.client.BAD_REQUEST:
            raise PromptRejected(answer["error"], answer["node_errors"])
        if status != http.client.OK:
            raise self._process.failure(f"ComfyUI answered {status} to a prompt")
        if answer["node_errors"]:
            partly = {"message": "Only a part of the prompt was queued", "details": prompt_id}
            raise PromptRejected(partly, answer["node_errors"])
        return answer["prompt_id"]

    def wait(self, prompt_id: str, timeout_seconds: float = 60.0) -> Outcome:
        """Wait until a prompt has ended; raise HostError if it does not in time."""
        self.wait_for_event(prompt_id, _is_last, timeout_seconds)
        entry = self.history(prompt_id)
        if entry is None:
            raise self._process.failure(f"Prompt {prompt_id} has ended and is not in the history")
        return self._outcome(prompt_id, entry)

    def run(self, prompt: Mapping[str, Any], timeout_seconds: float = 60.0) -> Outcome:
        """Queue a prompt and wait until it has ended."""
        return self.wait(self.submit(prompt), timeout_seconds)

    def events(self, prompt_id: str) -> tuple[Event, ...]:
        """Return what ComfyUI has told about a prompt up to now, oldest first."""
        return tuple(event for event in self._ears.events() if event.prompt_id == prompt_id)

    def wait_for_event(
        self, prompt_id: str, wanted: Callable[[Event], bool], timeout_seconds: float = 60.0
    ) -> Event:
        """Return a prompt's first event that is wanted.

        Raises HostError where none comes in time, and as soon as the prompt has ended without it.
        """
        ears = self._ears
        event = ears.wait_for(
            lambda event: event.prompt_id == prompt_id and (wanted(event) or _is_last(event)),
            timeout_seconds,
        )
        if event is None or not wanted(event):
            told = [event.type for event in self.events(prompt_id)][-5:]
            why = f"did not come in {timeout_seconds:.0f} s" if event is None else "never came"
            raise self._process.failure(
                f"The event waited for {why} in prompt {prompt_id}; last told: {told}; "
                f"connection: {ears.failure or 'unbroken'}"
            )
        return event

    def interrupt(self, prompt_id: str | None = None) -> None:
        """Press the stop button: for a prompt, if it is the one that runs, or for whatever runs."""
        self._ask("POST", "/interrupt", {} if prompt_id is None else {"prompt_id": prompt_id})

    def history(self, prompt_id: str) -> dict[str, Any] | None:
        """Return ComfyUI's record of a prompt that has ended, else None."""
        return self._ask("GET", f"/history/{prompt_id}").get(prompt_id)

    def request(
        self, method: str, path: str, body: object = None, timeout_seconds: float = ANSWER_SECONDS
    ) -> tuple[int, Any]:
        """Send an HTTP request; return the status and the answer, parsed where it is JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with self._open(request, timeout=timeout_seconds) as response:
                return response.status, _content(
                    response.read(), response.headers.get_content_type()
                )
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _content(error.read(), error.headers.get_content_type())

    @property
    def _ears(self) -> Listener:
        if self._listener is None:
            raise HostError("ComfyUI is not running.")
        return self._listener

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        status, answer = self.request(method, path, body)
        if status != http.client.OK:
            raise self._process.failure(f"ComfyUI answered {status} to {method} {path}")
        return answer

    def _answers(self) -> bool:
        """Return whether this ComfyUI answers; another may have taken the port before it could."""
        try:
            status, stats = self.request("GET", "/system_stats", timeout_seconds=PROBE_SECONDS)
        except (OSError, http.client.HTTPException):
            return False
        return status == http.client.OK and str(self.base) in stats["system"]["argv"]

    def _outcome(self, prompt_id: str, entry: Mapping[str, Any]) -> Outcome:
        endings = {ending.value: ending for ending in Ending}
        kind, told = next(
            (kind, told) for kind, told in entry["status"]["messages"] if kind in endings
        )
        shown = entry["outputs"].values()
        files = [
            self.base / file["type"] / file["subfolder"] / file["filename"]
            for output in shown
            for items in output.values()
            for file in items
            if isinstance(file, dict) and file.get("type") == "output"
        ]
        return Outcome(
            prompt_id=prompt_id,
            ending=endings[kind],
            outputs=entry["outputs"],
            files=tuple(files),
            events=self.events(prompt_id),
            node_id=told.get("node_id"),
            node_type=told.get("node_type"),
            exception_type=told.get("exception_type"),
            message=told.get("exception_message"),
            traceback="".join(told.get("traceback", ())),
        )


def _is_last(event: Event) -> bool:
    """Return whether a prompt has ended with this event and is in the history."""
    return event.type == "executing" and event.data["node"] is None


def _content(data: bytes, content_type: str) -> Any:
    if content_type == "application/json":
        return json.loads(data)
    return data.decode(errors="replace")
