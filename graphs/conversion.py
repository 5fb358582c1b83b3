"""One graph's nodes of the official Draw Things pack, and what of ours is made of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..facts import versions
from ..facts.app_settings import recommended
from . import draw_things_pack as pack
from .draw_things_pack import Widget
from .hidden_widgets import sent
from .node import Id, Layouts, Node, Ref, Theirs
from .own_nodes import (
    CONNECT,
    GENERATE,
    IMPORT,
    LOAD_MODEL,
    LORAS,
    PROMPT,
    REFINER,
    SDXL,
    UPSCALER,
    VIDEO,
    own_nodes,
)


class Graph(Protocol):
    """What a conversion needs of a graph."""

    def theirs(self, layouts: Layouts) -> list[Theirs]: ...
    def source(self, ref: Ref) -> Ref: ...
    def new_id(self, taken: Iterable[Id]) -> Id: ...
    def replace(self, made: list[Node], types: Mapping[str, str], note: str) -> None: ...


@dataclass
class Conversion:
    """One graph's nodes of theirs, and what is made of them."""

    graph: Graph
    found: list[Theirs]
    made: dict[Id, Node] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Make ours of all of them: `made` by id, `notes` for a person."""
        self._by_id = {one.id: one for one in self.found}
        self._servers: dict[str, Node] = {}
        for one in self.found:
            if "" in one.values:
                self.note(one, "its widgets are those of another version and were left out")
                del one.values[""]
        for one in self._of(pack.SAMPLER):
            self._sampler(one)
        for one in self._of(pack.THEIR_LORA):
            self._lora(one)
        for kind, widget in pack.PROMPTS.items():
            for one in self._of(kind):
                made = self.add(PROMPT, one)
                self.take(one, {PROMPT: made}, {})
                self._only(one, {widget, "insert_textual_inversion"})
        for one in (*self._of(pack.THEIR_UPSCALER), *self._of(pack.THEIR_REFINER)):
            if one.id not in self.made:  # no sampler has it
                self._settings(one)

    def _of(self, kind: str) -> list[Theirs]:
        return [one for one in self.found if one.type == kind]

    def note(self, one: Theirs, words: str) -> None:
        """Say what of a node could not be taken over, or does not give the same picture."""
        name = one.title or one.type
        self.notes.append(f"{name} (node {one.id}): {words}.")

    def add(self, kind: str, instead: Theirs | None = None) -> Node:
        """Return a new node of ours, in the place of theirs if it is named and still there."""
        if instead is not None and instead.id not in self.made:
            node = Node(instead.id, kind, at=instead.at, mode=instead.mode, title=instead.title)
            node.instead_of = instead.size
        else:
            node = Node(self.graph.new_id(self.made), kind)
        self.made[node.id] = node
        return node

    def their(self, ref: Ref | None, kind: str) -> Theirs | None:
        """Return the node of theirs that a link comes from, None if it is none of that kind."""
        if ref is None:
            return None
        one = self._by_id.get(self.graph.source(ref).node)
        return one if one is not None and one.type == kind else None

    def take(self, one: Theirs, nodes: Mapping[str, Node], given: Mapping[str, Any]) -> None:
        """Put what the widgets of theirs say into these nodes of ours, by kind.

        `given` are values that are found otherwise, by widget.
        """
        for widget in pack.WIDGETS[one.type]:
            node = nodes.get(widget.node)
            if node is None or not widget.input:
                continue
            if widget.name in one.links:
                self._link(one, widget, node)
            elif widget.name in given:
                node.inputs[widget.input] = given[widget.name]
            elif one.values.get(widget.name) is not None:
                self._value(one, widget, node)

    def _link(self, one: Theirs, widget: Widget, node: Node) -> None:
        if widget.plain or widget.input in ("width", "height", "seed"):
            node.inputs[widget.input] = one.links[widget.name]
        else:
            self.note(one, f"what is linked to {widget.name} was left out")

    def _value(self, one: Theirs, widget: Widget, node: Node) -> None:
        try:
            value = widget.value(one.values[widget.name])
        except (KeyError, TypeError, ValueError):
            said = json.dumps(one.values[widget.name], ensure_ascii=False)[:60]
            self.note(one, f"{widget.name} cannot be {said} and was left out")
            return
        node.inputs[widget.input] = value

    def _only(self, one: Theirs, known: Iterable[str]) -> None:
        """Say which inputs of theirs nothing is made of."""
        for name in one.links:
            if name not in known:
                self.note(one, f"what is linked to {name} was left out")

    def _sampler(self, one: Theirs) -> None:
        generate, spec = self.add(GENERATE, one), pack.about(one.values.get("model"))
        version = str(spec.get("version", ""))
        one.values = sent(one.values, spec)
        nodes = {GENERATE: generate, LOAD_MODEL: self._model(one)}
        for kind in dict.fromkeys(row.node for row in pack.SAMPLER_WIDGETS):
            if kind not in (*nodes, CONNECT, "") and self._needed(one, kind, version):
                nodes[kind] = self.add(kind)
        self.take(one, nodes, self._shift(one, version))
        for theirs, ours in pack.SAMPLER_SOCKETS.items():
            if theirs in one.links:
                generate.inputs[ours] = one.links[theirs]
            elif isinstance(one.values.get(theirs), str):  # in what is queued
                generate.inputs[ours] = one.values[theirs]
        self._differs(one, spec, version)
        generate.inputs["model"] = Ref(nodes[LOAD_MODEL].id, 0)
        if VIDEO in nodes and "causal_inference" in nodes[VIDEO].inputs:
            on = bool(one.values.get("causal_inference"))
            nodes[VIDEO].inputs["causal_inference_enabled"] = on
        more = [self._settings(found) for found in self._extras(one)]
        more += [node for kind, node in nodes.items() if kind not in (GENERATE, LOAD_MODEL)]
        more += [*self._sizes(one, version), *self._by_size(one, spec, version)]
        for before, after in itertools.pairwise(more):
            after.inputs["settings"] = Ref(before.id, 0)
        if more:
            generate.inputs["settings"] = Ref(more[-1].id, 0)
        known = {row.name for row in pack.SAMPLER_WIDGETS} | {*pack.SAMPLER_SOCKETS}
        self._only(one, known | {"upscaler", "refiner", "control_net", "hints"})

    def _differs(self, one: Theirs, spec: Mapping[str, Any], version: str) -> None:
        """Say what theirs make of sockets that ours do not."""
        known, cfg = versions.find(version), one.values.get("cfg")
        distilled = bool(spec.get("guidance_embed")) and one.values.get("speed_up", True)
        guided = not distilled and cfg != 1  # docs/protocol.md 5.4
        counts = {
            "positive": known is None or known.reads_prompt,
            "negative": guided and (known is None or known.negative_prompt),
        }
        for name, reads in counts.items():
            if reads and name not in one.links and not isinstance(one.values.get(name), str):
                self.note(one, f'for want of a {name} prompt theirs sent the word "None", not ours')
        if "mask" in one.links and "image" in one.links:
            self.note(one, "a mask is repainted from half white on, there from a fifth")

    def _model(self, one: Theirs) -> Node:
        """Return Load Model, with Connect behind it: one for all samplers of a server."""
        said = {name: one.values.get(name) for name in ("server", "port", "use_tls")}
        links = {name: one.links[name] for name in said if name in one.links}
        key = json.dumps([said, links], default=str)
        if key not in self._servers:
            self._servers[key] = self.add(CONNECT)
            self.take(one, {CONNECT: self._servers[key]}, {})
        model = self.add(LOAD_MODEL)
        model.inputs["server"] = Ref(self._servers[key].id, 0)
        if not pack.file_of(one.values.get("model")):
            self.note(one, "it has no model; choose one in Load Model")
        return model

    def _needed(self, one: Theirs, kind: str, version: str) -> bool:
        """Return whether a settings node would say anything that is not so anyhow."""
        defaults = own_nodes()[kind].defaults()
        for row in pack.SAMPLER_WIDGETS:
            if row.node != kind or not row.input:
                continue
            if row.counts is not None and not row.counts(one.values, version):
                continue
            if row.name in one.links:
                return True
            try:
                value = row.value(one.values.get(row.name, defaults[row.input]))
            except (KeyError, TypeError, ValueError):
                return True  # which is said then
            if value != defaults[row.input]:
                return True
        return False

    def _shift(self, one: Theirs, version: str) -> dict[str, Any]:
        """Return Generate's shift, 0 where it follows from the size."""
        known = versions.find(version)
        by_size = one.values.get("res_dpt_shift") and (
            one.values.get("shift", 1) == 1 if known is None else known.resolution_dependent_shift
        )
        return {"shift": 0.0} if by_size and "shift" not in one.links else {}

    def _extras(self, one: Theirs) -> list[Theirs]:
        kinds = {"refiner": pack.THEIR_REFINER, "upscaler": pack.THEIR_UPSCALER}
        found = (self.their(one.links.get(name), kind) for name, kind in kinds.items())
        return [theirs for theirs in found if theirs is not None]

    def _settings(self, one: Theirs) -> Node:
        """Return the settings node of an upscaler or a refiner; what is off lets others through."""
        kind = UPSCALER if one.type == pack.THEIR_UPSCALER else REFINER
        node = self.add(kind, one)
        node.mode = _BYPASSED if one.mode else 0
        given = {}
        if one.values.get("refiner_start") == 0 and "refiner_start" not in one.links:
            given["refiner_start"] = start = pack.REFINER_START_FOR_0
            if pack.file_of(one.values.get("refiner_model")):
                self.note(one, f"its start of 0 was sent as {start}, which it says now")
        self.take(one, {kind: node}, given)
        return node

    def _sizes(self, one: Theirs, version: str) -> list[Node]:
        """Return what theirs tell SDXL of the size, without being asked."""
        if version not in _SDXL:
            return []
        if "width" in one.links or "height" in one.links:
            self.note(one, "SDXL is told no original size, as width or height is linked")
            return []
        node = self.add(SDXL)
        for side in ("width", "height"):
            pixels = int(one.values.get(side, 512))
            node.inputs[f"original_image_{side}"] = pixels
            node.inputs[f"target_image_{side}"] = pixels
            node.inputs[f"negative_original_image_{side}"] = pixels // 2
        return [node]

    def _by_size(self, one: Theirs, spec: Mapping[str, Any], version: str) -> list[Node]:
        """Return what makes the shift follow from the size where ours would not have it so."""
        known, row = versions.find(version), recommended(str(spec.get("file")), version)
        if known is None or not known.resolution_dependent_shift or row is None:
            return []
        if not one.values.get("res_dpt_shift") or row.resolution_dependent_shift is not False:
            return []
        node = self.add(IMPORT)
        text = {"resolutionDependentShift": True, "shift": one.values.get("shift", 1)}
        node.inputs["configuration"] = json.dumps(text)
        return [node]

    def _lora(self, one: Theirs) -> None:
        node = self.add(LORAS, one)
        chain = one.links.pop("lora_stack", None)
        if chain is None and "lora" not in one.values:  # what older ones called it
            chain = one.links.pop("lora", None)
        if chain is not None:
            node.inputs["loras"] = chain
        self.take(one, {LORAS: node}, {})
        self._only(one, {row.name for row in pack.LORA_WIDGETS})


_SDXL = ("sdxl_base_v0.9", "sdxl_refiner_v0.9")
_BYPASSED = 4
