"""A graph as the page saves it: nodes with their places, widgets by place, links apart.

Its subgraphs are graphs of their own, in which the ids -10 and -20 are what comes in and goes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .node import Id, Layouts, Node, Ref, Theirs
from .own_nodes import own_nodes
from .room import GAP_PX, WIDTH_PX, places, xy

NOTE = "Note"
_NOTE_HEAD_PX, _NOTE_LINE_PX, _NOTE_LETTERS = 90, 20, 60
_COLOURS = ("color", "bgcolor")  # that a person has given a node
_ENTRANCE = -10
_NOTE_ID = "note"


class Workflow:
    """A graph as the page saves it, or a subgraph of one; what is not replaced stays as it is."""

    def __init__(self, graph: dict[str, Any]) -> None:
        self._graph = graph
        self._links = {link[0]: link for link in map(_as_row, graph.get("links") or [])}
        self._nodes: list[dict[str, Any]] = graph.get("nodes") or []

    @staticmethod
    def all_of(graph: dict[str, Any]) -> list[Workflow]:
        """Return a graph and all its subgraphs."""
        inner = (graph.get("definitions") or {}).get("subgraphs") or []
        return [Workflow(one) for one in (graph, *inner)]

    def theirs(self, layouts: Layouts) -> list[Theirs]:
        """Return the nodes of these types, whose widgets have the names of one of the layouts."""
        return [
            self._their(node, layouts[node["type"]])
            for node in self._nodes
            if node.get("type") in layouts
        ]

    def _their(self, node: dict[str, Any], layouts: Iterable[Sequence[str]]) -> Theirs:
        saved = node.get("widgets_values")
        values: dict[str, Any] = {}
        if isinstance(saved, Mapping):
            values = dict(saved)
        elif isinstance(saved, list):
            names = next((one for one in layouts if len(one) == len(saved)), ())
            values = dict(zip(names, saved, strict=False))
        keyed = node.get("widget_values_keyed")  # theirs, beside the page's own
        if isinstance(keyed, Mapping):
            values = {**values, **keyed}
        elif isinstance(saved, list) and not values and saved:
            values = {"": saved}  # of another version: nobody knows which is which
        links = {
            one["name"]: Ref(self._links[one["link"]][1], self._links[one["link"]][2])
            for one in node.get("inputs") or []
            if one.get("link") in self._links
        }
        return Theirs(
            *(node["id"], node["type"], values, links, node.get("pos"), node.get("mode") or 0),
            title=node.get("title") or "",
            size=xy(node["size"]) if node.get("size") else None,
        )

    def source(self, ref: Ref) -> Ref:
        """Return what really comes out of a link, through the page's reroutes."""
        by_id = {node["id"]: node for node in self._nodes}
        for _ in range(len(by_id)):
            node = by_id.get(ref.node)
            if node is None or "reroute" not in str(node.get("type")).lower():
                break
            links = [one.get("link") for one in node.get("inputs") or []]
            if not links or links[0] not in self._links:
                break
            ref = Ref(self._links[links[0]][1], self._links[links[0]][2])
        return ref

    def new_id(self, taken: Iterable[Id]) -> int:
        """Return an id that no node has, nor any of `taken`."""
        numbers = [node["id"] for node in self._nodes if isinstance(node["id"], int)]
        numbers += [one for one in taken if isinstance(one, int)]
        state = self._graph.get("state") or {}
        numbers += [self._graph.get("last_node_id") or 0, state.get("lastNodeId") or 0]
        return max(numbers, default=0) + 1

    def replace(self, made: list[Node], types: Mapping[str, str], note: str) -> None:
        """Put nodes in the place of those with the same id, and new ones beside the graph.

        `types` are the sockets' types that have another name now; `note` is a text for a person.
        """
        by_id = {node.id: node for node in made}
        self._make_room(by_id)
        gone = {node["id"] for node in self._nodes if node["id"] in by_id}
        rows = [link for link in self._links.values() if link[3] not in gone]
        number = max([0, *self._links, self._graph.get("last_link_id") or 0])
        self._place([node for node in made if node.at is None], note)
        looks = {node["id"]: {k: node[k] for k in _COLOURS if k in node} for node in self._nodes}
        new = {node.id: {**_written(node), **looks.get(node.id, {})} for node in made}
        for node in made:
            for slot, one in enumerate(new[node.id]["inputs"]):
                value = node.inputs.get(one["name"])
                if isinstance(value, Ref):
                    number += 1
                    one["link"] = number
                    rows.append([number, *value, node.id, slot, one["type"]])
        if note:
            new[_NOTE_ID] = self._noted(note, by_id)
        self._nodes[:] = [new.pop(node["id"], node) for node in self._nodes]
        self._nodes += new.values()
        for node in self._nodes:
            for part in ("inputs", "outputs"):
                for one in node.get(part) or []:
                    one["type"] = types.get(one.get("type"), one.get("type"))
        self._write_links(rows, types)

    def _write_links(self, rows: list[list[Any]], types: Mapping[str, str]) -> None:
        as_objects = bool(self._graph.get("links")) and isinstance(self._graph["links"][0], Mapping)
        outputs: dict[tuple[Id, int], list[int]] = {}
        entering: dict[int, list[int]] = {}
        for row in rows:
            row[5] = types.get(row[5], row[5])
            outputs.setdefault((row[1], row[2]), []).append(row[0])
            if row[1] == _ENTRANCE:
                entering.setdefault(row[2], []).append(row[0])
        for node in self._nodes:
            for slot, one in enumerate(node.get("outputs") or []):
                one["links"] = outputs.get((node["id"], slot), [])
        for slot, one in enumerate(self._graph.get("inputs") or []):
            one["type"] = types.get(one.get("type"), one.get("type"))
            one["linkIds"] = entering.get(slot, [])
        for one in self._graph.get("outputs") or []:
            one["type"] = types.get(one.get("type"), one.get("type"))
        self._graph["links"] = [_as_object(row) for row in rows] if as_objects else rows
        last = max([node["id"] for node in self._nodes if isinstance(node["id"], int)], default=0)
        last_link = max([row[0] for row in rows], default=0)
        if "state" in self._graph:
            state = self._graph["state"]
            state["lastNodeId"] = max(last, state.get("lastNodeId") or 0)
            state["lastLinkId"] = max(last_link, state.get("lastLinkId") or 0)
        if "last_node_id" in self._graph or not as_objects:
            self._graph["last_node_id"] = max(last, self._graph.get("last_node_id") or 0)
            self._graph["last_link_id"] = max(last_link, self._graph.get("last_link_id") or 0)

    def _place(self, nodes: list[Node], note: str) -> None:
        """Put nodes below one another, left of all that is there."""
        at = [xy(node["pos"]) for node in self._nodes if node.get("pos")]
        left = min((x for x, _ in at), default=0)
        top = min((y for _, y in at), default=0)
        for node in nodes:
            node.at = [left - WIDTH_PX - GAP_PX, top]
            top += node.size[1] + GAP_PX

    def _make_room(self, made: Mapping[Id, Node]) -> None:
        """Move what would lie under nodes that are larger than those that they replace."""
        at = places(self._nodes, {node.id: node.size for node in made.values() if node.at})
        for node in self._nodes:
            id_ = node["id"]
            if id_ not in at:
                continue
            if id_ in made:
                made[id_].at = at[id_]
            elif at[id_] != [*xy(node["pos"])]:
                node["pos"] = at[id_]

    def _noted(self, text: str, made: Mapping[Id, Node]) -> dict[str, Any]:
        at = [xy(node["pos"]) for node in self._nodes if node.get("pos")]
        left = min((x for x, _ in at), default=0)
        top = min((y for _, y in at), default=0)
        lines = text.count("\n") + len(text) // _NOTE_LETTERS
        height = _NOTE_HEAD_PX + _NOTE_LINE_PX * lines
        return {
            "id": self.new_id(made),
            "type": NOTE,
            "pos": [left, top - height - 2 * GAP_PX],
            "size": [2 * WIDTH_PX, height],
            "flags": {},
            "order": 0,
            "mode": 0,
            "inputs": [],
            "outputs": [],
            "properties": {},
            "widgets_values": [text],
            "color": "#432",
            "bgcolor": "#653",
        }


