"""The row of a command: its name, its words in the help, its options, and what runs."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .connection import add_options
from .output import Output

P = TypeVar("P", bound=argparse.ArgumentParser)
Run = Callable[[argparse.Namespace, Output], Awaitable[int] | int]


def no_options(parser: argparse.ArgumentParser) -> None:
    """Add nothing."""


@dataclass(frozen=True)
class Command:
    """One row of the table of commands.

    `run` returns the exit code. One that asks for a secret is no coroutine: asyncio would hold
    Ctrl-C back until it is typed. `common` adds the options that say which server is meant, or
    others; `options` those of this command alone.
    """

    name: str
    help: str
    run: Run
    options: Callable[[argparse.ArgumentParser], None] = no_options
    common: Callable[[argparse.ArgumentParser], None] = add_options


def add_action(actions: argparse._SubParsersAction[P], name: str, text: str, **more: Any) -> P:
    """Add the parser of a command, or of something that one can do, and return it."""
    description = f"{text[:1].upper()}{text[1:]}."
    return actions.add_parser(name, help=text, description=description, allow_abbrev=False, **more)
