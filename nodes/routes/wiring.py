"""What the nodes before a Generate make of it, as far as that can be told before it runs.

The page describes them: which nodes there are, in their order, and what their widgets hold. What
only a run knows has a value in `values`, as it is shown, and its name in `unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .guard import Body

MOST_STEPS = 200


@dataclass(frozen=True)
class Step:
    """A node of a chain; `linked` are its inputs without widgets that something is linked to."""

    type: str
    title: str
    values: Mapping[str, Any]
    unknown: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()

    @classmethod
    def of(cls, body: Body) -> Step:
        """Return what the page says of a node. Raises BadRequest."""
        kind = body.text("type")
        return cls(
            kind,
            body.text("title", "") or kind.removeprefix("Drawbridge_"),
            body.values("values"),
            frozenset(body.texts("unknown")),
            frozenset(body.texts("linked")),
        )


@dataclass(frozen=True)
class Wiring:
    """A Generate and what is before it; chains are in the order in which they count.

    `ends` are the chains whose first nodes only a run knows, by the name of Generate's input.
    `kept` is the text of what was pasted and has no place in the graph, as it has no effect.
    """

    generate: Step
    model: str = ""
    version: str = ""
    server: Mapping[str, Any] | None = None
    settings: tuple[Step, ...] = ()
    loras: tuple[Step, ...] = ()
    controls: tuple[Step, ...] = ()
    ends: frozenset[str] = field(default_factory=frozenset)
    kept: str = ""

    @classmethod
    def of(cls, body: Body) -> Wiring:
        """Return what the page describes. Raises BadRequest."""
        chains = {
            name: tuple(Step.of(one) for one in body.bodies(name)[:MOST_STEPS])
            for name in ("settings", "loras", "controls")
        }
        return cls(
            Step.of(body.body("generate")),
            body.text("model", "").strip(),
            body.text("version", ""),
            body.values("server") or None,
            ends=frozenset(body.texts("ends")),
            kept=body.text("kept", ""),
            **chains,
        )
