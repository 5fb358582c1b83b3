"""Generating with several servers at once: each task goes to one that is free."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from ...client.generation.assemble import Prepared
from ...client.generation.events import Picture, Progress
from ...client.generation.images import Placed
from ...client.generation.progress import Meter, News, words
from ...client.generation.request import GenerationRequest
from ...client.generation.results import to_pixels
from ...client.pool.events import Away, Began, Finished, LeftOut, Missing, PoolEvent, Returned
from ...client.pool.events import News as Heard
from ...client.pool.member import Member
from ...client.pool.pool import Pool
from ...client.threads import in_thread
from ...errors import DrawbridgeError
from ..output import Output
from .plan import Task
from .previews import Previews
from .run import INTERRUPTED, NOT_BEGUN, Result, Run
from .told import told


class SharedRun(Run):
    """One run of a plan at several servers; `members` are all of them."""

    members: Sequence[Member] = ()

    async def run(
        self, *, skip: bool, keep_going: bool, metadata: bool, previews: Previews | None
    ) -> DrawbridgeError | None:
        """Do what `Run.run` does. Previews are those of finished pictures alone."""
        tasks = [task for task in self._plan.tasks if not (skip and self._is_there(task))]
        self.skipped = self._plan.pictures - sum(task.pictures for task in tasks)
        requests = [await self._request(task) for task in tasks]
        waiting, begun = dict(enumerate(tasks)), set[int]()
        showing = _Showing(self._output, requests)
        failure: DrawbridgeError | None = None
        try:
            happening = Pool(self.members).generate(Prepared(tuple(requests)))
            async with contextlib.aclosing(happening) as events:
                async for event in events:
                    showing.show(event)
                    if isinstance(event, Began):
                        begun.add(event.item)
                    if not isinstance(event, Heard | Finished | Missing):
                        continue
                    if event.item not in waiting:  # its file could not be written
                        continue
                    error = await self._take(
                        waiting[event.item], requests[event.item], event, metadata, previews
                    )
                    if error is not None or not isinstance(event, Heard):
                        del waiting[event.item]
                    failure = failure or error
                    if error is not None and not keep_going:
                        break
        finally:
            for item, task in waiting.items():
                self._miss(task, INTERRUPTED if item in begun else NOT_BEGUN)
            self.made.sort(key=lambda one: one.number)
            self.missing.sort(key=lambda one: one.number)
            if previews is not None:
                previews.close()
        return failure

    def _is_there(self, task: Task) -> bool:
        return all(self._files.path(number).is_file() for number in task.numbers)

    async def _take(
        self,
        task: Task,
        request: GenerationRequest,
        event: Heard | Finished | Missing,
        metadata: bool,
        previews: Previews | None,
    ) -> DrawbridgeError | None:
        """Write what has come of a task, each picture as soon as it is there; return what is wrong
        with the rest.
        """
        if isinstance(event, Heard):
            pictures = [event.event] if isinstance(event.event, Picture) else []
        else:
            pictures = event.pictures
            self.sounds += len(event.sounds)
        error = event.error if isinstance(event, Missing) else None
        try:
            for picture in pictures:
                await self._write(task, request, picture, metadata, previews)
        except DrawbridgeError as unwritten:
            error = unwritten
        if error is not None:
            self._miss(task, error.problem)
        return error

    async def _write(
        self,
        task: Task,
        request: GenerationRequest,
        picture: Picture | Placed,
        metadata: bool,
        previews: Previews | None,
    ) -> None:
        """Write a picture, unless it is there: another server may have made it before it failed."""
        number = task.first + picture.index
        if any(one.number == number for one in self.made):
            return
        said = told(request) if metadata else None
        pixels = await in_thread(lambda: to_pixels(picture))
        self._output.line(str(self._files.write(number, pixels, said)))
        self.made.append(Result(number, task))
        if previews is not None:
            previews.show(pixels[..., :3])


class _Showing:
    """One line for all that is under way, and sentences about servers."""

    def __init__(self, output: Output, requests: Sequence[GenerationRequest]) -> None:
        self._output, self._all, self._done = output, len(requests), 0
        self._meters: dict[int, Meter] = {}
        self._fractions: dict[int, float] = {}
        self._words: dict[int, str] = {}

    def show(self, event: PoolEvent) -> None:
        """Show what happens."""
        match event:
            case Began(item, _):
                self._meters[item] = Meter()
            case Heard(item, member, news):
                if isinstance(news, Progress):
                    self._fractions[item] = self._meters[item].update(news)
                if isinstance(news, News):
                    self._words[item] = f"{member.name}: {words(news)}"
                    self._progress()
            case Returned(item) | Finished(item) | Missing(item):
                self._done += not isinstance(event, Returned)
                self._words.pop(item, None)
                self._fractions.pop(item, None)
            case Away(member, error):
                self._output.note(f"{member.name} is away. {error.problem}")
            case LeftOut(member, error):
                self._output.note(f"Left out: {member.name}. {error.problem}")
            case _:
                pass

    def _progress(self) -> None:
        done = (self._done + sum(self._fractions.values())) / max(self._all, 1)
        text = f"{self._done} of {self._all} done; {', '.join(self._words.values())}"
        self._output.progress(done, text, tuple(sorted(self._words)))
