"""The configuration as the app copies it to the clipboard and pastes it: JSON with keys of its own.

Facts are from docs/configuration.md 1 and 4: sizes are pixels, some choices are numbers and some
words, a negative seed asks for a random one, an empty text is none, and whether inference is causal
is said by the sign of `causalInference`. The app names a key for every field but `name`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from ...errors import RequestRejected
from . import json_text, spellings
from .fields import Control, GenerationConfig, LoRA
from .json_keys import KEYS, RECORD_KEYS, WORDS
from .json_reader import Reader
from .json_text import listed
from .wire import shortest

_MOST_NAMED = 40


@dataclass(frozen=True)
class Imported:
    """What a configuration's text says.

    `values` are fields of GenerationConfig by name, those that the text has; `unknown` is a JSON
    object of the keys that it has besides (those of LoRAs and controls beside their file), which
    `write` puts back. `warnings` are sentences about what was changed or passed over; `drawn` is
    the one among them about a seed that was drawn, "" where none was.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    unknown: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    drawn: str = ""

    def config(self, base: GenerationConfig | None = None) -> GenerationConfig:
        """Return `base` (the defaults, if there is none) with these values."""
        values: dict[str, Any] = dict(self.values)
        return replace(base or GenerationConfig(), **values)


def read(text: str, *, draw: Callable[[], int] = lambda: secrets.randbits(32)) -> Imported:
    """Return what a configuration's JSON says, be it the app's or another program's spelling.

    `draw` gives a 32-bit seed where the text asks for a random one. A value that cannot be meant is
    passed over with a warning. Raises RequestRejected for a text that says nothing of a
    configuration.
    """
    found = json_text.configuration(text)
    reader = Reader(draw)
    values, unknown = reader.record(GenerationConfig, found.record)
    if not values:
        raise _nothing(unknown, reader)
    for key, entries in reader.unknown.items():
        if entries:
            unknown[key] = entries
    beside = [line for key, around in found.around for line in _beside(key, around, values)]
    told = (*found.warnings, *beside, *reader.warnings, *_unknown(unknown, reader.unknown))
    return Imported(values, unknown, told, reader.drawn)


def _beside(key: str, around: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """Return sentences about what an object says besides the configuration that it holds.

    `values` are what that says.
    """
    rest = {name: value for name, value in around.items() if name != key}
    seed: Any = values.get("seed", 0)
    quiet = Reader(lambda: seed)  # two random ones are no difference
    said, _ = quiet.record(GenerationConfig, rest)
    names = [name for name in said if not _agree(said[name], values.get(name))]
    keys = [one for one in rest if set(spellings.fields(GenerationConfig, one)) & {*names}]
    told = json_text.prompts(rest)
    if keys:
        told.append(
            f"The text says {listed(keys)} also beside `{key}`, differently; what is in it counts."
        )
    return told


def _agree(beside: Any, within: Any) -> bool:
    """Return whether two values of a field are one; the app's pictures say less of a control."""
    if isinstance(beside, tuple) and isinstance(within, tuple):
        return [getattr(one, "file", one) for one in beside] == [
            getattr(one, "file", one) for one in within
        ]
    return beside == within


def _nothing(unknown: Mapping[str, Any], reader: Reader) -> RequestRejected:
    """Return the error for a text without a field that could be read."""
    if reader.passed_over:
        first = reader.warnings[0].removesuffix(" It was passed over.")
        return RequestRejected(first, json_text.REMEDY)
    beside = f", but {listed(unknown)}" if unknown else ""
    return RequestRejected(
        f"The text has none of a configuration's keys{beside}.",
        "Copy the configuration in Draw Things (Copy Configuration) and paste it whole.",
    )


def _unknown(unknown: Mapping[str, Any], inside: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    """Return sentences about the keys that have no effect here."""
    named = [key for key in unknown if key not in inside and not spellings.is_prompt(key)]
    named += [
        f"{key}: {inner}"
        for key, entries in inside.items()
        for entry in entries
        for inner in entry
        if inner != "file"
    ]
    told = json_text.prompts(unknown)
    if named:
        told.append(
            "Not known here and without effect, but kept for the export:"
            f" {listed(named, _MOST_NAMED)}."
        )
    return told


def to_object(
    config: GenerationConfig, unknown: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """Return the configuration as the app's JSON object, with the `unknown` keys of an import.

    Every key is there but `model`, which is left out where there is none.
    """
    found = _to_json(config)
    # off is 0 (or the negative number that came in)
    if not config.causal_inference_enabled:
        found["causalInference"] = min(config.causal_inference, 0)
    if not config.model:
        del found["model"]
    for key, value in (unknown or {}).items():
        if key in ("loras", "controls"):
            _put_back(found[key], value)
        elif key not in KEYS:
            found[key] = value
    return found


def part(config: GenerationConfig, names: Iterable[str]) -> dict[str, Any]:
    """Return the keys of the app's JSON object that say the fields of these names, in order."""
    found = to_object(config)
    keys = {name: key for key, name in KEYS.items()}
    keys["causal_inference_enabled"] = keys["causal_inference"]
    said = (keys[name] for name in names if name in keys)
    return {key: found[key] for key in said if key in found}


def write(config: GenerationConfig, unknown: Mapping[str, object] | None = None) -> str:
    """Return the text that the app pastes; see `to_object`."""
    return json.dumps(to_object(config, unknown), ensure_ascii=False, indent=2)


def _put_back(entries: list[dict[str, Any]], unknown: Any) -> None:
    waiting = [dict(one) for one in unknown] if isinstance(unknown, list) else []
    for entry in entries:
        found = next((one for one in waiting if one.get("file") == entry["file"]), None)
        if found is not None:
            waiting.remove(found)
            entry.update({key: value for key, value in found.items() if key not in entry})


def _to_json(record: GenerationConfig | Control | LoRA) -> dict[str, Any]:
    return {key: _plain(getattr(record, name)) for key, name in RECORD_KEYS[type(record)].items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [entry if isinstance(entry, str) else _to_json(entry) for entry in value]
    if isinstance(value, IntEnum):
        words = WORDS.get(type(value))
        return words[value] if words else int(value)
    if isinstance(value, float):
        number = shortest(value)
        return int(number) if number.is_integer() and abs(number) < 1 << 53 else number
    return value
