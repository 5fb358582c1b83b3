"""The command presets: list, show, save and remove presets."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ..client.configuration.preset import of_text
from ..client.generation import presets as known
from ..client.store.presets import SavedPresets
from ..errors import RequestRejected
from . import connection
from .command import Command, add_action, no_options
from .folder import user_folder
from .outcome import OK, Usage
from .output import Output
from .text_file import read_text


def _actions(parser: argparse.ArgumentParser) -> None:
    """Add list, show, save and remove."""
    actions = parser.add_subparsers(title="actions", dest="action", required=True, metavar="ACTION")

    listing = add_action(actions, "list", "say which presets are saved, and which the app has")
    connection.add_common_options(listing)
    showing = add_action(
        actions, "show", "print a preset as the file that Draw Things pastes, to be shared"
    )
    connection.add_common_options(showing)
    showing.add_argument("name", metavar="NAME")
    saving = add_action(actions, "save", "save a configuration, or a preset's file, under a name")
    connection.add_common_options(saving)
    saving.add_argument("name", metavar="NAME")
    saving.add_argument("file", type=Path, metavar="FILE", help="- is stdin")
    saving.add_argument("--negative-prompt", metavar="TEXT", help="to be kept with it")
    removing = add_action(actions, "remove", "forget a saved preset")
    connection.add_common_options(removing)
    removing.add_argument("name", metavar="NAME")


def presets(options: argparse.Namespace, output: Output) -> int:
    """Do what one action says."""
    saved = SavedPresets(user_folder(options))
    path = None if saved.path is None else str(saved.path)
    try:
        if options.action == "show":
            found = known.find(options.name, saved.all())
            for line in _printable(found.text()):
                output.line(line)
            output.result(name=found.name, preset=found.as_object())
            return OK
        if options.action == "save":
            text = read_text(options.file, "preset")
            preset = of_text(text, options.name, options.negative_prompt)
            saved.put(preset)
            for note in preset.warnings:
                output.note(note)
            output.line(f"Saved {preset.name} in {path}.")
        elif options.action == "remove":
            saved.remove(options.name)
            output.line(f"Removed {options.name.strip()!r} from {path}.")
    except RequestRejected as error:
        raise error.become(Usage) from error
    own, app = [one.name for one in saved.all()], known.names()
    if options.action == "list":
        for name in own:
            output.line(f"{name}  yours")
        for name in app:
            output.line(f"{name}  the app's")
    output.result(presets=own, app=app, path=path)
    return OK


def _printable(text: str) -> list[str]:
    """Return the lines of a JSON text, with escapes for what a terminal does not get."""
    encoding = sys.stdout.encoding or "utf-8"

    def shown(letter: str) -> str:
        kept = letter.encode(encoding, "ignore").decode(encoding)
        return letter if letter == kept and letter.isprintable() else json.dumps(letter)[1:-1]

    return ["".join(map(shown, line)) for line in text.rstrip("\n").split("\n")]


COMMAND = Command("presets", "manage presets for generate", presets, _actions, common=no_options)
