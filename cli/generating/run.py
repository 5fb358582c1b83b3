"""Generating task by task: files as pictures come, and what is missing when it ends early."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...client.catalog.records import Catalog
from ...client.generation.assemble import Wishes
from ...client.generation.events import (
    Audio,
    DownloadSize,
    Picture,
    Preview,
    Progress,
    Queued,
    Receiving,
    RemoteDownload,
)
from ...client.generation.progress import Meter, stage, words
from ...client.generation.request import GenerationRequest
from ...client.threads import in_thread
from ...errors import DrawbridgeError
from ...facts import versions
from ..output import Output
from .files import Files
from .plan import Plan, Task
from .previews import Previews
from .told import told

if TYPE_CHECKING:
    import numpy as np

    from ...client.client import DrawThingsClient

_MOST_NAMED = 5
INTERRUPTED, NOT_BEGUN = "Interrupted.", "Not begun."


@dataclass(frozen=True)
class Result:
    """The picture of a number: it is on the disk, or missing because `why`."""

    number: int
    task: Task
    why: str = ""


class Run:
    """One run of a plan. `made` and `missing` say what became of it, also when it is cancelled."""

    def __init__(
        self, client: DrawThingsClient, catalog: Catalog, plan: Plan, files: Files, output: Output
    ) -> None:
        self.made: list[Result] = []
        self.missing: list[Result] = []
        self.skipped = 0
        self.sounds = 0
        self._client, self._catalog = client, catalog
        self._plan, self._files, self._output = plan, files, output
        self._prepared: tuple[Wishes | None, tuple[GenerationRequest, ...]] = (None, ())

    async def run(
        self, *, skip: bool, keep_going: bool, metadata: bool, previews: Previews | None
    ) -> DrawbridgeError | None:
        """Generate, and return the first error that ended something, None where all went well.

        With `skip` tasks are left out whose files are all there; with `keep_going` an error ends
        its task alone. When it is cancelled, `missing` is complete all the same.
        """
        failure: DrawbridgeError | None = None
        waiting = list(self._plan.tasks)
        try:
            while waiting:
                task = waiting.pop(0)
                if skip and all(self._files.path(number).is_file() for number in task.numbers):
                    self.skipped += task.pictures
                    continue
                try:
                    await self._do(task, metadata, previews)
                except DrawbridgeError as error:
                    self._miss(task, error.problem)
                    failure = failure or error
                    if not keep_going:
                        break
                except asyncio.CancelledError:
                    self._miss(task, INTERRUPTED)
                    raise
        finally:
            for task in waiting:
                self._miss(task, NOT_BEGUN)
            if previews is not None:
                previews.close()
        return failure

    def found(self) -> dict[str, Any]:
        """Return what a script is told: the files, and in `missing` what is not there and why."""
        found: dict[str, Any] = {"files": [str(self._files.path(one.number)) for one in self.made]}
        if len(self._plan.tasks) > 1 or self.missing:
            found["pictures"] = [self._entry(one) for one in self.made]
        if self.missing:
            found["missing"] = [{**self._entry(one), "why": one.why} for one in self.missing]
        if self.skipped:
            found["skipped"] = self.skipped
        return found

    def _entry(self, one: Result) -> dict[str, Any]:
        file = str(self._files.path(one.number))
        return {"file": file, "prompt": one.task.wishes.prompt, "seed": one.task.seed}

    def sentences(self) -> Iterable[str]:
        """Yield what a person should know at the end, which the error alone does not say."""
        if self.sounds:
            yield "The sound of the video is not written."
        if self.skipped:
            yield f"{_pictures(self.skipped)} left out: the files are there already."
        if self._plan.pictures == 1:
            return
        not_begun = [one for one in self.missing if one.why == NOT_BEGUN]
        ended = [one for one in self.missing if one.why != NOT_BEGUN]
        for why in dict.fromkeys(one.why for one in ended):
            names = self._names([one for one in ended if one.why == why])
            yield f"Missing: {names}. {why}"
        if not_begun:
            yield f"Not begun: {self._names(not_begun)}."

    def _names(self, results: list[Result]) -> str:
        names = [self._files.path(one.number).name for one in results]
        more = len(names) - _MOST_NAMED
        return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")

    def _miss(self, task: Task, why: str) -> None:
        there = {one.number for one in self.made}
        self.missing += [Result(one, task, why) for one in task.numbers if one not in there]

    async def _do(self, task: Task, metadata: bool, previews: Previews | None) -> None:
        request = await self._request(task)
        said = told(request) if metadata else None
        before = len(self.made)
        try:
            async with contextlib.aclosing(self._receive(request, task, previews)) as pictures:
                async for index, pixels in pictures:
                    self._files.write(task.first + index, pixels, said)
                    self.made.append(Result(task.first + index, task))
                    if previews is not None:
                        previews.show(pixels[..., :3])
        finally:
            for one in self.made[before:]:
                self._output.line(str(self._files.path(one.number)))

    async def _request(self, task: Task) -> GenerationRequest:
        wishes, requests = self._prepared
        if wishes is not task.wishes:
            requests = (await self._client.prepare(task.wishes, self._catalog)).requests
            self._prepared = (task.wishes, requests)
        return requests[task.place]

    async def _receive(
        self, request: GenerationRequest, task: Task, previews: Previews | None
    ) -> AsyncGenerator[tuple[int, np.ndarray], None]:
        """Yield the pictures of a request by index, uint8 [height, width, 3 or 4]; show progress.

        One that is no picture costs none of the others: what is wrong with it is raised at the end.
        """
        from ...client.generation.results import to_pixels, to_preview  # torch

        known = versions.find(request.version)
        meter = Meter(video=known is not None and known.is_video)
        before, all_tasks = self._plan.tasks.index(task), len(self._plan.tasks)
        name = f"{before + 1} of {all_tasks}: " if all_tasks > 1 else ""
        fraction = 0.0
        damaged: DrawbridgeError | None = None

        def progress(text: str, phase: object = None) -> None:
            self._output.progress((before + fraction) / all_tasks, name + text, (before, phase))

        progress("Waiting for the server")
        async with contextlib.aclosing(self._client.generate(request)) as events:
            async for event in events:
                match event:
                    case Picture():
                        try:
                            pixels = await in_thread(lambda picture=event: to_pixels(picture))
                        except DrawbridgeError as error:
                            damaged = damaged or error
                            continue
                        yield event.index, pixels
                    case Audio():
                        self.sounds += 1
                    case Queued() | Progress() | RemoteDownload() | DownloadSize() | Receiving():
                        if isinstance(event, Progress):
                            fraction = meter.update(event)
                        progress(words(event), stage(event))
                    case Preview():
                        if previews is not None:
                            shown = await in_thread(
                                lambda preview=event: to_preview(preview, request.version)
                            )
                            if shown is not None:
                                previews.show(shown[0])
        if damaged is not None:
            raise damaged


def _pictures(count: int) -> str:
    return "1 picture is" if count == 1 else f"{count} pictures are"
