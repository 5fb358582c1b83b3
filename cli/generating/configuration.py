"""The configuration that a person gives: the app's JSON, a picture's own, single settings."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...client.configuration.fields import GenerationConfig
from ...errors import RequestRejected
from ..outcome import Usage
from ..text_file import as_text, read_bytes

if TYPE_CHECKING:
    from ...client.configuration.clipboard import Imported

_MOST_PICTURE_BYTES = 512 << 20


@dataclass(frozen=True)
class Given:
    """What the configuration says, and single settings, which win.

    The prompts are those that a picture tells, None where there is none; `warnings` are sentences.
    """

    imported: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    prompt: str | None = None
    negative_prompt: str | None = None

    @property
    def values(self) -> dict[str, object]:
        """Return all of it as fields of GenerationConfig by name."""
        return {**self.imported, **self.settings}


def read(options: argparse.Namespace) -> Given:
    """Return what --configuration and --set say. Raises Usage for what cannot be meant."""
    from ...client.configuration import clipboard, json_text
    from ...client.configuration.picture_metadata import NEGATIVE_PROMPT, PROMPT

    single = _settings(options.set)
    if options.configuration is None:
        return Given(settings=single.values, warnings=_notes(options, single))
    text = _text(options.configuration)
    try:
        imported = clipboard.read(text)
    except RequestRejected as error:
        raise Usage(f"In {options.configuration}: {error.problem}", error.remedy) from error
    said = json_text.texts(text)
    hidden = "seed" in single.values
    warnings = (*_notes(options, imported, hidden=hidden), *_notes(options, single))
    if PROMPT in said and not options.prompt and options.prompts is None:
        taken = json_text.prompts(said)
        warnings = tuple(words for words in warnings if words not in taken)
    return Given(
        imported.values, single.values, warnings, said.get(PROMPT), said.get(NEGATIVE_PROMPT)
    )


def _notes(
    options: argparse.Namespace, imported: Imported, *, hidden: bool = False
) -> tuple[str, ...]:
    """Return what is to be said of settings, but of a seed that is not used or is `hidden`."""
    drawn = imported.drawn if hidden or options.seed is not None else ""
    return tuple(words for words in imported.warnings if words != drawn)


def _text(path: Path) -> str:
    from ...client.configuration import picture_file

    data = read_bytes(path, "configuration", _MOST_PICTURE_BYTES)
    if not picture_file.is_png(data):
        return as_text(data, path)
    try:
        return picture_file.description(data)
    except RequestRejected as error:
        raise Usage(f"In {path}: {error.problem}", error.remedy) from error


def _settings(pairs: list[str]) -> Imported:
    """Return what single settings say; a key is the app's, a value JSON or else a text.

    Raises Usage for what cannot be meant; what is changed is only told.
    """
    from ...client.configuration import clipboard, spellings

    if not pairs:
        return clipboard.Imported()
    said: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise Usage(f"--set {pair} is no setting.", "Write it as KEY=VALUE, such as steps=8.")
        said[key.strip()] = _value(value)
    unknown = [key for key in said if not spellings.fields(GenerationConfig, key)]
    if unknown:
        raise Usage(
            f"There is no setting {', '.join(unknown)}.",
            "Write keys as the app's Copy Configuration does; docs/configuration.md lists them.",
        )
    for key, value in said.items():  # alone, nothing of it can be passed over
        try:
            clipboard.read(json.dumps({key: value}))
        except RequestRejected as error:
            raise Usage(f"In --set: {error.problem}", "Correct that value.") from error
    return clipboard.read(json.dumps(said))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
