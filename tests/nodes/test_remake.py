"""A PNG of the command line brings a graph, and the graph makes the picture again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from standin.stage import Stage

from drawbridge.cli.main import main
from drawbridge.client.address import Address
from drawbridge.client.configuration import clipboard, picture_file
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.client.store.servers import SavedServers
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes.host import user_folder

Serve = Callable[..., Emulator]
MODEL = "sd_v1.5_f16.ckpt"
LORA = "watercolour_v1_lora_f16.ckpt"


@pytest.fixture
def generate(
    serve: Serve, stage: Stage, tmp_path: Path
) -> Callable[..., tuple[Emulator, list[Path]]]:
    """Generate with the command line at what is the default server of the nodes, too."""

    def run(*options: object, **emulated: Any) -> tuple[Emulator, list[Path]]:
        emulator = serve(**emulated)
        address = Address("127.0.0.1", emulator.port)
        servers = SavedServers(user_folder())
        servers.put(Server(address, Transport.PLAINTEXT, name="own"))
        out = tmp_path / "out.png"
        where = ("--port", emulator.port, "--transport", "plaintext", "-o", out)
        given = [str(one) for one in ("generate", *options, *where)]
        assert main(given) == 0
        return emulator, sorted(tmp_path.glob("out*.png"))

    return run


def texts(path: Path) -> dict[str, Any]:
    with Image.open(path) as picture:
        picture.load()
        return dict(picture.info)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_graph_in_a_picture_makes_it_again(
    stage: Stage, generate: Callable[..., tuple[Emulator, list[Path]]]
) -> None:
    words = ("--prompt", 'a lake, "dawn"\n夜', "--negative-prompt", "fog")
    numbers = ("--width", 192, "--height", 128, "--steps", 3, "--seed", 4294967295)
    more = ("--lora", LORA, 0.7, "--set", "sharpness=2", "--batch-count", 2)
    emulator, [first, second] = generate("--model", MODEL, *words, *numbers, *more)
    for path in (first, second):
        outcome = stage.host.run(json.loads(texts(path)["prompt"]))
        assert outcome.status == "success", (outcome.exception_message, outcome.node_errors)
        assert np.array_equal(pixels(stage.pictures[-1]), pixels(path))
    calls: list[Any] = emulator.journal.events("call", rpc="GenerateImage")
    one, two, again, twice = (entry["request"] for entry in calls)
    for before, after in ((one, again), (two, twice)):
        assert before["configuration"] == after["configuration"]
        assert (before["prompt"], before["negative_prompt"]) == (
            *(after["prompt"], after["negative_prompt"]),
        )
    assert two["configuration"]["seed"] == 0


def test_both_forms_say_the_same_and_nobodys_address(
    generate: Callable[..., tuple[Emulator, list[Path]]], tmp_path: Path
) -> None:
    image = tmp_path / "photo.png"
    Image.new("RGB", (128, 128), (90, 120, 30)).save(image)
    options = ("--prompt", "a lake", "--width", 128, "--height", 128, "--steps", 3)
    emulator, [path] = generate(*("--model", MODEL, *options, "--image", image, "--strength", 0.5))
    told = texts(path)
    workflow, prompt = json.loads(told["workflow"]), json.loads(told["prompt"])
    assert {str(node["id"]): node["type"] for node in workflow["nodes"] if node["id"] != 6} == {
        key: node["class_type"] for key, node in prompt.items()
    }
    [note] = [node for node in workflow["nodes"] if node["type"] == "Note"]
    assert "an image" in note["widgets_values"][0]
    text = told["workflow"] + told["prompt"]
    assert str(emulator.port) not in text
    assert "127.0.0.1" not in text
    written = prompt["3"]["inputs"]["configuration"]
    app = clipboard.read(picture_file.description(path.read_bytes()))
    assert clipboard.read(written).values == app.values


def test_nothing_is_told_where_that_is_wished(
    generate: Callable[..., tuple[Emulator, list[Path]]],
) -> None:
    options = ("--prompt", "a lake", "--width", 128, "--height", 128, "--steps", 3)
    _, [path] = generate("--model", MODEL, *options, "--no-metadata")
    assert texts(path) == {}
