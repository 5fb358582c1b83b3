"""What pictures a model reads by itself: the modifiers of specifications (docs/protocol.md 4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

NONE = "none"


class Modifier(NamedTuple):
    """One modifier.

    `reads_image`: at any strength. `editing`: the image is a reference, and of a video the first
    frame unless it `refers` there too. `reads_moodboard`: the pictures of shuffle hints are further
    references, or the first of them is the `last_frame` and there is no other. `layered`: the batch
    size counts layers, which have alpha. `always_encodes`: there is a step that encodes a
    picture even where none is given. `hint` is the kind of picture that is read without a control.
    """

    name: str
    reads_image: bool = True
    editing: bool = False
    refers: bool = False
    reads_moodboard: bool = False
    last_frame: bool = False
    layered: bool = False
    always_encodes: bool = False
    hint: str = ""


_ROWS = (
    Modifier(NONE, reads_image=False),
    Modifier("inpainting", always_encodes=True),
    Modifier("editing", always_encodes=True),
    Modifier("double", always_encodes=True),
    Modifier("depth", hint="depth"),
    Modifier("canny", hint="canny"),
    Modifier("kontext", editing=True, reads_moodboard=True),
    Modifier("kontext_kv", editing=True, reads_moodboard=True),
    Modifier("qwenimage_edit_plus", editing=True, reads_moodboard=True),
    Modifier("qwenimage_edit_2511", editing=True, reads_moodboard=True),
    Modifier("qwenimage_layered", editing=True, layered=True),
    Modifier("fl2va", editing=True, reads_moodboard=True, last_frame=True),
    Modifier("ref2va", editing=True, refers=True, reads_moodboard=True),
)

MODIFIERS: Mapping[str, Modifier] = MappingProxyType({row.name: row for row in _ROWS})
_UNKNOWN = Modifier("", reads_image=False)


def find(name: str) -> Modifier:
    """Return a modifier; one that is newer than this table is taken for one that reads nothing."""
    return MODIFIERS.get(name, _UNKNOWN)
