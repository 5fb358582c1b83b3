"""Offers our nodes where a graph has those of the official Draw Things pack, which is missing."""

from __future__ import annotations

from typing import Any

from comfy_api import latest


async def register() -> None:
    """Tell ComfyUI what can be put in the place of which node; older ones cannot be told."""
    record: Any = getattr(latest.io, "NodeReplace", None)
    api: Any = getattr(latest, "ComfyAPI", None)
    known = getattr(api(), "node_replacement", None) if record and api else None
    if known is None:
        return
    from ..graphs.replacement import replacements

    for one in replacements():
        await known.register(
            record(
                new_node_id=one.new,
                old_node_id=one.old,
                old_widget_ids=list(one.widgets),
                input_mapping=[{"new_id": ours, "old_id": theirs} for ours, theirs in one.inputs],
                output_mapping=[{"new_idx": 0, "old_idx": 0}],
            )
        )
