"""Every shared workflow runs against a strict server, which receives what the workflow is about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from standin.executor import Outcome
from standin.stage import Stage
from standin.workflow import to_prompt

from drawbridge.client.address import Address, Transport
from drawbridge.client.store.server import Server
from drawbridge.client.store.servers import SavedServers
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes import host

Serve = Callable[..., Emulator]
FOLDER = Path(__file__).resolve().parents[2] / "workflows"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


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
        emulator = serve(strict=True)
        stage.put("example.png", example())
        workflow = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
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


def instruction_edit(outcome: Outcome, requests: list[Any]) -> None:
    config = configuration(requests)
    assert requests[0]["image"] is not None
    assert (config["strength"], config["sampler"], config["steps"]) == (1, 17, 30)


def upscale_hires_fix(outcome: Outcome, requests: list[Any]) -> None:
    config = configuration(requests)
    assert (config["hires_fix"], config["hires_fix_start_width"]) == (True, 8)
    [picture] = pictures(outcome)
    assert picture.shape == (2048, 2048, 3)


def video(outcome: Outcome, requests: list[Any]) -> None:
    assert configuration(requests)["num_frames"] == 25
    [told] = [one for ui in outcome.ui.values() for one in ui.get("videos", [])]
    assert told == {"frames": 25, "fps": 25.0, "has_audio": True}


def prompt_batch(outcome: Outcome, requests: list[Any]) -> None:
    prompts = [request["prompt"] for request in requests]
    assert prompts[0] == "a harbour at dawn, wide view, painted"
    assert [request["configuration"]["seed"] for request in requests] == [100, 101, 102]
    assert len(pictures(outcome)) == 3


def configuration_import(outcome: Outcome, requests: list[Any]) -> None:
    config = configuration(requests)
    assert (config["start_width"], config["start_height"]) == (12, 8)
    assert (config["seed"], config["shift"]) == (1234, 3)
    texts = [one for ui in outcome.ui.values() for one in ui.get("text", [])]
    assert [json.loads(text)["seed"] for text in texts] == [1234, 1234]  # exported, and shown


CHECKS = {
    check.__name__: check
    for check in (
        *(text_to_image, image_to_image, inpainting, lora_stack, controlnet, moodboard),
        *(instruction_edit, upscale_hires_fix, video, prompt_batch, configuration_import),
    )
}


@pytest.mark.parametrize("name", NAMES)
def test_workflow_does_what_it_is_about(
    run: Callable[[str], tuple[Outcome, list[Any]]], name: str
) -> None:
    CHECKS[name](*run(name))


@pytest.mark.parametrize("name", NAMES)
def test_workflow_has_a_note_and_a_thumbnail(name: str) -> None:
    workflow = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert "MarkdownNote" in {node["type"] for node in workflow["nodes"]}
    with Image.open(FOLDER / f"{name}.jpg") as thumbnail:
        assert max(thumbnail.size) == 400


@pytest.mark.parametrize("name", NAMES)
def test_links_of_a_workflow_run_to_the_right(name: str) -> None:
    """Those that turn back loop around nodes, and what belongs together is hard to see."""
    workflow = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    nodes = {node["id"]: node for node in workflow["nodes"]}
    for _, source, _, target, *_ in workflow["links"]:
        end = nodes[source]["pos"][0] + nodes[source]["size"][0]
        assert end < nodes[target]["pos"][0], (nodes[source]["type"], nodes[target]["type"])
