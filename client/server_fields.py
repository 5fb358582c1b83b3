"""What the fields of a server can be, and usually are: all that who shows them has to know."""

from __future__ import annotations

import enum

DEFAULT_PORT = 7859
# What stands for a host where the person's own default server is meant. No host has a space in its
# name, so none is hidden by it, and whoever does not know these words refuses them.
DEFAULT_SERVER = "default server"
MOST_AT_ONCE = 64


class Transport(enum.Enum):
    """How the connection is protected; the values are what a person chooses from."""

    PLAINTEXT = "plaintext"
    DRAW_THINGS = "Draw Things certificate"
    OWN_CA = "own certificate authority"
    SYSTEM = "system certificates"
    PINNED = "pinned certificate"

    def __str__(self) -> str:
        return self.value


def means_default(host: object) -> bool:
    """Return whether a host stands for the person's own default server."""
    return isinstance(host, str) and host.strip().casefold() == DEFAULT_SERVER
