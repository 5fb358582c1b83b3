"""Controls and hints of the official Draw Things pack: whatever ours read goes through one chain.

Theirs has two: controls, each with a picture or without, and hints, pictures that any of the
controls may read, or the model itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..facts.hints import IMAGE, KINDS, sources
from . import draw_things_pack as pack
from .conversion import Conversion
from .node import Id, Node, Ref, Theirs
from .own_nodes import CONTROL, MOODBOARD

_KNOWN = {"control_net", "image", *(row.name for row in pack.CONTROL_WIDGETS)}
_SHUFFLE = "shuffle"
_WHOLE = (
    "its moodboard pictures go whole and once, where theirs cut them to the result's shape, and"
    " sent them twice with the high-resolution fix"
)

_SCRIBBLE = (
    "its scribble goes from 0 to 1, as a server reads it; theirs sent -1 for what is not drawn"
)


def convert(work: Conversion) -> None:
    """Make ours of all controls and hints, and wire them to the samplers that have them."""
    controls = {one.id: one for one in work.found if one.type == pack.THEIR_CONTROL}
    hints = {one.id: one for one in work.found if one.type == pack.HINTS}
    ends: dict[Id, Ref] = {}
    for one in controls.values():
        _control(work, one)
    for one in work.found:
        if one.type == pack.SAMPLER:
            _sampler(work, one, hints, ends)
    for one in hints.values():
        if one.id not in ends:
            _hints(work, one, one.links.get("hints"), [], ends)


def _control(work: Conversion, one: Theirs) -> None:
    node, spec = work.add(CONTROL, one), pack.about(one.values.get("control_name"))
    kind = _kind(one, spec)
    given: dict[str, Any] = {"control_input_type": kind}
    pooled = bool(one.values.get("global_average_pooling"))
    given["global_average_pooling"] = pooled and spec.get("global_average_pooling") is not False
    inverted = bool(one.values.get("invert_image")) and "image" in one.links
    given["invert_image"] = pack.lines(kind, inverted=inverted)
    if not spec:
        given["control_weight"] = 0.0
        work.note(one, "it has no control; choose one and give it a weight above 0")
    work.take(one, {CONTROL: node}, given)
    node.inputs["target_blocks"] = pack.blocks(spec, one.values.get("target_blocks"))
    if "control_net" in one.links:
        node.inputs["controls"] = one.links["control_net"]
    rate = one.values.get("down_sampling_rate", 1)
    if isinstance(rate, float) and 0 < rate < 1 and kind in ("tile", "blur", "lowquality"):
        work.note(one, f"down_sampling_rate {rate:g} is below 1, which a server takes for 1")
    _picture(work, one, node, kind, sources(str(spec.get("type", ""))).get(kind, ()))
    for name in one.links:
        if name not in _KNOWN:
            work.note(one, f"what is linked to {name} was left out")


def _kind(one: Theirs, spec: Mapping[str, Any]) -> str:
    """Return what picture a control reads: as it is made for, else as is said."""
    made_for, said = spec.get("modifier"), str(one.values.get("control_input_type", "")).lower()
    for kind in (made_for, said):
        if kind in KINDS:
            return str(kind)
    return "custom"


def _picture(work: Conversion, one: Theirs, node: Node, kind: str, places: tuple[str, ...]) -> None:
    """Connect a control's picture; `places` are where the control looks for one."""
    if "image" not in one.links:
        return
    said = str(one.values.get("control_input_type", "unspecified")).lower()
    if not pack.carrier(said):
        work.note(one, f"its image was left out, as it is not sent for the type {said}")
        return
    node.inputs["image"] = one.links["image"]
    carrier = pack.carrier(said)
    if carrier == _SHUFFLE:
        work.note(one, _WHOLE)
    elif carrier == kind == "scribble":
        work.note(one, _SCRIBBLE)
    elif carrier not in places and any(place != IMAGE for place in places):
        work.note(
            one, f"its image was sent as {carrier}, which is not read for {kind}; now it is read"
        )
    if one.values.get("invert_image") and not (kind in KINDS and KINDS[kind].lines):
        work.note(one, f"its image is not inverted, as a picture of the kind {kind} has no lines")


