"""The seed that a server is told, for one that a person gives."""

from __future__ import annotations

import secrets

from ...errors import RequestRejected
from ..configuration.fields import SEEDS


def settled(seed: int) -> tuple[int, list[str]]:
    """Return a seed of 32 bits, and sentences about what became of the one that is given.

    One below 0 is drawn, of a longer one the last 32 bits are taken. Raises RequestRejected for
    what is no whole number.
    """
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise RequestRejected(
            f"The seed {str(seed)[:40]!r} is no whole number.",
            f"Give one of 0 to {SEEDS - 1}, or -1 to draw one.",
        )
    if seed < 0:
        drawn = secrets.randbits(32)
        return drawn, [f"The seed {seed} asks for a random one; {drawn} was drawn."]
    if seed >= SEEDS:
        taken = seed % SEEDS
        return taken, [f"The seed {seed} has more than 32 bits; {taken} was taken."]
    return seed, []
