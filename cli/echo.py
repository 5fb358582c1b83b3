"""The command echo: who answers."""

from __future__ import annotations

import argparse

from .command import Command
from .connection import open_client, timeout_seconds
from .lists import lists
from .outcome import OK
from .output import Output


async def echo(options: argparse.Namespace, output: Output) -> int:
    """Greet the server, and say who answers."""
    async with open_client(options, output) as client:
        info = await client.echo(timeout_seconds(options))
        address = client.endpoint.address
    counts = {} if info.catalog is None else {k: len(v) for k, v in lists(info.catalog).items()}
    output.line(f"{info.message or 'An answer without words'} (from {address})")
    output.line(f"Server identifier: {info.server_identifier}")
    if info.catalog is None:
        output.line("Model browser: off")
    else:
        listed = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in counts.items())
        output.line(f"Model browser: on; {len(info.files)} files, {listed}")
    output.result(
        address=address,
        message=info.message,
        server_identifier=info.server_identifier,
        model_browser=info.catalog is not None,
        files=len(info.files),
        **counts,
    )
    return OK


COMMAND = Command("echo", "greet the server, and say who answers", echo)
