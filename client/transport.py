"""How a connection is protected."""

from __future__ import annotations

import enum


class Transport(enum.Enum):
    """How the connection is protected; the values are what a person chooses from."""

    PLAINTEXT = "plaintext"
    DRAW_THINGS = "Draw Things certificate"
    OWN_CA = "own certificate authority"
    SYSTEM = "system certificates"
    PINNED = "pinned certificate"

    def __str__(self) -> str:
        return self.value
