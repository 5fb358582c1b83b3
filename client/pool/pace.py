"""How fast servers are, and whether a slow one would still be of help at the end of a batch."""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from collections.abc import Iterable

from ..generation.request import GenerationRequest

_REMEMBERED = 3  # the fastest of the last ones counts: others have loaded a model before
_MOST_SERVERS = 512


def cost(request: GenerationRequest) -> float:
    """Return about how much work a request is, to compare it with others of the same model."""
    config = request.config
    pixels = config.start_width * config.start_height
    return float(pixels * max(config.steps, 1) * max(config.batch_size, config.num_frames, 1))


class Paces:
    """Remembers how long servers took, by their keys; bounded."""

    def __init__(self) -> None:
        self._seconds: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def note(self, server: str, request: GenerationRequest, seconds: float) -> None:
        """Take note of how long a server has taken for a request."""
        key = (server, request.config.model)
        known = self._seconds.setdefault(key, deque(maxlen=_REMEMBERED))
        known.append(seconds / cost(request))
        self._seconds.move_to_end(key)
        while len(self._seconds) > _MOST_SERVERS:
            self._seconds.popitem(last=False)

    def seconds(self, server: str, request: GenerationRequest) -> float | None:
        """Return how long the server would take for a request, None where it is not known."""
        known = self._seconds.get((server, request.config.model))
        return min(known) * cost(request) if known else None


def is_of_help(
    own_seconds: float | None, pending: int, others: Iterable[tuple[float, float]]
) -> bool:
    """Return whether a server that begins now is done before the others could have done it all.

    `pending` items wait. Each of the others is described by the seconds until it is free, and the
    seconds that it takes for an item.
    """
    free = [(until + each, each) for until, each in others]
    if own_seconds is None or not free:
        return True
    heapq.heapify(free)
    last = 0.0
    for _ in range(pending):
        last, each = free[0]
        heapq.heapreplace(free, (last + each, each))
    return own_seconds < last
