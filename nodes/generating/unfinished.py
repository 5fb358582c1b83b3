"""What becomes of a run that has not made everything.

A node that raises gives no outputs, and ComfyUI then runs it again as a whole. So what is finished
is kept (client/pool/kept.py), and the error says so: the same graph makes only what is missing.
What fails by itself a second time is left out, and the rest goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ...client.generation.assemble import Prepared
from ...client.pool.events import Finished, Missing
from ...errors import DrawbridgeError
from ..host import tell_page
from .server_queue import ItemFailed, Place

LOG = logging.getLogger(__name__)
EVENT = "drawbridge.unfinished"
STOPPED = "Stopped. What is finished is kept for the same graph with the same seed."
_MOST_NAMED = 5


async def settle(
    place: Place,
    prepared: Prepared,
    missing: Sequence[Missing],
    come: Sequence[Finished | Missing],
) -> str:
    """Return the sentence for what is left out, where the rest may go on.

    `come` is what has pictures. Raises the first error else, with what a person should know of the
    rest: in an ItemFailed where it is no trouble of the servers.
    """
    by_themselves = all(one.by_itself for one in missing)
    if by_themselves and all(one.again for one in missing):
        note = f"Left out: {_named(place, prepared, missing)}. {missing[0].error.problem}"
        if come or (place.total > 1 and await place.others()):
            LOG.warning("Generate: %s", note)
            return note
    error = missing[0].error
    if come or place.total > 1:
        error = _with_rest(place, prepared, missing, come, by_themselves)
        seed = prepared.requests[0].config.seed
        tell_page(EVENT, {"node": place.node_id, "seed": seed, "number": place.number})
    if by_themselves:
        raise ItemFailed(error)
    raise error


def _with_rest(
    place: Place,
    prepared: Prepared,
    missing: Sequence[Missing],
    come: Sequence[Finished | Missing],
    by_themselves: bool,
) -> DrawbridgeError:
    pictures = sum(len(one.pictures) for one in come)
    kept = f"{pictures} finished pictures are kept." if pictures > 1 else ""
    if pictures == 1:
        kept = "1 finished picture is kept."
    if place.total > 1:
        kept = "What else of the list is finished is kept."
    again = "Run the same graph with the same seed again: only what is missing is generated"
    again += ", and what fails once more is left out." if by_themselves else "."
    error = missing[0].error.with_more(
        f"Missing: {_named(place, prepared, missing)}. {kept}".rstrip(), again
    )
    error.__cause__ = missing[0].error.__cause__
    return error


def _named(place: Place, prepared: Prepared, missing: Sequence[Missing]) -> str:
    """Return the numbers and seeds of the requests."""
    count = len(prepared.requests)
    named = [
        f"{(place.number - 1) * count + one.item + 1}"
        f" (seed {prepared.requests[one.item].config.seed})"
        for one in missing[:_MOST_NAMED]
    ]
    if len(missing) > _MOST_NAMED:
        named.append(f"{len(missing) - _MOST_NAMED} more")
    total = place.total * count
    return f"{', '.join(named)} of {total}" if total > 1 else f"a part of it ({named[0]})"
