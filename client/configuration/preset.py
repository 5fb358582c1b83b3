"""A preset: settings under a name, with their LoRAs and a negative prompt, as a file to share.

The file is what the app pastes, a configuration with two keys more, which the app passes over: the
name and the negative prompt. Its seed is -1, the app's word for a random one.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import RequestRejected
from . import json_text, spellings
from .fields import GenerationConfig, LoRA

NAME, NEGATIVE_PROMPT = "name", "negativePrompt"
_LONGEST_NAME = 80
# What the app's own list of presets, its pictures, and other programs, call it.
_NEGATIVE_PROMPTS = (NEGATIVE_PROMPT, "negative", "uc")
_APART = ("model", "loras", "seed")


@dataclass(frozen=True)
class Preset:
    """Settings under a name.

    `values` are fields of GenerationConfig by name, controls among them, without a seed; `model` is
    a file, "" where the preset goes with any. `other_keys` are those of a newer app, `warnings`
    sentences about what its text says and was changed or passed over.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    loras: tuple[LoRA, ...] = ()
    negative_prompt: str = ""
    model: str = ""
    other_keys: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def as_object(self) -> dict[str, Any]:
        """Return the file's JSON object, which `of_object` reads."""
        beside = {NAME: self.name, NEGATIVE_PROMPT: self.negative_prompt}
        return {**beside, **self.configuration()}

    def configuration(self) -> dict[str, Any]:
        """Return the app's JSON object of the settings."""
        from . import clipboard

        config = GenerationConfig(**{**self.values, "model": self.model, "loras": self.loras})
        return {**clipboard.to_object(config, self.other_keys), "seed": -1}

    def text(self) -> str:
        """Return the file's text, which the app pastes."""
        return json.dumps(self.as_object(), ensure_ascii=False, indent=2) + "\n"


def of_object(found: Mapping[str, Any], name: str = "") -> Preset:
    """Return the preset of a file's JSON object, under `name` if that is given.

    It may be in the form of the app's own list of presets, with the configuration in an object of
    its own. Raises RequestRejected for one without a name, and for what is no configuration.
    """
    return of_text(json.dumps(found, ensure_ascii=False), name)


def of_text(
    text: str, name: str = "", negative_prompt: str | None = None, otherwise: str = ""
) -> Preset:
    """Return the preset of a file's text; `name` and `negative_prompt` win over those in there.

    Any configuration will do; `otherwise` is the name of one that has none. Raises RequestRejected
    where there is no name, or no configuration.
    """
    from . import clipboard

    found = json_text.configuration(text)
    told: dict[str, str] = {}
    for record in (*(one for _, one in found.around), found.record):
        told |= {spellings.fold(key): one for key, one in record.items() if isinstance(one, str)}
    rest = {key: one for key, one in found.record.items() if spellings.fold(key) not in _ours()}
    imported = clipboard.read(json.dumps(rest, ensure_ascii=False), draw=lambda: 0)
    values = dict(imported.values)
    model, loras = str(values.get("model", "")), values.get("loras", ())
    for apart in _APART:
        values.pop(apart, None)
    if negative_prompt is None:
        given = (told.get(spellings.fold(key), "") for key in _NEGATIVE_PROMPTS)
        negative_prompt = next((one for one in given if one.strip()), "")
    return Preset(
        checked_name(name or told.get(NAME, "").strip() or otherwise),
        values,
        loras if isinstance(loras, tuple) else (),
        negative_prompt.strip(),
        model,
        dict(imported.unknown),
        tuple(line for line in (*found.warnings, *imported.warnings) if line != imported.drawn),
    )


def folded(name: str) -> str:
    """Return a preset's name in the form in which equal names have equal texts.

    That is in any case, and with umlauts of one code point or two: macOS writes either.
    """
    return unicodedata.normalize("NFC", name.strip()).casefold()


def checked_name(name: str) -> str:
    """Return a preset's name, less the spaces around it. Raises RequestRejected for no name."""
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise RequestRejected(
            f"A preset's name has 1 to {_LONGEST_NAME} characters on one line.",
            "Give the preset a short name, such as Portraits.",
        )
    return name


def _ours() -> tuple[str, ...]:
    return tuple(spellings.fold(key) for key in (NAME, *_NEGATIVE_PROMPTS))
