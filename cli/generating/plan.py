"""What is generated, in which order: each prompt with each seed, and their place among the files.

All of it is prepared, and so checked, before the first picture is asked for. The requests are then
made once more when their turn comes: a hundred of them, each with its own copy of an image, would
fill the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...client.catalog.records import Catalog
from ...client.generation.assemble import Prepared, Wishes
from ...client.generation.request import GenerationRequest
from ...facts import modifiers, versions

if TYPE_CHECKING:
    from ...client.client import DrawThingsClient


@dataclass(frozen=True)
class Task:
    """A request: the `place`th of those of its `wishes`, and the pictures expected of it.

    `first` is the number of its first picture among all of them, counted from 1.
    """

    wishes: Wishes
    place: int
    first: int
    pictures: int
    seed: int

    @property
    def numbers(self) -> range:
        """Return the numbers of its pictures."""
        return range(self.first, self.first + self.pictures)


@dataclass(frozen=True)
class Plan:
    """All tasks in order, the first of their requests, and sentences for a person."""

    tasks: tuple[Task, ...]
    first: GenerationRequest
    notes: tuple[str, ...]

    @property
    def pictures(self) -> int:
        """Return how many pictures are expected in all."""
        return sum(task.pictures for task in self.tasks)


async def make(
    client: DrawThingsClient,
    wishes: Wishes,
    catalog: Catalog,
    prompts: Sequence[str],
    seeds: Sequence[int],
    *,
    demand_all: bool = False,
) -> Plan:
    """Return the plan of wishes for all prompts and seeds; `demand_all` is `client.prepare`'s, and
    so is what it raises.
    """
    tasks: list[Task] = []
    first: GenerationRequest | None = None
    notes: list[str] = []
    for prompt in prompts:
        for seed in seeds:
            own = replace(wishes, prompt=prompt, settings={**wishes.settings, "seed": seed})
            prepared = await client.prepare(own, catalog, demand_all=demand_all)
            first = first or prepared.requests[0]
            notes += prepared.notes
            tasks += _tasks(own, prepared, sum(task.pictures for task in tasks))
    assert first is not None
    return Plan(tuple(tasks), first, tuple(dict.fromkeys(notes)))


def _tasks(wishes: Wishes, prepared: Prepared, before: int) -> Iterable[Task]:
    for place, request in enumerate(prepared.requests):
        count = expected_pictures(request)
        yield Task(wishes, place, before + 1, count, request.config.seed)
        before += count


def expected_pictures(request: GenerationRequest) -> int:
    """Return how many pictures a server sends for a request, as far as one can know.

    Of a video they are its frames.
    """
    known = versions.find(request.version)
    if known is not None and known.is_video:
        return known.frames(request.config.num_frames)
    if modifiers.find(request.modifier).layered:
        return request.config.batch_size
    return request.least_pictures
