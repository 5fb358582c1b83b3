"""How a configuration's JSON object becomes fields, whoever wrote it, and what is to be said of it.

No value costs the others: one that cannot be meant is passed over with a sentence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, get_type_hints

from ...errors import RequestRejected
from ...facts.samplers import Sampler
from ...facts.sizes import BLOCK_PX
from ...proto.generation_config_slots import TABLES
from . import spellings
from .fields import SEEDS, Control, GenerationConfig, LoRA
from .json_keys import RECORD_KEYS, WORDS
from .json_text import shown, wrong
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
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


class Reader:
    """Reads one text's object and gathers what is to be said about it.

    `draw` gives a 32-bit seed where the text asks for a random one; `drawn` is then the sentence
    about it. `unknown` has the keys of LoRAs and controls that nobody knows, beside their file;
    `passed_over` says whether there was a key whose value could not be meant.
    """

    def __init__(self, draw: Callable[[], int]) -> None:
        self._draw = draw
        self.warnings: list[str] = []
        self.unknown: dict[str, list[dict[str, Any]]] = {"loras": [], "controls": []}
        self.passed_over = False
        self.drawn = ""

    def record(
        self, record: type[Any], found: Mapping[str, Any], where: str = ""
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fields of a record that an object says, and its keys that nobody knows."""
        keys = RECORD_KEYS[record]
        values: dict[str, Any] = {}
        said: dict[str, str] = {}  # by which key
        unknown: dict[str, Any] = {}
        for key in sorted(found, key=lambda key: key not in keys):  # the app's own come first
            names = spellings.fields(record, key)
            if not names:
                unknown[key] = found[key]
                continue
            if names[0] in said:
                self._doubled(record, names[0], values, where, said[names[0]], key, found[key])
                continue
            said.update(dict.fromkeys(names, key))
            values.update(self._values(record, names, where + key, found[key]))
        if record is GenerationConfig:
            _set_causal_inference(values)
        return values, {key: unknown[key] for key in found if key in unknown}

    def _doubled(
        self,
        record: type[Any],
        name: str,
        values: Mapping[str, Any],
        where: str,
        counted: str,
        key: str,
        value: Any,
    ) -> None:
        """Say that a key means a field that another has said already, unless both agree."""
        if len(spellings.fields(record, key)) == 1:
            quiet = Reader(self._draw)
            if quiet._values(record, (name,), key, value) == {name: values.get(name)}:
                return
        self.warnings.append(
            f"The text says {where}{counted} again as {key}, differently; {counted} counts."
        )

    def _values(
        self, record: type[Any], names: tuple[str, ...], key: str, value: Any
    ) -> dict[str, Any]:
        try:
            if len(names) == 1:
                return {names[0]: self._value(record, names[0], key, value)}
            sides = re.split(r"[xX\u00d7]", value) if isinstance(value, str) else []
            if len(sides) != len(names):
                raise wrong(key, value, 'a size such as "512x768"')
            return {
                name: self._value(record, name, key, side)
                for name, side in zip(names, sides, strict=True)
            }
        except RequestRejected as error:
            self.passed_over = True
            self.warnings.append(f"{error.problem} It was passed over.")
            return {}

    def _value(self, record: type[Any], name: str, key: str, value: Any) -> Any:
        wire = _WIRE[record][name]
        kind = _HINTS[record][name]
        if value is None and (wire == "string" or wire.startswith("[")):
            return "" if wire == "string" else ()
        if value is None and name in _MAY_BE_NULL:
            return getattr(record, name)
        if wire == "string":
            return _text(key, value)
        if wire == "[string]":
            return tuple(_text(f"{key}[{n}]", one) for n, one in enumerate(_list(key, value)))
        if wire.startswith("["):
            return self._records(Control if wire == "[Control]" else LoRA, name, key, value)
        if wire == "bool":
            return _truth(key, value)
        if isinstance(kind, type) and issubclass(kind, IntEnum):
            return self._choice(key, kind, value)
        return self._number(name, wire, key, value)

    def _records(self, record: type[Any], name: str, key: str, value: Any) -> tuple[Any, ...]:
        records = []
        for number, entry in enumerate(_list(key, value)):
            where = f"{key}[{number}]"
            if isinstance(entry, str):  # some name the file alone
                entry = {"file": entry}
            if not isinstance(entry, dict):
                self.passed_over = True
                self.warnings.append(f"{wrong(where, entry, 'an object').problem} It was left out.")
                continue
            values, unknown = self.record(record, entry, f"{where}.")
            if not values.get("file"):
                self.warnings.append(f"{where} names no file and was left out.")
                continue
            if unknown:
                self.unknown[name].append({"file": values["file"], **unknown})
            records.append(record(**values))
        return tuple(records)

    def _choice(self, key: str, kind: type[IntEnum], value: Any) -> IntEnum:
        """Return the choice that a word or a number means, else what the app takes instead."""
        instead: IntEnum | None = spellings.UNKNOWN_WORD.get(kind)
        found = None
        if isinstance(value, str):
            found = spellings.member(kind, value)
            if kind is Sampler:
                instead = spellings.nearest_sampler(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = spellings.number(kind, value)
        if found is not None:
            return found
        if instead is None:
            raise wrong(key, value, f"a {_called(kind)} that is known")
        word = WORDS[kind][instead] if kind in WORDS else getattr(instead, "label", "")
        self.warnings.append(
            f"The {key} {shown(value)} is not known; {word or 'none'} was taken, as in the app."
        )
        return instead

    def _number(self, name: str, wire: str, key: str, value: Any) -> float:
        if name == "seed" and value is None:  # some clients' word for a random one
            return self._drawn(value)
        number = _float(key, value)
        if wire == "float":
            number = _float32(key, number)
        elif isinstance(number, float) and not number.is_integer():
            raise wrong(key, value, "a whole number")
        else:
            number = int(number)
        if name == "seed" and number < 0:
            return self._drawn(value)
        if name == "seed":
            number = self._instead(key, number, number % SEEDS, "the part that a server reads")
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

    def _drawn(self, value: Any) -> int:
        number = self._draw()
        self.drawn = f"The seed {shown(value)} asks for a random one; {number} was drawn."
        self.warnings.append(self.drawn)
        return number

    def _instead(self, key: str, given: float, taken: float, why: str = "as in the app") -> float:
        if given != taken:
            self.warnings.append(f"The {key} {given} became {taken}, {why}.")
        return taken


def _set_causal_inference(values: dict[str, Any]) -> None:
    """Set whether inference is causal, which most say by the size of a chunk alone."""
    if "causal_inference" not in values:
        return
    # 0 is the app's word for "off"; the chunk is then of no interest
    values.setdefault("causal_inference_enabled", values["causal_inference"] > 0)
    if values["causal_inference"] == 0:
        values["causal_inference"] = GenerationConfig.causal_inference


def _called(kind: type[IntEnum]) -> str:
    return {"Sampler": "sampler"}.get(kind.__name__, "choice")


def _float(key: str, value: Any) -> float:
    """Return a number, which some write as a text. Raises RequestRejected."""
    if isinstance(value, str):
        for kind in (int, float):
            try:
                value = kind(value)
                break
            except ValueError:
                continue
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(key, value, "a number")
    if not math.isfinite(value if isinstance(value, float) else 0):
        raise wrong(key, value, "a number that can be sent")
    return value


def _float32(key: str, value: float) -> float:
    try:
        number = shortest(float(value))
    except OverflowError:  # of a whole number
        number = math.inf
    if not math.isfinite(number):
        raise wrong(key, value, "a number that can be sent")
    return number


def _truth(key: str, value: Any) -> bool:
    """Return true or false, which some write as 1 or as a text. Raises RequestRejected."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        value = _TRUTH.get(value.strip().lower(), value)
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    raise wrong(key, value, "true or false")


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
