"""The command nearby: which servers announce themselves."""

from __future__ import annotations

import argparse

from .command import Command
from .outcome import OK, word_of
from .output import Output


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=2.0,
        metavar="S",
        help="how long to listen, at most 60 (default: %(default)g)",
    )
    parser.add_argument(
        "--interface",
        action="append",
        dest="interfaces",
        metavar="IP",
        help="address of this computer in the network to listen in; may be repeated (default: all)",
    )


async def nearby(options: argparse.Namespace, output: Output) -> int:
    """List the servers that announce themselves on the local network."""
    from ..client.connection.nearby import nearby

    found = await nearby(options.seconds, options.interfaces)
    if not found:
        output.line(f"No server announced itself within {options.seconds:g} seconds.")
    names, places = ([one.name for one in found], [str(one.address) for one in found])
    wide, wider = (max(map(len, texts), default=0) for texts in (names, places))
    for one, place in zip(found, places, strict=True):
        output.line(f"{one.name:<{wide}}  {place:<{wider}}  {word_of(one.transport)}")
    entries = [
        {
            "name": one.name,
            "host": one.address.host,
            "port": one.address.port,
            "transport": word_of(one.transport),
        }
        for one in found
    ]
    output.result(servers=entries)
    return OK


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0 and up to 60")
    return value


COMMAND = Command(
    "nearby", "list the servers that announce themselves on the network", nearby, _options
)
