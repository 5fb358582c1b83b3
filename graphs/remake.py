"""The graph that makes a picture again, as ComfyUI finds it in a PNG that it has saved itself.

It names the default server, so that a picture that is passed on tells nobody's address.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .node import Id, Node, Ref
from .own_nodes import CONNECT, GENERATE, IMPORT, LOAD_MODEL
from .prompt import Prompt
from .workflow import Workflow

_SAVE = "SaveImage"
_CONNECT, _MODEL, _IMPORT, _GENERATE, _SAVED = range(1, 6)
_PLACES = {_CONNECT: (0, 0), _MODEL: (360, 0), _IMPORT: (360, 300), _GENERATE: (760, 0)}
_PREFIX = "drawbridge"


def chunks(
    model: str, configuration: str, widgets: Mapping[str, Any], absent: Sequence[str] = ()
) -> dict[str, str]:
    """Return the texts of a PNG's chunks by their keywords, as ComfyUI writes them: the graph as
    the page has it, and as it is queued.

    `configuration` is the app's JSON, `widgets` are Generate's, prompts among them; `absent` names
    the pictures that went into it and are not in the file, for a note.
    """
    note = ""
    if absent:
        note = f"This picture was also made of {', '.join(absent)}, not kept in the file: connect"
        note += " it again."
    workflow: dict[str, Any] = {
        "last_node_id": _SAVED,
        "last_link_id": 1,
        "nodes": [
            {
                "id": _SAVED,
                "type": _SAVE,
                "pos": [1120, 0],
                "size": [320, 340],
                "flags": {},
                "order": 0,
                "mode": 0,
                "inputs": [{"name": "images", "type": "IMAGE", "link": 1}],
                "outputs": [],
                "properties": {"Node name for S&R": _SAVE},
                "widgets_values": [_PREFIX],
            }
        ],
        "links": [[1, _GENERATE, 0, _SAVED, 0, "IMAGE"]],
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }
    Workflow(workflow).replace(_nodes(model, configuration, widgets, int), {}, note)
    saved = {"images": [str(_GENERATE), 0], "filename_prefix": _PREFIX}
    prompt: dict[str, Any] = {str(_SAVED): {"class_type": _SAVE, "inputs": saved}}
    Prompt(prompt).replace(_nodes(model, configuration, widgets, str), {}, note)
    return {"prompt": json.dumps(prompt), "workflow": json.dumps(workflow)}


def _nodes(
    model: str, configuration: str, widgets: Mapping[str, Any], as_id: Callable[[int], Id]
) -> list[Node]:
    def node(number: int, kind: str, **inputs: Any) -> Node:
        return Node(as_id(number), kind, inputs, _PLACES[number])

    imported = as_id(_IMPORT)
    wired = {
        name: Ref(imported, slot) for slot, name in enumerate(("settings", "loras", "controls"))
    }
    return [
        node(_CONNECT, CONNECT),
        node(_MODEL, LOAD_MODEL, server=Ref(as_id(_CONNECT), 0), model=model),
        node(_IMPORT, IMPORT, configuration=configuration),
        node(_GENERATE, GENERATE, model=Ref(as_id(_MODEL), 0), **wired, **widgets),
    ]
