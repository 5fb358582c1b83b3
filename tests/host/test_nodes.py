"""Our nodes in the real ComfyUI, through POST /prompt, with an emulated server at the other end."""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from standin.executor import Host
from standin.stage import graph
from standin.workflow import to_prompt

import drawbridge
from drawbridge.devtools.comfyui.host import Ending, Outcome, PromptRejected, RealComfyUI
from drawbridge.devtools.shared_graphs import shared_graph
from drawbridge.emulator.server.server import Emulator, Options
from drawbridge.nodes import NODES
from drawbridge.nodes.generating.finished_pictures import SHOWN

PLUGIN_VARIABLE = "OFFICIAL_PLUGIN_PATH"


@pytest.fixture
def serve() -> Iterator[Callable[..., Emulator]]:
    """Start emulators with the options given; they end with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Emulator(Options(**options)))


Serve = Callable[..., Emulator]


def generations(emulator: Emulator) -> int:
    return len(emulator.journal.events("call", rpc="GenerateImage"))


def test_every_node_is_listed_with_its_words(comfyui: RealComfyUI) -> None:
    assert [line for line in comfyui.load_failures if "rawbridge" in line] == []
    ours = {
        name: info for name, info in comfyui.object_info().items() if name.startswith("Drawbridge_")
    }
    assert set(ours) == {node.GET_SCHEMA().node_id for node in NODES}
    for info in ours.values():
        assert info["category"] in ("Draw Things", "Draw Things/Settings")
        assert info["description"]
        for kind in ("required", "optional"):
            for _, options in info["input"].get(kind, {}).values():
                assert options["tooltip"].endswith("."), info["name"]


def test_shared_workflow_makes_the_same_picture_as_in_the_stand_in(
    comfyui: RealComfyUI, serve: Serve, tmp_path: Path
) -> None:
    workflow = json.loads(shared_graph("text_to_image").read_text(encoding="utf-8"))
    emulator = serve(strict=True)

    async def nodes() -> list[Any]:
        return await (await drawbridge.comfy_entrypoint()).get_node_list()

    standin = Host(asyncio.run(nodes()), tmp_path)
    prompts = [to_prompt(workflow, info()) for info in (comfyui.object_info, standin.object_info)]
    assert prompts[0] == prompts[1]
    for prompt in prompts:
        address = {"host": "127.0.0.1", "port": emulator.port, "transport": "plaintext"}
        prompt["1"]["inputs"].update(address)
    outcome = comfyui.run(prompts[0])
    assert outcome.ending is Ending.SUCCESS, outcome.message
    there = standin.run(prompts[1])
    assert there.status == "success", there.exception_message
    real = np.asarray(Image.open(outcome.files[0]))
    assert real.shape == (1024, 1024, 3)
    assert np.array_equal(real, np.asarray(Image.open(there.ui["4"]["images"][0]["path"])))


def test_progress_and_previews_reach_the_page(comfyui: RealComfyUI, serve: Serve) -> None:
    outcome = comfyui.run(graph(serve(step_ms=40).port, steps=6, seed=1))
    assert outcome.ending is Ending.SUCCESS, outcome.message
    bars = [
        (event.data["value"] / event.data["max"], event.data["max"])
        for event in outcome.events
        if event.type == "progress" and event.data["node"] == "generate"
    ]
    values = [value for value, _ in bars]
    assert values == sorted(values)
    assert values[-1] == 1
    assert {total for _, total in bars} == {6}
    assert outcome.previews
    assert {event.data["node_id"] for event in outcome.previews} == {"generate"}
    words = [event.data["text"] for event in outcome.events if event.type == "text"]
    assert "Sampling 3 of 6" in words


def test_second_prompt_reuses_what_did_not_change(comfyui: RealComfyUI, serve: Serve) -> None:
    emulator = serve()
    assert comfyui.run(graph(emulator.port, seed=2)).ending is Ending.SUCCESS
    again = comfyui.run(graph(emulator.port, seed=2))
    assert (again.ending, again.executed) == (Ending.SUCCESS, ())
    changed = comfyui.run(graph(emulator.port, seed=3))
    assert (changed.ending, changed.executed) == (Ending.SUCCESS, ("generate", "save"))
    assert generations(emulator) == 2


def test_finished_picture_is_told_also_when_nothing_ran(comfyui: RealComfyUI, serve: Serve) -> None:
    """A page that was opened again has forgotten it, and is told by the next prompt, where the host
    keeps what nodes between have shown.
    """
    prompt = graph(serve().port, seed=4)
    outcomes = [comfyui.run(prompt)]
    prompt["save"]["inputs"]["filename_prefix"] = "again"
    outcomes.append(comfyui.run(prompt))
    assert outcomes[1].executed == ("save",)
    [name] = outcomes[0].outputs["generate"][SHOWN]
    keeps = comfyui.object_info()["Drawbridge_Generate"].get("has_intermediate_output")
    for outcome in outcomes if keeps else outcomes[:1]:
        told = [event.data for event in outcome.events if event.type == "executed"]
        assert [name] in [one["output"][SHOWN] for one in told if one["node"] == "generate"]
    [saved] = outcomes[0].files
    picture = np.asarray(Image.open(saved), np.int16)
    last = np.asarray(Image.open(io.BytesIO(outcomes[0].previews[-1].picture)), np.int16)
    kept = np.asarray(Image.open(comfyui.base / "temp" / name), np.int16)
    assert np.abs(kept - picture).mean() < 4
    assert np.abs(last - picture).mean() < 4


@pytest.mark.parametrize(
    ("options", "event"),
    [
        ({"faults": ("silent:1",)}, "call"),
        ({"step_ms": 100}, "step"),
        ({"step_ms": 3000}, "started"),
    ],
    ids=["silent", "sampling", "long step"],
)
def test_interruption_stops_node_and_server_and_the_next_prompt_works(
    comfyui: RealComfyUI, serve: Serve, options: dict[str, Any], event: str
) -> None:
    emulator = serve(**options)
    prompt_id = comfyui.submit(graph(emulator.port, steps=50))
    emulator.journal.wait_for(
        lambda entry: entry["event"] == event and entry.get("rpc") in (None, "GenerateImage")
    )
    comfyui.interrupt(prompt_id)
    outcome = comfyui.wait(prompt_id)
    assert outcome.ending is Ending.INTERRUPTED
    assert outcome.node_type == "Drawbridge_Generate"
    emulator.journal.wait_for_event("cancelled")
    assert comfyui.run(graph(serve().port, steps=2)).ending is Ending.SUCCESS


def test_two_generates_share_the_server(comfyui: RealComfyUI, serve: Serve) -> None:
    emulator = serve(step_ms=10)
    prompt = graph(emulator.port, seed=4)
    inputs = {**prompt["generate"]["inputs"], "seed": 5}
    prompt["generate2"] = {"class_type": "Drawbridge_Generate", "inputs": inputs}
    prompt["save2"] = {
        "class_type": "SaveImage",
        "inputs": {"images": ["generate2", 0], "filename_prefix": "second"},
    }
    outcome = comfyui.run(prompt)
    assert outcome.ending is Ending.SUCCESS, outcome.message
    assert len(outcome.files) == 2
    assert generations(emulator) == 2


def failed(outcome: Outcome) -> tuple[str | None, str | None]:
    assert outcome.ending is Ending.ERROR
    return outcome.node_id, outcome.exception_type


def test_error_is_shown_at_the_node_that_caused_it(comfyui: RealComfyUI, serve: Serve) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = taken.getsockname()[1]
    outcome = comfyui.run(graph(closed))
    assert failed(outcome) == ("connect", "drawbridge.ServerUnreachable")
    assert outcome.message is not None
    assert f"Nothing listens at 127.0.0.1:{closed}.\n\nIn Draw Things" in outcome.message
    emulator = serve(faults=("nan-pixels:1",))
    prompt = graph(emulator.port, seed=6)
    assert failed(comfyui.run(prompt)) == ("generate", "drawbridge.GenerationFailed")
    assert comfyui.run(prompt).ending is Ending.SUCCESS


def test_draw_things_certificate_is_at_hand_in_comfyui(comfyui: RealComfyUI, serve: Serve) -> None:
    emulator = serve(tls=True)  # with another authority's certificate
    outcome = comfyui.run(graph(emulator.port, transport="Draw Things certificate"))
    assert failed(outcome) == ("connect", "drawbridge.TlsMismatch")
    assert "does not trust" in str(outcome.message)


@pytest.mark.parametrize(
    ("inputs", "node", "name"),
    [
        ({"width": 0}, "generate", "width"),
        ({"steps": 0}, "generate", "steps"),
        ({"model": ""}, "model", "model"),
        ({"host": "mac local"}, "connect", "host"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_bad_value_is_rejected_at_its_field(
    comfyui: RealComfyUI, inputs: dict[str, Any], node: str, name: str
) -> None:
    with pytest.raises(PromptRejected) as caught:
        comfyui.submit(graph(7859, **inputs))
    errors = caught.value.node_errors[node]["errors"]
    assert name in {error["extra_info"]["input_name"] for error in errors}


def test_secret_stays_on_this_computer(comfyui: RealComfyUI, serve: Serve) -> None:
    secret = "open sesame"
    emulator = serve(secret=secret)
    outcome = comfyui.run(graph(emulator.port, credential="host_tests", seed=10))
    assert outcome.ending is Ending.SUCCESS, outcome.message
    wrong = comfyui.run(graph(serve(secret="another").port, credential="host_tests"))
    assert failed(wrong) == ("connect", "drawbridge.SecretRejected")
    for shown in (outcome, wrong):
        assert secret not in json.dumps(comfyui.history(shown.prompt_id))
        assert secret not in repr(shown)
    assert secret.encode() not in outcome.files[0].read_bytes()
    assert secret not in comfyui.log


@pytest.mark.skipif(
    not os.environ.get(PLUGIN_VARIABLE), reason=f"{PLUGIN_VARIABLE} names no official plugin"
)
@pytest.mark.parametrize("folder", ["aaa official", "zzz official"], ids=["before us", "after us"])
def test_official_plugin_lives_beside_us(
    make_comfyui: Callable[..., RealComfyUI], serve: Serve, tmp_path: Path, folder: str
) -> None:
    plugin = tmp_path / folder
    plugin.symlink_to(Path(os.environ[PLUGIN_VARIABLE]).absolute(), target_is_directory=True)
    with make_comfyui(packs=[plugin]) as running:
        assert running.load_failures == ()
        assert "DrawThingsSampler" in running.object_info()
        outcome = running.run(graph(serve().port))
    assert outcome.ending is Ending.SUCCESS, outcome.message
