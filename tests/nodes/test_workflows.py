"""Every shared workflow runs against a strict server, which receives what the workflow is about."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from standin.executor import Outcome
from standin.stage import Stage
from standin.workflow import to_prompt

from drawbridge.client.address import Address
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.client.store.servers import SavedServers
from drawbridge.devtools.shared_graphs import shared_graph, subjects
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes import host

Serve = Callable[..., Emulator]
NAMES = subjects()


def example() -> Image.Image:
    """Return a picture with a transparent disc: what Load Image gives as picture and mask."""
    rows, columns = np.mgrid[0:512, 0:512] / 511
    colours = np.stack([rows, columns, 1 - rows, np.ones_like(rows)], axis=-1)
    colours[(rows - 0.5) ** 2 + (columns - 0.5) ** 2 < 0.04, 3] = 0
    return Image.fromarray((colours * 255).astype(np.uint8), "RGBA")


@pytest.fixture
def run(serve: Serve, stage: Stage) -> Callable[[str], tuple[Outcome, list[Any]]]:
    """Execute a workflow; return how it ended and the requests that the server got."""

    def start(name: str) -> tuple[Outcome, list[Any]]:
        emulator = serve(strict=True, compression=False)  # which is for other tests, and takes long
        stage.put("example.png", example())
        workflow = json.loads(shared_graph(name).read_text(encoding="utf-8"))
        own = Server(Address("127.0.0.1", emulator.port), Transport.PLAINTEXT, name="mine")
        SavedServers(host.user_folder()).put(own)
        outcome = stage.host.run(to_prompt(workflow, stage.host.object_info()))
        assert outcome.status == "success", (outcome.exception_message, outcome.node_errors)
        calls = emulator.journal.events("call", rpc="GenerateImage")
        return outcome, [entry["request"] for entry in calls]

    return start


def configuration(requests: list[Any]) -> Any:
    [request] = requests
    return request["configuration"]


def pictures(outcome: Outcome) -> list[np.ndarray]:
    paths = [image["path"] for ui in outcome.ui.values() for image in ui.get("images", [])]
    return [np.asarray(Image.open(path).convert("RGB")) for path in paths]


def text_to_image(outcome: Outcome, requests: list[Any]) -> None:
    [picture] = pictures(outcome)
    assert picture.shape == (1024, 1024, 3)
    assert configuration(requests)["sampler"] == 17


def image_to_image(outcome: Outcome, requests: list[Any]) -> None:
    assert configuration(requests)["strength"] == pytest.approx(0.6)
    assert requests[0]["image"] is not None


def inpainting(outcome: Outcome, requests: list[Any]) -> None:
    config = configuration(requests)
    assert requests[0]["mask"] is not None
    assert (config["mask_blur"], config["mask_blur_outset"]) == (8.0, 16)
    [picture] = pictures(outcome)
    original = example().convert("RGB").resize((1024, 1024), Image.Resampling.BICUBIC)
    kept = np.abs(picture[:200].astype(int) - np.asarray(original, int)[:200])
    assert kept.mean() < 2  # far from the disc nothing has changed


def lora_stack(outcome: Outcome, requests: list[Any]) -> None:
    [lora] = configuration(requests)["loras"]
    assert lora["weight"] == pytest.approx(0.8)
    assert requests[0]["override"]["loras"] == [lora["file"]]


def controlnet(outcome: Outcome, requests: list[Any]) -> None:
    [control] = configuration(requests)["controls"]
    assert control["file"] == "controlnet_canny_1.x_v1.1_f16.ckpt"
    [hint] = requests[0]["hints"]
    assert (hint["type"], len(hint["tensors"])) == ("custom", 1)
    assert requests[0]["image"] is None


def moodboard(outcome: Outcome, requests: list[Any]) -> None:
    [hint] = requests[0]["hints"]
    assert (hint["type"], len(hint["tensors"])) == ("shuffle", 2)
    assert configuration(requests)["strength"] == 1


def edit_by_instruction(outcome: Outcome, requests: list[Any]) -> None:
    config = configuration(requests)
    assert requests[0]["image"] is not None
    assert (config["strength"], config["sampler"], config["steps"]) == (1, 17, 30)


def large_pictures(outcome: Outcome, requests: list[Any]) -> None:
    config = configuration(requests)
    assert (config["hires_fix"], config["hires_fix_start_width"]) == (True, 8)
    [picture] = pictures(outcome)
    assert picture.shape == (2048, 2048, 3)


def video(outcome: Outcome, requests: list[Any]) -> None:
    assert configuration(requests)["num_frames"] == 25
    [told] = [one for ui in outcome.ui.values() for one in ui.get("videos", [])]
    assert told == {"frames": 25, "fps": 25.0, "has_audio": True}


def several_prompts(outcome: Outcome, requests: list[Any]) -> None:
    prompts = [request["prompt"] for request in requests]
    assert prompts[0] == "a harbour at dawn, wide view, painted"
    assert [request["configuration"]["seed"] for request in requests] == [100, 101, 102]
    assert len(pictures(outcome)) == 3


def several_servers(outcome: Outcome, requests: list[Any]) -> None:
    """Both Connects say the same server here, which is used once."""
    assert [request["configuration"]["seed"] for request in requests] == [42, 43, 44, 45]
    assert len(pictures(outcome)) == 4


def settings_from_the_app(outcome: Outcome, requests: list[Any]) -> None:
    config = configuration(requests)
    assert (config["start_width"], config["start_height"]) == (12, 8)
    assert (config["seed"], config["shift"]) == (1234, 3)
    texts = [one for ui in outcome.ui.values() for one in ui.get("text", [])]
    assert [json.loads(text)["seed"] for text in texts] == [1234, 1234]  # exported, and shown


CHECKS = {
    check.__name__: check
    for check in (
        *(text_to_image, image_to_image, inpainting, lora_stack, controlnet, moodboard),
        *(edit_by_instruction, large_pictures, video, several_prompts, settings_from_the_app),
        several_servers,
    )
}
CHECKS |= {"app_text_to_image": text_to_image, "app_edit_by_instruction": edit_by_instruction}


@pytest.mark.parametrize("name", NAMES)
def test_workflow_does_what_it_is_about(
    run: Callable[[str], tuple[Outcome, list[Any]]], name: str
) -> None:
    CHECKS[name](*run(name))


@pytest.mark.parametrize("name", NAMES)
def test_workflow_has_a_note_and_a_thumbnail(name: str) -> None:
    workflow = json.loads(shared_graph(name).read_text(encoding="utf-8"))
    assert "MarkdownNote" in {node["type"] for node in workflow["nodes"]}
    with Image.open(shared_graph(name).with_suffix(".jpg")) as thumbnail:
        assert thumbnail.size == (400, 400)


def test_no_two_thumbnails_look_alike() -> None:
    small = {}
    for name in NAMES:
        with Image.open(shared_graph(name).with_suffix(".jpg")) as thumbnail:
            small[name] = np.asarray(thumbnail.convert("RGB").resize((16, 16)), float)
    for one, other in itertools.combinations(NAMES, 2):
        assert np.abs(small[one] - small[other]).mean() > 5, (one, other)


@pytest.mark.parametrize("name", [one for one in NAMES if one.startswith("app_")])
def test_app_shows_fields_and_results_that_are_there(stage: Stage, name: str) -> None:
    workflow = json.loads(shared_graph(name).read_text(encoding="utf-8"))
    nodes = {node["id"]: node["type"] for node in workflow["nodes"]}
    info = stage.host.object_info()
    shown = workflow["extra"]["linearData"]
    assert workflow["extra"]["linearMode"] is True
    for node, widget in shown["inputs"]:
        kinds = info[nodes[node]]["input"]
        assert widget in {**kinds.get("required", {}), **kinds.get("optional", {})}
    assert [nodes[node] for node in shown["outputs"]] == ["SaveImage"]


@pytest.mark.parametrize("name", NAMES)
def test_links_of_a_workflow_run_to_the_right(name: str) -> None:
    """Those that turn back loop around nodes, and what belongs together is hard to see."""
    workflow = json.loads(shared_graph(name).read_text(encoding="utf-8"))
    nodes = {node["id"]: node for node in workflow["nodes"]}
    for _, source, _, target, *_ in workflow["links"]:
        end = nodes[source]["pos"][0] + nodes[source]["size"][0]
        assert end < nodes[target]["pos"][0], (nodes[source]["type"], nodes[target]["type"])