def _written(node: Node) -> dict[str, Any]:
    known = own_nodes()[node.type]
    inputs = [{"name": name, "type": kind, "link": None} for name, kind in known.sockets.items()]
    inputs += [
        {"name": name, "type": kind, "widget": {"name": name}, "link": None}
        for name, (kind, _) in known.widgets.items()
        if isinstance(node.inputs.get(name), Ref)
    ]
    values = {**known.defaults(), **node.inputs}
    return {
        "id": node.id,
        "type": node.type,
        "pos": list(xy(node.at or (0, 0))),
        "size": list(node.size),
        "flags": {},
        "order": 0,
        "mode": node.mode,
        "inputs": inputs,
        "outputs": [{"name": name, "type": kind, "links": []} for name, kind in known.outputs],
        **({"title": node.title} if node.title else {}),
        "properties": {"Node name for S&R": node.type},
        "widgets_values": [
            default if isinstance(values[name], Ref) else values[name]
            for name, (_, default) in known.widgets.items()
        ],
    }


def _as_row(link: Any) -> list[Any]:
    if isinstance(link, Mapping):
        return [
            *(link["id"], link["origin_id"], link["origin_slot"]),
            *(link["target_id"], link["target_slot"], link.get("type")),
        ]
    return [*link, None][:6]


def _as_object(row: list[Any]) -> dict[str, Any]:
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    return dict(zip(names, row, strict=True))
