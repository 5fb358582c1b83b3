"""LoRAs, controls and a moodboard, as options say them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...client.catalog.names import find
from ...client.catalog.records import Catalog
from ...client.catalog.specification import read_controls, read_loras
from ...client.configuration.control_kind import kind_of
from ...client.configuration.enums import ControlMode, LoRAMode
from ...client.configuration.fields import Control, LoRA
from ...client.generation.hints import Guide
from ...errors import RequestRejected
from ...facts.hints import KINDS, REFERENCE_TYPES, ControlInput
from .. import pictures
from ..outcome import Usage
from ..text_file import read_text

if TYPE_CHECKING:
    import torch

NONE = "-"
_LIGHT, _DARK = "light", "dark"


def loras(options: argparse.Namespace) -> tuple[LoRA, ...]:
    """Return the LoRAs in order. Raises Usage for words that are no weight or no mode."""
    return tuple(_lora(words) for words in options.lora)


def _lora(words: list[str]) -> LoRA:
    name, *rest = words
    if len(rest) > 2:
        raise Usage(
            f"--lora {' '.join(words)} has too many words.",
            'Give a name, a weight and a mode, such as --lora "Water colour" 0.8 base.',
        )
    weight = _number("--lora", rest[0]) if rest else LoRA.weight
    mode = _one_of("--lora", rest[1], LoRAMode) if len(rest) > 1 else LoRA.mode
    return LoRA(name, weight, mode)


def specified(options: argparse.Namespace) -> Catalog:
    """Return the specifications of LoRAs and controls that files give. Raises Usage."""
    return Catalog(
        loras=_specs(options.lora_specification, read_loras),
        controls=_specs(options.control_specification, read_controls),
    )


def _specs(path: Path | None, read: Callable[[str], tuple[Any, ...]]) -> tuple[Any, ...]:
    if path is None:
        return ()
    try:
        return read(read_text(path, "specification"))
    except RequestRejected as error:
        raise Usage(f"In {path}: {error.problem}", error.remedy) from error


def guides(
    options: argparse.Namespace, controls: Iterable[Control], catalog: Catalog
) -> tuple[Guide[torch.Tensor], ...]:
    """Return the controls of the configuration and of the options, with their pictures.

    `controls` are the configuration's; an option of the same name says more about one of them.
    `catalog` is all that is known of the server's files. Raises Usage for words that cannot be
    meant, and for files that are no pictures.
    """
    waiting = {control.file: control for control in controls}
    named = [_said(words, waiting, catalog) for words in options.control]
    rest = [
        Guide(control, _kind(control, "", catalog), None)
        for control in waiting.values()
        if control.file not in [file for file, _ in named]
    ]
    return (*rest, *(guide for _, guide in named), *_moodboard(options))


def _said(
    words: list[str], known: Mapping[str, Control], catalog: Catalog
) -> tuple[str, Guide[torch.Tensor]]:
    """Return the file, as the configuration calls it if it does, and the guide of a --control."""
    name, *pairs = words
    said = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or key not in _KEYS:
            raise Usage(
                f"--control {name}: {pair} is not understood.",
                f"Write KEY=VALUE with one of {', '.join(_KEYS)}.",
            )
        said[key] = value
    wanted = _file(name, catalog)
    base = next((one for one in known.values() if _file(one.file, catalog) == wanted), None)
    base = base or Control(name)
    fields = {_FIELDS[key]: _KEYS[key](value) for key, value in said.items() if key in _FIELDS}
    control = replace(base, **fields)
    picture = None if "image" not in said else pictures.read_image(Path(said["image"]))
    kind = said.get("kind", "")
    if kind and kind not in KINDS:
        raise Usage(f"There is no kind of picture {kind}.", f"Choose one of {', '.join(KINDS)}.")
    if name == NONE:
        if not kind or picture is None:
            raise Usage(
                "A picture that the model itself reads needs its kind and its image.",
                "Write --control - kind=depth image=FILE, or name a control.",
            )
        return base.file, Guide(None, kind, _lit(picture, kind, said.get("lines", _LIGHT)))
    kind = _kind(control, kind, catalog)
    picture = None if picture is None else _lit(picture, kind, said.get("lines", _LIGHT))
    return base.file, Guide(control, kind, picture)


def _file(name: str, catalog: Catalog) -> str:
    """Return the file that a control's name stands for, itself where nobody knows one."""
    spec = find(catalog.controls, name)
    return spec.file if spec else name


