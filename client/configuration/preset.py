"""A preset: settings under a name, with their LoRAs and a negative prompt, as a file to share.

The file is what the app pastes, a configuration with two keys more, which the app passes over: the
name and the negative prompt. Its seed is -1, the app's word for a random one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import RequestRejected
from .fields import GenerationConfig, LoRA

NAME, NEGATIVE_PROMPT = "name", "negativePrompt"
_LONGEST_NAME = 80
# What the app's own list of presets, and other programs, call it.
_NEGATIVE_PROMPTS = (NEGATIVE_PROMPT, "negative_prompt", "negative")
_APART = ("model", "loras", "seed")


@dataclass(frozen=True)
class Preset:
    """Settings under a name.

    `values` are fields of GenerationConfig by name, controls among them, without a seed; `model` is
    a file, "" where the preset goes with any. `other_keys` are those of a newer app.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    loras: tuple[LoRA, ...] = ()
    negative_prompt: str = ""
    model: str = ""
    other_keys: Mapping[str, object] = field(default_factory=dict)

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


def of_text(text: str, name: str = "", negative_prompt: str | None = None) -> Preset:
    """Return the preset of a file's text; `name` and `negative_prompt` win over those in there.

    Any configuration will do. Raises RequestRejected where there is no name, or no configuration.
    """
    from . import clipboard

    told, inner = _told(text)
    imported = clipboard.read(inner, draw=lambda: 0)
    values = dict(imported.values)
    model, loras = str(values.get("model", "")), values.get("loras", ())
    for apart in _APART:
        values.pop(apart, None)
    if negative_prompt is None:
        given = (told.get(key) for key in _NEGATIVE_PROMPTS)
        negative_prompt = next((one for one in given if isinstance(one, str)), "")
    return Preset(
        checked_name(name or str(told.get(NAME, ""))),
        values,
        loras if isinstance(loras, tuple) else (),
        negative_prompt.strip(),
        model,
        {key: value for key, value in imported.unknown.items() if key not in _ours()},
    )


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
    return (NAME, *_NEGATIVE_PROMPTS)


def _told(text: str) -> tuple[dict[str, Any], str]:
    """Return what a text says besides its configuration, and the text of that."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # whoever reads the configuration says what is wrong
        return {}, text
    if not isinstance(found, dict):
        return {}, text
    told = {key: found[key] for key in _ours() if key in found}
    rest = {key: value for key, value in found.items() if key not in told}
    return told, json.dumps(rest, ensure_ascii=False)