def _sampler(work: Conversion, one: Theirs, hints: dict[Id, Theirs], ends: dict[Id, Ref]) -> None:
    """Wire what a sampler has: its controls, and behind them its hints."""
    _unfit(work, one)
    chain = one.links.get("control_net")
    generate = work.made[one.id]
    found = work.their(one.links.get("hints"), pack.HINTS)
    if found is None:
        if chain is not None:
            generate.inputs["controls"] = chain
        return
    if found.id in ends:
        generate.inputs["controls"] = ends[found.id]
        if chain is not None:
            work.note(one, "its hints are also another sampler's, with whose controls they go")
        return
    first = found
    seen = {found.id}
    while (before := work.their(first.links.get("hints"), pack.HINTS)) and before.id not in seen:
        seen.add(before.id)
        first = before
    _wire(work, found, first, chain, _without_picture(work, one), ends)
    generate.inputs["controls"] = ends[found.id]


def _wire(
    work: Conversion,
    last: Theirs,
    first: Theirs,
    chain: Ref | None,
    readers: list[Node],
    ends: dict[Id, Ref],
) -> None:
    """Convert hints from the first, which goes behind the controls, to the last."""
    line = [last]
    while line[0] is not first:
        before = work.their(line[0].links.get("hints"), pack.HINTS)
        assert before is not None
        line.insert(0, before)
    for one in line:
        if one.id not in ends:
            _hints(work, one, chain, readers, ends)
        chain = ends[one.id]


def _controls(work: Conversion, one: Theirs) -> list[Theirs]:
    """Return the controls of a sampler, the last first."""
    found: list[Theirs] = []
    control = work.their(one.links.get("control_net"), pack.THEIR_CONTROL)
    while control is not None and control not in found:
        found.append(control)
        control = work.their(control.links.get("control_net"), pack.THEIR_CONTROL)
    return found


def _without_picture(work: Conversion, one: Theirs) -> list[Node]:
    """Return the controls of a sampler that wait for a picture."""
    nodes = [work.made[control.id] for control in _controls(work, one)]
    return [node for node in nodes if "image" not in node.inputs]


def _unfit(work: Conversion, one: Theirs) -> None:
    """Say which controls a server passes over, then and now (docs/protocol.md 4.5)."""
    version = pack.about(one.values.get("model")).get("version")
    for control in _controls(work, one):
        made_for = pack.about(control.values.get("control_name")).get("version")
        if version and made_for and made_for != version:
            words = f"it is for {made_for}, and does nothing with a model of {version}"
            work.note(control, words)


def _hints(
    work: Conversion, one: Theirs, chain: Ref | None, readers: list[Node], ends: dict[Id, Ref]
) -> None:
    """Make a moodboard of the shuffle pictures, and hints of the others."""
    board = work.add(MOODBOARD, one)
    row = 0
    for number, name in enumerate(pack.HINT_IMAGES):
        suffix = name.removeprefix("image")
        kind = pack.HINT_KINDS.get(str(one.values.get(f"type{suffix}")))
        if name not in one.links or kind is None:
            if name in one.links:
                work.note(one, f"its picture {number + 1} has no type and was left out")
            continue
        weight = one.values.get(f"weight{suffix}", 1.0)
        if kind == _SHUFFLE:
            row += 1
            board.inputs[f"image_{row}"] = one.links[name]
            board.inputs[f"weight_{row}"] = weight
            continue
        if kind == "scribble":
            work.note(one, _SCRIBBLE)
        reader = next((node for node in readers if _reads(node, kind)), None)
        if reader is not None:
            readers.remove(reader)
            reader.inputs["image"] = one.links[name]
            reader.inputs["lines"] = pack.lines(str(reader.inputs.get("kind")), inverted=False)
            continue
        hint = work.add(CONTROL)
        hint.inputs.update({"kind": kind, "image": one.links[name]})
        if chain is not None:
            hint.inputs["controls"] = chain
        chain = Ref(hint.id, 0)
    if row:
        work.note(one, _WHOLE)
    if chain is not None:
        board.inputs["controls"] = chain
    if not row and chain is not None:
        board.mode = _BYPASSED  # a moodboard without a picture stops a run
    elif not row:
        work.note(one, "it has no picture that is sent; connect one, or remove it")
    ends[one.id] = Ref(board.id, 0)


def _reads(node: Node, kind: str) -> bool:
    return pack.carrier(str(node.inputs.get("kind"))) == kind


_BYPASSED = 4