def _kind(control: Control, said: str, catalog: Catalog) -> str:
    """Return what picture a control reads: as is said, as it takes, or as it is called."""
    if said:
        return said
    spec = find(catalog.controls, control.file)
    if spec is not None and spec.type in REFERENCE_TYPES:
        return "shuffle"
    return (spec.kind if spec else "") or kind_of(control)


def _lit(picture: torch.Tensor, kind: str, lines: str) -> torch.Tensor:
    """Return a picture with light lines on dark, if it has lines."""
    if lines not in (_LIGHT, _DARK):
        raise Usage(f"Lines cannot be {lines}.", f"Say lines={_DARK} for dark ones on light.")
    if lines == _LIGHT or not KINDS[kind].lines:
        return picture
    turned = picture.clone()
    turned[..., :3] = 1 - turned[..., :3]
    return turned


def _moodboard(options: argparse.Namespace) -> list[Guide[torch.Tensor]]:
    reader = None
    if options.moodboard_control:
        name, *rest = options.moodboard_control
        if len(rest) > 1:
            raise Usage(
                f"--moodboard-control {' '.join(options.moodboard_control)} has too many words.",
                "Give a name and a weight.",
            )
        if not options.moodboard:
            raise Usage(
                "--moodboard-control is given without a picture.",
                "Add --moodboard FILE, or leave it out.",
            )
        reader = Control(name, _number("--moodboard-control", rest[0]) if rest else 1.0)
    found = []
    for words in options.moodboard:
        path, *rest = words
        if len(rest) > 1:
            raise Usage(
                f"--moodboard {' '.join(words)} has too many words.",
                "Give a picture and its weight, and --moodboard again for the next.",
            )
        weight = _number("--moodboard", rest[0]) if rest else 1.0
        found.append(Guide(reader, "shuffle", pictures.read_image(Path(path)), weight=weight))
    return found


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Usage(f"{option}: {text} is no number.", "Write it as 0.8.") from None


def _part(text: str) -> float:
    return _number("--control", text)


def _switch(text: str) -> bool:
    if text not in ("yes", "no"):
        raise Usage(f"--control: {text} is neither yes nor no.", "Say yes or no.")
    return text == "yes"


def _one_of(option: str, text: str, kind: Any) -> Any:
    try:
        return kind[text.upper()]
    except KeyError:
        words = ", ".join(one.name.lower() for one in kind)
        raise Usage(f"{option}: there is no {text}.", f"Choose one of {words}.") from None


def _blocks(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


# What --control can say, and how it is read.
_KEYS: Mapping[str, Callable[[str], Any]] = {
    "image": Path,
    "kind": str,
    "lines": str,
    "weight": _part,
    "start": _part,
    "end": _part,
    "mode": lambda text: _one_of("--control", text, ControlMode),
    "input": lambda text: _one_of("--control", text, ControlInput),
    "blocks": _blocks,
    "down": _part,
    "pooling": _switch,
    "no_prompt": _switch,
}
_FIELDS = {
    "weight": "weight",
    "start": "guidance_start",
    "end": "guidance_end",
    "mode": "control_mode",
    "input": "input_override",
    "blocks": "target_blocks",
    "down": "down_sampling_rate",
    "pooling": "global_average_pooling",
    "no_prompt": "no_prompt",
}
