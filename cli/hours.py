"""The command hours: what an account of Draw Things' cloud may use."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone

from .command import Command
from .connection import open_client, timeout_seconds
from .outcome import OK
from .output import Output


async def hours(options: argparse.Namespace, output: Output) -> int:
    """Say how many compute units an account of Draw Things' cloud may use."""
    async with open_client(options, output) as client:
        units = await client.hours(timeout_seconds(options))
        address = client.endpoint.address
    if units is None:
        output.line("This server has no limits: only Draw Things' cloud counts compute units.")
        output.result(address=address, thresholds=None)
        return OK
    output.line(f"Community: {units.community:g} compute units")
    output.line(f"Plus: {units.plus:g} compute units")
    if units.expire_at > 0:
        output.line(f"Valid until: {_date(units.expire_at)}")
    told = {"community": units.community, "plus": units.plus, "expire_at": units.expire_at}
    output.result(address=address, thresholds=told)
    return OK


def _date(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    except (OSError, OverflowError, ValueError):
        return str(seconds)


COMMAND = Command("hours", "say how many compute units an account of the cloud may use", hours)
