"""A graph as it is queued: nodes by id, their inputs, values or links, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .node import Id, Layouts, Node, Ref, Theirs
from .own_nodes import own_nodes


class Prompt:
    """A graph as it is queued: nodes by id, their inputs by name."""

    def __init__(self, graph: dict[str, Any]) -> None:
        self._graph = graph

    def theirs(self, layouts: Layouts) -> list[Theirs]:
        """Return the nodes of these types."""
        found = []
        for id_, node in self._graph.items():
            if isinstance(node, Mapping) and node.get("class_type") in layouts:
                given = dict(node.get("inputs") or {})
                links = {
                    name: Ref(*value)
                    for name, value in given.items()
                    if _is_link(value, self._graph)
                }
                values = {name: value for name, value in given.items() if name not in links}
                title = (node.get("_meta") or {}).get("title") or ""
                found.append(Theirs(id_, node["class_type"], values, links, title=title))
        return found

    def source(self, ref: Ref) -> Ref:
        """Return the same: what is queued has no reroutes."""
        return ref

    def new_id(self, taken: Iterable[Id]) -> str:
        """Return an id that no node has, nor any of `taken`."""
        numbers = [int(one) for one in (*self._graph, *taken) if str(one).isdigit()]
        return str(max(numbers, default=0) + 1)

    def replace(self, made: list[Node], types: Mapping[str, str], note: str) -> None:
        """Put nodes in the place of those with the same id, and new ones behind them."""
        for node in made:
            values = own_nodes()[node.type].defaults()
            values.pop("control_after_generate", None)
            given = {
                name: list(value) if isinstance(value, Ref) else value
                for name, value in node.inputs.items()
                if name != "control_after_generate"
            }
            title = {"_meta": {"title": node.title}} if node.title else {}
            entry = {"class_type": node.type, "inputs": {**values, **given}, **title}
            self._graph[str(node.id)] = entry


def _is_link(value: Any, graph: Mapping[str, Any]) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and value[0] in graph
    )
