"""Writes graphs/own_nodes.json, our nodes as graphs have them: `python scripts/own_nodes.py`.

A saved graph holds a node's widgets by place, not by name, and the program that writes one has no
ComfyUI to ask. tests/nodes/test_own_nodes.py says when the file is behind the nodes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "graphs" / "own_nodes.json"

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    import checkout

    checkout.register()
    sys.path.insert(0, str(ROOT / "devtools" / "standin"))

# Kinds of inputs that are widgets, with the value of one that says nothing.
_WIDGETS: dict[str, Any] = {"STRING": "", "INT": 0, "FLOAT": 0.0, "BOOLEAN": False, "COMBO": ""}
# What the page adds behind a seed.
AFTER_SEED = ("control_after_generate", "COMBO", "fixed")


def table() -> dict[str, Any]:
    """Return sockets, widgets (name, kind, default) and outputs of our nodes, each in order."""
    from drawbridge.nodes import NODES

    return {entry["node_id"]: entry["parts"] for entry in map(_entry, NODES)}


def _entry(node: Any) -> dict[str, Any]:
    schema = node.GET_SCHEMA()
    sockets: list[list[Any]] = []
    widgets: list[list[Any]] = []
    for one in schema.inputs:
        told = {**one.as_dict(), **(one.extra_dict or {})}
        kind = str(one.io_type)
        if kind not in _WIDGETS or told.get("forceInput") or told.get("force_input"):
            sockets.append([one.id, kind])
            continue
        default = told.get("default", _WIDGETS[kind])
        widgets.append([one.id, kind, getattr(default, "value", default)])
        if told.get("control_after_generate"):
            widgets.append(list(AFTER_SEED))
    outputs = [[one.display_name or one.id, str(one.io_type)] for one in schema.outputs]
    parts = {"sockets": sockets, "widgets": widgets, "outputs": outputs}
    return {"node_id": schema.node_id, "parts": parts}


def as_text(found: dict[str, Any]) -> str:
    """Return the file's text: a line for each input and output."""
    lines = []
    for node, parts in found.items():
        rows = [
            f'    "{part}": [\n'
            + ",\n".join(f"      {json.dumps(row, ensure_ascii=False)}" for row in rows)
            + "\n    ]"
            if rows
            else f'    "{part}": []'
            for part, rows in parts.items()
        ]
        lines.append(f'  "{node}": {{\n' + ",\n".join(rows) + "\n  }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    TARGET.write_text(as_text(table()), encoding="utf-8")
