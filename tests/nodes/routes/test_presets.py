"""Presets by the page and by the node: offered, taken, saved, shared."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from standin.stage import Stage, graph

from drawbridge.client.configuration import clipboard
from drawbridge.client.configuration.fields import LoRA
from drawbridge.client.configuration.preset import Preset
from drawbridge.client.store.presets import SavedPresets
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes import host

Ask = Callable[..., Awaitable[Any]]
Serve = Callable[..., Emulator]
QWEN = {"model": "qwen_image_2512_q6p.ckpt", "version": "qwen_image"}
Z = {"model": "z_image_turbo_1.0_q8p.ckpt", "version": "z_image"}
LIGHTNING = "Qwen Image 2512 with Lightning 4-Step v1.0"


def last_request(emulator: Emulator) -> Any:
    """Return what the server was asked last."""
    calls: list[Any] = emulator.journal.events("call", rpc="GenerateImage")
    return calls[-1]["request"]


async def test_what_goes_with_a_model_is_offered_in_order(ask: Ask) -> None:
    for name, model in (("mine", Z["model"]), ("any", ""), ("theirs", "other.ckpt")):
        text = json.dumps({"steps": 5, "model": model})
        assert (await ask("presets/save", name=name, text=text))["name"] == name
    told = (await ask("presets/list", **Z))["presets"]
    assert [(one["kind"], one["name"]) for one in told] == [
        *(("recommended", ""), ("own", "mine"), ("own", "any"), ("other", "theirs")),
    ]
    assert (told[0]["steps"], told[0]["guidance"]) == (8, 1)
    named = [one["name"] for one in (await ask("presets/list", **QWEN))["presets"]]
    assert LIGHTNING in named
    unknown = await ask("presets/list", model="x.ckpt", version="newer_than_this")
    assert [one["kind"] for one in unknown["presets"]] == ["own", "other", "other"]


async def test_preset_is_taken_with_loras_and_negative_prompt(ask: Ask) -> None:
    told = await ask("presets/take", name=LIGHTNING, **QWEN)
    assert (told["widgets"]["steps"], told["widgets"]["guidance"]) == (4, 1)
    assert told["widgets"]["sampler"] == "UniPC Trailing"
    [lora] = told["loras"]
    assert lora["file"] == "qwen_image_2512_lightning_4_step_v1.0_lora_f16.ckpt"
    assert lora["file"] in told["drops"]
    assert told["negative_prompt"]
    assert "seed" not in told["widgets"]
    best = await ask("presets/take", name="", **QWEN)
    assert (best["widgets"]["steps"], best["loras"]) == (30, [])
    assert best["negative_prompt"] == told["negative_prompt"]
    assert best["warnings"] == []
    plain = await ask("presets/take", name="", **Z)  # of another model, which has none
    assert plain["negative_prompt"] == ""
    assert told["negative_prompt"] in plain["stale"]
    unknown = await ask("presets/take", name="pigeon", **QWEN)
    assert unknown["error"]["kind"] == "RequestRejected"


async def test_what_a_file_loses_is_told_and_its_name_is_taken_where_it_has_none(ask: Ask) -> None:
    text = '{"steps": 5, "steps": 6, "loras": [{"file": "ink.ckpt", "name": "Ink"}]}'
    told = await ask("presets/save", text=text, otherwise="my file")
    assert (told["name"], told["names"]) == ("my file", ["my file"])
    assert ["steps more" in told["warnings"][0], "loras: name" in told["warnings"][1]] == [True] * 2
    text = '{"name": "Mine", "configuration": {"steps": 5}}'
    told = await ask("presets/save", text=text, otherwise="my file")
    assert (told["name"], told["warnings"]) == ("Mine", [])


async def test_saved_preset_is_shared_as_a_file_that_comes_back(ask: Ask) -> None:
    text = json.dumps({"steps": 7, "seed": 5, "loras": [{"file": "ink.ckpt", "weight": 0.4}]})
    await ask("presets/save", name="Ink", text=text, negative_prompt="grey")
    shared = await ask("presets/share", name="ink")
    assert clipboard.read(shared["text"]).values["steps"] == 7
    assert await ask("presets/remove", name="Ink") == {"names": []}
    again = await ask("presets/save", text=shared["text"])
    assert again == {"name": "Ink", "names": ["Ink"], "warnings": []}
    told = await ask("presets/take", name="Ink", **Z)
    assert (told["drops"], told["negative_prompt"]) == (None, "grey")
    assert told["loras"] == [{"file": "ink.ckpt", "weight": 0.4, "mode": "all"}]
    gone = await ask("presets/share", name="nobody")
    assert gone["error"]["kind"] == "RequestRejected"


async def test_preset_of_the_node_overrules_widgets(ask: Ask) -> None:
    step = {"type": "Drawbridge_RecommendedSettings", "values": {"preset": LIGHTNING}}
    generate = {"type": "Drawbridge_Generate", "values": {"steps": 20}}
    chains = {"settings": [step], "loras": [step], "controls": [step]}
    told = await ask("configuration/overruled", generate=generate, **chains, **QWEN)
    assert told["wins"]["steps"]["value"] == 4
    written = await ask("configuration/write", generate=generate, **chains, **QWEN)
    assert len(json.loads(written["text"])["loras"]) == 1


def test_node_gives_what_a_preset_says_by_the_api(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    saved = SavedPresets(host.user_folder())
    lora = LoRA("paper_cutout_zephyr_lora_f16.ckpt", 0.5)
    saved.put(Preset("Paper", {"steps": 3}, (lora,), "grey"))
    prompt = graph(emulator.port, settings=["preset", 0], loras=["preset", 7])
    prompt["generate"]["inputs"]["negative_prompt"] = ["preset", 9]
    prompt["preset"] = {
        "class_type": "Drawbridge_RecommendedSettings",
        "inputs": {"model": ["model", 0], "preset": "paper"},
    }
    for steps in (3, 4):
        outcome = stage.host.run(prompt)
        assert outcome.status == "success", (outcome.exception_message, outcome.node_errors)
        request = last_request(emulator)
        config = request["configuration"]
        assert (config["steps"], config["loras"][0]["file"]) == (steps, lora.file)
        assert request["negative_prompt"] == "grey"
        saved.put(Preset("Paper", {"steps": 4}, (lora,), "grey"))  # runs again with that
    prompt["preset"]["inputs"]["preset"] = "pigeon"
    assert stage.host.run(prompt).exception_type == "drawbridge.RequestRejected"
    prompt["preset"]["inputs"].pop("preset")
    assert stage.host.run(prompt).status == "success"
    request = last_request(emulator)
    assert (request["configuration"]["steps"], request["negative_prompt"]) == (8, "")
