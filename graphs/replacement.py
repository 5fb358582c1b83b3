"""What a page that lacks the official pack can put in the place of its single nodes.

ComfyUI replaces one node by one, and hands values on as they are. So a sampler becomes a Generate
without its model and without further settings, and files, which theirs keep as records, are to be
chosen again: convert.py does all of it.
"""

from __future__ import annotations

from typing import NamedTuple

from . import draw_things_pack as pack
from .own_nodes import CONTROL, GENERATE, LORAS, MOODBOARD, PROMPT, REFINER, UPSCALER

_ALSO_AS_THEY_ARE = ("width", "height", "seed")  # but for values that ours refuse
_NODES = {
    pack.SAMPLER: GENERATE,
    pack.THEIR_LORA: LORAS,
    pack.THEIR_CONTROL: CONTROL,
    pack.HINTS: MOODBOARD,
    pack.THEIR_UPSCALER: UPSCALER,
    pack.THEIR_REFINER: REFINER,
    **dict.fromkeys(pack.PROMPTS, PROMPT),
}
_SOCKETS = {
    pack.SAMPLER: {**pack.SAMPLER_SOCKETS, "control_net": "controls"},
    pack.THEIR_LORA: {"lora_stack": "loras"},
    pack.THEIR_CONTROL: {"control_net": "controls", "image": "image"},
    pack.HINTS: {
        "hints": "controls",
        **{name: f"image_{number}" for number, name in enumerate(pack.HINT_IMAGES, 1)},
    },
}


class Replacement(NamedTuple):
    """One node of theirs, `old`, and ours; `inputs` are pairs of our input and theirs.

    `widgets` are the names of their widgets in the order in which graphs hold the values. Their
    first output is our first.
    """

    old: str
    new: str
    widgets: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...]


def replacements() -> tuple[Replacement, ...]:
    """Return one for each of their nodes."""
    return tuple(_replacement(old, new) for old, new in _NODES.items())


def _replacement(old: str, new: str) -> Replacement:
    same = [
        (row.input, row.name)
        for row in pack.WIDGETS[old]
        if row.node == new and row.input and (row.plain or row.input in _ALSO_AS_THEY_ARE)
    ]
    sockets = [(ours, theirs) for theirs, ours in _SOCKETS.get(old, {}).items()]
    known = pack.LAYOUTS[old][0]
    inputs = [pair for pair in same if pair[1] in known and pair[1] != "control_after_generate"]
    return Replacement(old, new, known, (*inputs, *sockets))
