"""The command files: which of some files the server has."""

from __future__ import annotations

import argparse

from ..errors import ModelUnavailable
from .command import Command
from .connection import open_client, timeout_seconds
from .outcome import OK, exit_code
from .output import Output

_HASH_SECONDS = 600.0


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="+", metavar="NAME", help="file name, as in models")
    parser.add_argument(
        "--hashes",
        action="store_true",
        help="ask for the SHA-256 as well; the server does nothing else while it reads the files",
    )


async def files(options: argparse.Namespace, output: Output) -> int:
    """Say which of some files the server has."""
    seconds = timeout_seconds(options)
    async with open_client(options, output) as client:
        if options.hashes:  # the server reads the files whole
            seconds = max(seconds, _HASH_SECONDS)
        found = await client.files_exist(options.names, options.hashes, seconds)
        address = client.endpoint.address
    for file in found:
        words = file.sha256 or "yes" if file.exists else "missing"
        output.line(f"{words}  {file.name}")
    entries = [
        {"name": file.name, "exists": file.exists, "sha256": file.sha256 or None} for file in found
    ]
    output.result(address=address, files=entries)
    missing = [file.name for file in found if not file.exists]
    return exit_code(ModelUnavailable("", "")) if missing else OK


COMMAND = Command("files", "say which of some files the server has", files, _options)
