"""Configurations from the app into a graph and back: no value is lost on the way.

tests/vectors/app_configurations.json has a line for each, written by us after what people have; a
`whole` one has every key that the app copies, those of the first line where it says no other.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from standin.stage import Stage

from drawbridge.client.configuration.json_keys import KEYS
from drawbridge.nodes.lora import ROWS

Ask = Callable[..., Awaitable[Any]]
FILE = Path(__file__).resolve().parents[2] / "vectors" / "app_configurations.json"
BASE, *SHAPES = json.loads(FILE.read_text(encoding="utf-8"))
UNLIKE_ANY = "no value says this"


def text_of(shape: dict[str, Any]) -> str:
    base = BASE["configuration"] if shape.get("whole") else {}
    return json.dumps({**base, **shape["configuration"]}, ensure_ascii=False)


def lost(before: str, after: str) -> dict[str, tuple[Any, Any]]:
    """Return what a text said and the other says otherwise, by key."""
    said, told = json.loads(before), json.loads(after)
    for one in (said, told):
        for key in {"loras", "controls"} & one.keys():
            one[key] = sorted(one[key], key=lambda entry: entry["file"])
    return {
        key: (value, told.get(key, UNLIKE_ANY))
        for key, value in said.items()
        if told.get(key, UNLIKE_ANY) != value
    }


def pasted(found: dict[str, Any], version: str) -> dict[str, Any]:
    """Return the graph that the page makes of a configuration, as it would describe it."""
    placed = [lora for lora in found["loras"] if lora["weight"]][:ROWS]
    rest = json.loads(found["rest_text"] or "{}")
    beside = [lora for lora in found["loras"] if lora not in placed]
    if beside:
        rest["loras"] = beside
    rows = {
        f"{name}_{number}": lora[key]
        for number, lora in enumerate(placed, 1)
        for name, key in (("lora", "file"), ("weight", "weight"), ("mode", "mode"))
    }
    stack = {"type": "Drawbridge_LoRAStack", "values": rows}
    imported = {
        "type": "Drawbridge_ImportConfiguration",
        "values": {"configuration": json.dumps(rest), "use_seed": True},
    }
    others = [imported] if rest else []
    return {
        "generate": {"type": "Drawbridge_Generate", "values": found["widgets"]},
        "model": found["model"],
        "version": version,
        "settings": others,
        "loras": [stack, *others],
        "controls": others,
        "kept": found["kept_text"],
    }


def test_there_are_shapes_enough_and_every_key_is_in_one() -> None:
    assert len(SHAPES) >= 50
    assert len({shape["name"] for shape in SHAPES}) == len(SHAPES)
    changed = {key for shape in SHAPES for key in shape["configuration"]}
    assert KEYS.keys() - changed == {"id", "expandPromptToJson"}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape["name"])
async def test_pasted_and_copied_again(ask: Ask, shape: dict[str, Any]) -> None:
    text, version = text_of(shape), shape["version"]
    found = await ask("configuration/read", text=text, version=version)
    assert "error" not in found
    told = await ask("configuration/write", **pasted(found, version))
    assert lost(text, told["text"]) == {}


def test_imported_and_exported_again(stage: Stage) -> None:
    """The nodes alone; the model's name goes to Load Model, which asks a server."""
    prompt: dict[str, Any] = {}
    for number, shape in enumerate(SHAPES):
        text = text_of({**shape, "configuration": {**shape["configuration"], "model": ""}})
        prompt[f"import {number}"] = {
            "class_type": "Drawbridge_ImportConfiguration",
            "inputs": {"configuration": text, "use_seed": True},
        }
        parts = {"settings": 0, "loras": 1, "controls": 2, "other_keys": 8}
        prompt[f"export {number}"] = {
            "class_type": "Drawbridge_ExportConfiguration",
            "inputs": {name: [f"import {number}", slot] for name, slot in parts.items()},
        }
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", (outcome.exception_message, outcome.node_errors)
    for number, shape in enumerate(SHAPES):
        [[exported]] = outcome.outputs[f"export {number}"]
        text = prompt[f"import {number}"]["inputs"]["configuration"]
        gone = lost(text, exported)
        gone.pop("model", None)
        assert gone == {}, shape["name"]
