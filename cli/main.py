"""The command line: what can be typed, and how it ends."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import difflib
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NoReturn

from .. import __version__
from ..errors import DrawbridgeError
from ..facts.samplers import Sampler
from . import credentials, servers
from .connection import add_action, add_common_options, add_options
from .outcome import EXPLAINED, FAILED, Interrupted, Usage
from .output import Output

_DESCRIPTION = (
    "Asks a Draw Things server, finds out why it does not answer, brings files to it, generates on "
    "it."
)
Command = Callable[[argparse.Namespace, Output], Awaitable[int] | int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code, which `--help` explains."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    output = Output("--json" in given)
    try:
        options = _parser().parse_args(given)
        run = _command(options.command)
        ended = run(options, output)
        # What asks for a secret is no coroutine: asyncio would hold Ctrl-C back until it is typed.
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


def _command(name: str) -> Command:
    """Return a command; what it needs is imported now, so that --help is quick."""
    if name == "doctor":
        from .doctor import doctor

        return doctor
    if name == "generate":
        from .generate import generate

        return generate
    if name == "upload":
        from .upload import upload

        return upload
    if name == "pins":
        from .pins import pins

        return pins
    from . import questions

    return {
        "credentials": credentials.credentials,
        "servers": servers.servers,
        "echo": questions.echo,
        "models": questions.models,
        "files": questions.files,
        "hours": questions.hours,
        "nearby": questions.nearby,
    }[name]


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
    commands = parser.add_subparsers(
        title="commands", dest="command", required=True, metavar="COMMAND"
    )

    def command(
        name: str, text: str, add: Callable[[argparse.ArgumentParser], None] = add_options
    ) -> argparse.ArgumentParser:
        added = add_action(
            *(commands, name, text),
            epilog=EXPLAINED,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add(added)
        return added

    doctor = command("doctor", "find out at which step something goes wrong, up to a tiny picture")
    _add_model(doctor, "file or name of the model to try (default: the smallest that fits)")
    command("echo", "greet the server, and say who answers")
    _add_lists(command("models", "list what the server has, by model version"))
    files = command("files", "say which of some files the server has")
    files.add_argument("names", nargs="+", metavar="NAME", help="file name, as in models")
    files.add_argument(
        "--hashes",
        action="store_true",
        help="ask for the SHA-256 as well; the server does nothing else while it reads the files",
    )
    _add_upload(command("upload", "bring files to the server, unless it has them"))
    command("hours", "say how many compute units an account of the cloud may use")
    _add_pins(command("pins", "list or forget pinned certificates", add_common_options))
    command("credentials", "manage shared secrets and client certificates", credentials.add_actions)
    command("servers", "manage saved servers", servers.add_actions)
    _add_nearby(command("nearby", "list the servers that announce themselves on the network"))
    _add_generate(command("generate", "make pictures and write them as PNG"))
    return parser


def _add_nearby(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds",
        type=_patience,
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


def _add_lists(parser: argparse.ArgumentParser) -> None:
    for name in ("models", "loras", "controls", "upscalers", "embeddings"):
        parser.add_argument(
            f"--{name}",
            action="append_const",
            dest="lists",
            const=name,
            help=f"list the {name}" + (", as without any of these" if name == "models" else ""),
        )


def _add_pins(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("action", nargs="?", choices=("list", "forget"), default="list", help="default: list")
    add("address", nargs="?", metavar="HOST:PORT", help="which one to forget, as list gives it")


def _add_model(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--model", default="", metavar="M", help=text)
    parser.add_argument(
        "--model-version",
        default="",
        metavar="V",
        help="the model's version, such as flux1: for a model that is not official, where the "
        "server's model browser is off",
    )


def _add_upload(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("files", nargs="+", type=Path, metavar="FILE", help="a file of this computer")
    add("--name", default="", metavar="NAME", help="what the server calls it (default: its own)")
    add(
        "--compare-hash",
        action="store_true",
        help="if the server has a file of that name, compare the content too, and replace another "
        "one; the server does nothing else while it reads the file",
    )


def _add_generate(parser: argparse.ArgumentParser) -> None:
    _add_model(parser, "file or name of the model (default: the configuration's)")
    add = parser.add_argument
    add(
        "--specification",
        type=Path,
        metavar="FILE",
        help="JSON object that says what the model is, as in Draw Things' custom.json: for a file "
        "that the server has and does not know, such as one from upload",
    )
    add("--prompt", required=True, metavar="P", help="what the picture shows")
    add("--negative-prompt", default="", metavar="P", help="what it should not show")
    add("--width", type=int, metavar="PX", help="a multiple of 64 (default: the model's)")
    add("--height", type=int, metavar="PX", help="a multiple of 64 (default: the model's)")
    add("--steps", type=int, metavar="N", help="sampling steps (default: the model's)")
    add("--guidance", type=float, metavar="G", help="how closely the prompt is followed")
    add("--seed", type=int, metavar="N", help="0 to 4294967295 (default: drawn, and told)")
    add("--sampler", type=_sampler, metavar="NAME", help="as the app names it, in any case")
    add("--shift", type=float, metavar="S", help="timestep shift, 0.1 to 8")
    add("--strength", type=float, metavar="S", help="how much of the image is painted anew, 0 to 1")
    add("--batch-size", type=int, metavar="N", help="pictures at a time, 1 to 4")
    add("--image", type=Path, metavar="FILE", help="the picture to start from, or to edit")
    add("--mask", type=Path, metavar="FILE", help="white is repainted, black is kept")
    add(
        "--configuration",
        type=Path,
        metavar="FILE",
        help="JSON that the app's Copy Configuration gives; options win over it",
    )
    add(
        *("-o", "--out"),
        type=Path,
        required=True,
        metavar="OUT.png",
        help="where the picture goes; of several, OUT-1.png, OUT-2.png and so on",
    )


def _patience(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0 and up to 60")
    return value


def _sampler(label: str) -> Sampler:
    try:
        return Sampler.from_label(label)
    except KeyError:
        labels = [sampler.label for sampler in Sampler]
        near = difflib.get_close_matches(label, labels, cutoff=0.4) or labels
        raise argparse.ArgumentTypeError(
            f"{label!r} is no sampler; there are {', '.join(near)}"
        ) from None
