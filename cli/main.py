"""The command line: what can be typed, and how it ends."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import os
import sys
from collections.abc import Awaitable, Iterable, Iterator, MutableMapping, Sequence
from typing import NoReturn

from .. import __version__
from ..errors import DrawbridgeError
from .command import Command, add_action
from .connection import add_options
from .outcome import EXPLAINED, FAILED, Interrupted, Usage
from .output import Output

_DESCRIPTION = (
    "Asks a Draw Things server, finds out why it does not answer, brings files to "
    "it, generates on it."
)


class _Commands(MutableMapping[str, Command]):
    """The rows of the table, by name. A module is loaded when its row is looked at."""

    def __init__(self, *names: str) -> None:
        self._rows: dict[str, Command | None] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> Command:
        row = self._rows[name]
        return row or importlib.import_module(f".{name}", __package__).COMMAND

    def __setitem__(self, name: str, row: Command) -> None:
        self._rows[name] = row

    def __delitem__(self, name: str) -> None:
        del self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


# A new command is one more module here, with its row COMMAND.
COMMANDS = _Commands(
    *("doctor", "echo", "models", "files", "upload", "hours"),
    *("pins", "credentials", "servers", "presets", "nearby", "farm", "generate", "convert"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code, which `--help` explains."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    output = Output("--json" in given)
    try:
        options = _options(given)
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


def _options(given: Sequence[str]) -> argparse.Namespace:
    """Read the arguments, with the options of the command alone that is meant: to load all of them
    takes longer than some commands.
    """
    words = list(given)
    named = [word for word in words if word in COMMANDS]
    if not named or {"-h", "--help"} & set(words[: words.index(named[0])]):
        return _parser().parse_args(words)
    try:
        return _parser(named).parse_args(words)
    except Usage:
        return _parser().parse_args(words)  # whose error names all commands


def _parser(names: Iterable[str] = COMMANDS) -> argparse.ArgumentParser:
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
    for command in map(COMMANDS.__getitem__, dict.fromkeys(names)):
        added = add_action(
            *(actions, command.name, command.help),
            epilog=EXPLAINED,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.common(added)
        command.options(added)
    return parser
