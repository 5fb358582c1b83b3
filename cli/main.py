"""The command line: what can be typed, and how it ends."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Sequence
from typing import NoReturn

from .. import __version__
from ..errors import DrawbridgeError
from . import (
    credentials,
    doctor,
    echo,
    files,
    generate,
    hours,
    models,
    nearby,
    pins,
    presets,
    servers,
    upload,
)
from .command import Command, add_action
from .connection import add_options
from .outcome import EXPLAINED, FAILED, Interrupted, Usage
from .output import Output

_DESCRIPTION = (
    "Asks a Draw Things server, finds out why it does not answer, brings files to "
    "it, generates on it."
)
# A new command is one more module here, with its row COMMAND.
COMMANDS: dict[str, Command] = {
    module.COMMAND.name: module.COMMAND
    for module in (
        *(doctor, echo, models, files, upload, hours),
        *(pins, credentials, servers, presets, nearby, generate),
    )
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code, which `--help` explains."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    output = Output("--json" in given)
    try:
        options = _parser().parse_args(given)
        ended = COMMANDS[options.command].run(options, output)
        return ended if isinstance(ended, int) else asyncio.run(_awaited(ended))
    except DrawbridgeError as error:
        return output.error(error)
    except KeyboardInterrupt:
        return output.error(Interrupted("Interrupted.", ""))
    except BrokenPipeError:  # whoever read our output has had enough
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:  # a full disk behind stdout, say; calls to a server end otherwise
        remedy = "Check where the output goes, and what this computer has left."
        told = DrawbridgeError(f"The command ended early: {error.strerror or error}.", remedy)
        with contextlib.suppress(OSError):
            return output.error(told)
        return FAILED


async def _awaited(command: Awaitable[int]) -> int:
    return await command


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command as an error like every other."""

    def error(self, message: str) -> NoReturn:
        text = message[:1].upper() + message[1:]
        raise Usage(f"{text.rstrip('.')}.", f"See {self.prog} --help.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="drawbridge",
        description=_DESCRIPTION,
        epilog=EXPLAINED,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    add_options(parser)
    actions = parser.add_subparsers(
        title="commands", dest="command", required=True, metavar="COMMAND"
    )
    for command in COMMANDS.values():
        added = add_action(
            *(actions, command.name, command.help),
            epilog=EXPLAINED,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.common(added)
        command.options(added)
    return parser
