"""The settings nodes in the real ComfyUI: what a person pastes, sets and copies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drawbridge.client.configuration import clipboard
from drawbridge.client.configuration.fields import GenerationConfig, LoRA
from drawbridge.devtools.comfyui.host import Ending, PromptRejected, RealComfyUI
from drawbridge.nodes import NODES
from drawbridge.nodes.settings.fields import SettingsNode

SETTINGS = [node for node in NODES if issubclass(node, SettingsNode)]


def exporting(last: str, nodes: dict[str, dict[str, Any]], **links: Any) -> dict[str, Any]:
    export = {
        "class_type": "Drawbridge_ExportConfiguration",
        "inputs": {"settings": [last, 0], **links},
    }
    return {**nodes, "export": export}


def importing(text: str) -> dict[str, Any]:
    return {
        "class_type": "Drawbridge_ImportConfiguration",
        "inputs": {"configuration": text, "use_seed": True},
    }


def test_fresh_settings_nodes_in_a_row_change_nothing(comfyui: RealComfyUI) -> None:
    info = comfyui.object_info()
    nodes: dict[str, dict[str, Any]] = {}
    for number, node in enumerate(SETTINGS):
        kind = node.GET_SCHEMA().node_id
        required = info[kind]["input"]["required"]
        inputs: dict[str, Any] = {name: spec[1]["default"] for name, spec in required.items()}
        if number:
            inputs["settings"] = [str(number - 1), 0]
        nodes[str(number)] = {"class_type": kind, "inputs": inputs}
    outcome = comfyui.run(exporting(str(len(SETTINGS) - 1), nodes))
    assert outcome.ending is Ending.SUCCESS, outcome.message
    [text] = outcome.outputs["export"]["text"]
    assert json.loads(text) == clipboard.to_object(GenerationConfig())


def test_configuration_comes_out_as_it_went_in(comfyui: RealComfyUI) -> None:
    config = GenerationConfig(steps=28, shift=3.16, clip_l_text="Düne", loras=(LoRA("a", 0.8),))
    text = clipboard.write(config, {"shiftForAudio": 3})
    nodes = {"import": importing(text)}
    links = {"loras": ["import", 1], "controls": ["import", 2], "other_keys": ["import", 8]}
    outcome = comfyui.run(exporting("import", nodes, **links))
    assert outcome.ending is Ending.SUCCESS, outcome.message
    assert outcome.outputs["export"]["text"] == [text]


def test_negative_seed_is_drawn_at_every_run(comfyui: RealComfyUI) -> None:
    prompt = exporting("import", {"import": importing('{"seed": -1}')})
    texts = [comfyui.run(prompt).outputs["export"]["text"][0] for _ in range(2)]
    assert json.loads(texts[0])["seed"] != json.loads(texts[1])["seed"]


def test_what_cannot_be_is_said_at_the_field(comfyui: RealComfyUI) -> None:
    first = {"class_type": "Drawbridge_ImportConfiguration"}
    inputs = {"configuration": " ", "use_seed": True}
    with pytest.raises(PromptRejected) as caught:
        comfyui.run(exporting("first", {"first": {**first, "inputs": inputs}}))
    assert "There is no configuration." in str(caught.value.node_errors)
