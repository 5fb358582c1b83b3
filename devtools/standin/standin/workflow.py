"""Turns a workflow file as the page saves it into a prompt as the server takes it."""

from __future__ import annotations

from typing import Any

WIDGETS = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")
DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"  # its choice brings widgets of its own, as of ComfyUI 0.33
UNSEEN = ("Note", "MarkdownNote")
MUTED, BYPASSED = 2, 4


def to_prompt(workflow: dict[str, Any], object_info: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the prompt (API format) of a workflow (page format, without subgraphs).

    `object_info` is the answer of GET /object_info. Raises ValueError for a node that it does not
    know, or whose widget values do not fit the schema.
    """
    links = {link[0]: [str(link[1]), link[2]] for link in workflow["links"]}
    prompt = {}
    for node in workflow["nodes"]:
        if node["type"] in UNSEEN or node.get("mode") in (MUTED, BYPASSED):
            continue
        if node["type"] not in object_info:
            raise ValueError(f"the workflow needs a node that is not there: {node['type']}")
        inputs = _widgets(node, object_info[node["type"]]["input"])
        for entry in node.get("inputs", []):
            if entry.get("link") is not None:
                inputs[entry["name"]] = links[entry["link"]]
        prompt[str(node["id"])] = {"class_type": node["type"], "inputs": inputs}
    return prompt


def _widgets(node: dict[str, Any], kinds: dict[str, Any]) -> dict[str, Any]:
    """Match `widgets_values` with the schema's widgets: by position, as the page does."""
    values = list(node.get("widgets_values") or [])
    taken: dict[str, Any] = {}
    _take(node["type"], kinds, values, taken, "")
    if values:
        raise ValueError(f"{node['type']}: more widget values than widgets: {values}")
    return taken


def _take(
    owner: str, kinds: dict[str, Any], values: list[Any], taken: dict[str, Any], prefix: str
) -> None:
    """Move values from the front of `values` to `taken`, by the names of their widgets."""
    for own, (kind, *rest) in {**kinds.get("required", {}), **kinds.get("optional", {})}.items():
        name, options = prefix + own, rest[0] if rest else {}
        if options.get("forceInput"):
            continue
        if kind == DYNAMIC_COMBO:
            _take_choice(owner, name, options, values, taken)
            continue
        if not (isinstance(kind, list) or kind in WIDGETS):
            continue
        if not values:
            raise ValueError(f"{owner}: no value is saved for the widget {name}")
        taken[name] = values.pop(0)
        if options.get("control_after_generate"):
            values.pop(0)  # the page's own "fixed", "increment", ... beside a seed
        if options.get("image_upload"):
            values.pop(0)  # the page's own button
        if options.get("image_upload") and values[:1] == ["image"]:
            values.pop(0)  # the page's own upload button


def _take_choice(
    owner: str, name: str, options: dict[str, Any], values: list[Any], taken: dict[str, Any]
) -> None:
    """Take the choice of a dynamic combo, then the widgets that it brings: `format.codec`.

    A hidden one is kept for files of another release; without a value it is its first choice.
    """
    choices = {choice["key"]: choice["inputs"] for choice in options["options"]}
    if not values and not options.get("hidden"):
        raise ValueError(f"{owner}: no value is saved for the widget {name}")
    chosen = values.pop(0) if values else next(iter(choices))
    if chosen not in choices:
        raise ValueError(f"{owner}: {chosen!r} is no choice of the widget {name}")
    taken[name] = chosen
    _take(owner, choices[chosen], values, taken, f"{name}.")
