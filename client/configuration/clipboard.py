"""The configuration as the app copies it to the clipboard and pastes it: JSON with keys of its own.

Facts are from docs/configuration.md 1 and 4: sizes are pixels, some choices are numbers and some
words, a negative seed asks for a random one, an empty text is none, and whether inference is causal
is said by the sign of `causalInference`. The app names a key for every field but `name`.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, get_type_hints

from ...errors import RequestRejected
from ...facts.sizes import BLOCK_PX
from ...proto.generation_config_slots import TABLES
from . import json_text
from .fields import Control, GenerationConfig, LoRA
from .json_keys import ALSO, KEYS, RECORD_KEYS, WORDS
from .json_text import listed, wrong
from .wire import BLOCK_FIELDS, INTEGERS, shortest

_HINTS = {record: get_type_hints(record) for record in RECORD_KEYS}
_WIRE = {
    record: {name: wire for name, wire, _ in TABLES[kind]}
    for record, kind in (
        (GenerationConfig, "GenerationConfiguration"),
        (Control, "Control"),
        (LoRA, "LoRA"),
    )
}
_CLAMPED = {
    "batch_count": (1, math.inf),
    "batch_size": (1, 4),
    "compression_artifacts_quality": (0, 100),
}
_MAY_BE_NULL = {"compression_artifacts", "compression_artifacts_quality", "color_calibration"}


@dataclass(frozen=True)
class Imported:
    """What a configuration's text says.

    `values` are fields of GenerationConfig by name, those that the text has; `unknown` is a JSON
    object of the keys that it has besides (those of LoRAs and controls beside their file), which
    `write` puts back. `warnings` are sentences about what was changed or passed over.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    unknown: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def config(self, base: GenerationConfig | None = None) -> GenerationConfig:
        """Return `base` (the defaults, if there is none) with these values."""
        values: dict[str, Any] = dict(self.values)
        return replace(base or GenerationConfig(), **values)


def read(text: str, *, draw: Callable[[], int] = lambda: secrets.randbits(32)) -> Imported:
    """Return what a configuration's JSON says; `draw` gives a 32-bit seed for a negative one.

    Raises RequestRejected, naming the key, for what cannot be meant.
    """
    found = json_text.configuration(text)
    reader = _Reader(draw)
    values, unknown = reader.record(GenerationConfig, found, "")
    if not values:
        beside = f", but {listed(unknown)}" if unknown else ""
        raise RequestRejected(
            f"The text has none of a configuration's keys{beside}.",
            "Copy the configuration in Draw Things (Copy Configuration) and paste it whole.",
        )
    for key in ("loras", "controls"):
        if reader.unknown[key]:
            unknown[key] = reader.unknown[key]
    if unknown:
        named = [key for key in unknown if key not in reader.unknown]
        named += [
            f"{key}: {inner}"
            for key, entries in reader.unknown.items()
            for entry in entries
            for inner in entry
            if inner != "file"
        ]
        reader.warnings.append(
            f"Not known here and without effect, but kept for the export: {', '.join(named)}."
        )
    return Imported(values, unknown, tuple(reader.warnings))


class _Reader:
    """Reads one text and gathers what is to be said about it."""

    def __init__(self, draw: Callable[[], int]) -> None:
        self._draw = draw
        self.warnings: list[str] = []
        self.unknown: dict[str, list[dict[str, Any]]] = {"loras": [], "controls": []}

    def record(
        self, record: type[Any], found: Mapping[str, Any], where: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        keys = RECORD_KEYS[record]
        values = {
            keys[key]: self._value(record, keys[key], where + key, value)
            for key, value in found.items()
            if key in keys
        }
        if record is GenerationConfig and "causal_inference" in values:
            # 0 is the app's word for "off"; the chunk is then of no interest
            values["causal_inference_enabled"] = values["causal_inference"] > 0
            if values["causal_inference"] == 0:
                values["causal_inference"] = GenerationConfig.causal_inference
        return values, {key: value for key, value in found.items() if key not in keys}

    def _value(self, record: type[Any], name: str, key: str, value: Any) -> Any:
        wire, kind = _WIRE[record][name], _HINTS[record][name]
        if value is None and (wire in ("string", "[string]") or wire.startswith("[")):
            return "" if wire == "string" else ()
        if value is None and name in _MAY_BE_NULL:
            return getattr(record, name)
        if wire == "string":
            return _text(key, value)
        if wire == "[string]":
            return tuple(_text(f"{key}[{n}]", one) for n, one in enumerate(_list(key, value)))
        if wire.startswith("["):
            return self._records(Control if wire == "[Control]" else LoRA, key, value)
        if wire == "bool":
            if not isinstance(value, bool):
                raise wrong(key, value, "true or false")
            return value
        if isinstance(kind, type) and issubclass(kind, IntEnum):
            return _choice(key, kind, value)
        return self._number(name, wire, key, value)

    def _records(self, record: type[Any], key: str, value: Any) -> tuple[Any, ...]:
        records = []
        for number, entry in enumerate(_list(key, value)):
            where = f"{key}[{number}]"
            if not isinstance(entry, dict):
                raise wrong(where, entry, "an object")
            values, unknown = self.record(record, entry, f"{where}.")
            if not values.get("file"):
                self.warnings.append(f"{where} names no file and was left out.")
                continue
            if unknown:
                self.unknown[key].append({"file": values["file"], **unknown})
            records.append(record(**values))
        return tuple(records)

    def _number(self, name: str, wire: str, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong(key, value, "a number")
        if wire == "float":
            number = _float32(key, value)
        elif isinstance(value, float) and not value.is_integer():
            raise wrong(key, value, "a whole number")
        else:
            number = int(value)
        if name == "seed" and number < 0:
            number = self._draw()
            self.warnings.append(f"The seed {value} asks for a random one; {number} was drawn.")
        if name in _CLAMPED:
            low, high = _CLAMPED[name]
            number = self._instead(key, number, min(max(number, low), high))
        if name in BLOCK_FIELDS:
            number = self._instead(key, number, number // BLOCK_PX * BLOCK_PX)
        if wire != "float":
            low, high = INTEGERS[wire]
            scale = BLOCK_PX if name in BLOCK_FIELDS else 1
            if not low * scale <= number <= high * scale:
                raise wrong(key, value, f"a number from {low * scale} to {high * scale}")
        return number

    def _instead(self, key: str, given: float, taken: float) -> float:
        if given != taken:
            self.warnings.append(f"The {key} {given} became {taken}, as in the app.")
        return taken


def _float32(key: str, value: float) -> float:
    try:
        number = shortest(float(value))
    except OverflowError:  # of a whole number
        number = math.inf
    if not math.isfinite(number):
        raise wrong(key, value, "a number that can be sent")
    return number


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise wrong(key, value, "a text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise wrong(key, value, "a text of whole characters") from None
    return value


def _list(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise wrong(key, value, "an array")
    return value


def _choice(key: str, kind: type[IntEnum], value: Any) -> IntEnum:
    words = WORDS.get(kind)
    if words is None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong(key, value, "a number")
        try:
            return kind(value)
        except ValueError:
            highest = max(kind).value
            raise wrong(key, value, f"a number from 0 to {highest}") from None
    if not isinstance(value, str):
        raise wrong(key, value, "a text")
    by_word = {word: member for member, word in words.items()}
    other = ALSO.get(value.lower())
    if isinstance(other, kind):
        return other
    try:
        return by_word[value.lower()]
    except KeyError:
        known = ", ".join(word for word in by_word if word)
        raise wrong(key, value, f"one of {known}") from None


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
