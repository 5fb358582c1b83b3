"""What picture a control reads, where a configuration alone says so."""

from __future__ import annotations

import re

from ...facts.hints import ControlInput
from .fields import Control

_KINDS = tuple(kind.name.lower() for kind in ControlInput if kind is not ControlInput.UNSPECIFIED)
_ALSO_CALLED = {"openpose": "pose", "segmentation": "seg", "normal": "normalbae", "hed": "softedge"}


def kind_of(control: Control) -> str:
    """Return what picture a control reads: as it says, or as its file is called."""
    if control.input_override is not ControlInput.UNSPECIFIED:
        return control.input_override.name.lower()
    words = re.split(r"[^a-z0-9]+", control.file.lower())
    kinds = (_ALSO_CALLED.get(word, word) for word in words)
    return next((kind for kind in kinds if kind in _KINDS), "custom")
