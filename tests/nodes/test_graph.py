"""A whole graph: what it makes, when it makes it again, and what it shows on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from standin.stage import Stage, graph

from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS

Serve = Callable[..., Emulator]


def requests(emulator: Emulator) -> list[Any]:
    return [entry["request"] for entry in emulator.journal.events("call", rpc="GenerateImage")]


def test_graph_saves_the_picture_that_the_server_made(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    outcome = stage.host.run(graph(emulator.port))
    assert outcome.status == "success", outcome.exception_message
    [path] = stage.pictures
    with Image.open(path) as picture:
        assert picture.size == (128, 192)
        assert np.asarray(picture).std() > 5
    images, *_ = outcome.outputs["generate"]
    assert tuple(images[0].shape) == (1, 192, 128, 3)
    assert float(images[0].min()) >= 0
    assert float(images[0].max()) <= 1


def test_request_says_what_the_widgets_say(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    stage.host.run(
        graph(
            emulator.port,
            prompt="dunes",
            negative_prompt="people",
            width=256,
            height=128,
            steps=5,
            guidance=3.5,
            seed=4294967295,
            sampler="Euler A Trailing",
            shift=2.5,
            batch_size=2,
        )
    )
    [request] = requests(emulator)
    assert (request["prompt"], request["negative_prompt"]) == ("dunes", "people")
    sent = request["configuration"]
    assert (sent["start_width"], sent["start_height"]) == (4, 2)
    assert (sent["steps"], sent["guidance_scale"], sent["seed"]) == (5, 3.5, 4294967295)
    assert (sent["shift"], sent["resolution_dependent_shift"]) == (2.5, False)
    assert (sent["sampler"], sent["batch_size"], sent["strength"]) == (10, 2, 1.0)
    assert sent["model"] == "z_image_turbo_1.0_q8p.ckpt"


@pytest.mark.parametrize(
    ("version", "sampler"), [("z_image", 17), ("v1", 12), ("auraflow", 17), ("ssd_1b", 12)]
)
def test_automatic_sampler_fits_the_model(
    serve: Serve, stage: Stage, version: str, sampler: int
) -> None:
    emulator = serve(strict=True)
    outcome = stage.host.run(graph(emulator.port, model=model_of(version)))
    assert outcome.status == "success", outcome.exception_message
    [request] = requests(emulator)
    assert request["configuration"]["sampler"] == sampler


def model_of(version: str) -> str:
    return next(str(spec["file"]) for spec in MODELS if spec["version"] == version)


def test_unchanged_graph_generates_nothing_again(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    stage.host.run(graph(emulator.port))
    again = stage.host.run(graph(emulator.port))
    assert (again.status, again.executed) == ("success", [])
    assert len(requests(emulator)) == 1


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"prompt": "dunes"},
            {"negative_prompt": "fog"},
            {"width": 192},
            {"steps": 3},
            {"seed": 8},
        ),
        *({"guidance": 2.0}, {"sampler": "DDIM Trailing"}, {"shift": 1.5}, {"batch_size": 2}),
    ],
    ids=lambda change: next(iter(change)),
)
def test_changed_input_generates_again(serve: Serve, stage: Stage, change: dict[str, Any]) -> None:
    emulator = serve()
    stage.host.run(graph(emulator.port))
    outcome = stage.host.run(graph(emulator.port, **change))
    assert outcome.status == "success", outcome.exception_message
    assert len(requests(emulator)) == 2


def test_seed_decides_the_picture(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    for seed in (1, 2, 1):
        stage.host.run(graph(emulator.port, seed=seed))
    first, second, third = (path.read_bytes() for path in stage.pictures)
    pixels = [np.asarray(Image.open(path)) for path in stage.pictures]
    assert first != second
    assert third != b""
    assert np.array_equal(pixels[0], pixels[2])
    assert not np.array_equal(pixels[0], pixels[1])


def test_batch_comes_back_whole(serve: Serve, stage: Stage) -> None:
    outcome = stage.host.run(graph(serve().port, batch_size=4))
    assert outcome.status == "success"
    pixels = [np.asarray(Image.open(path)) for path in stage.pictures]
    assert len(pixels) == 4
    assert not np.array_equal(pixels[0], pixels[3])


def test_video_model_gives_its_frames(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    outcome = stage.host.run(graph(emulator.port, model=model_of("wan_v2.1_1.3b"), height=128))
    assert outcome.status == "success", outcome.exception_message
    images, *_ = outcome.outputs["generate"]
    assert len(images[0]) == 81


@pytest.mark.parametrize(
    ("options", "levels"),
    [({"compression": False}, 0), ({"float32": True}, 1)],  # float32 carries what lies between
    ids=["raw", "float32"],
)
def test_picture_is_the_same_however_it_travels(
    serve: Serve, stage: Stage, options: dict[str, Any], levels: int
) -> None:
    stage.host.run(graph(serve().port))
    stage.host.run(graph(serve(**options).port))
    first, second = (np.asarray(Image.open(path), np.int16) for path in stage.pictures)
    assert np.abs(first - second).max() <= levels


def test_tls_with_an_authority_of_ones_own_works(serve: Serve, stage: Stage, tmp_path: Any) -> None:
    emulator = serve(tls=True)
    path = tmp_path / "root.pem"
    path.write_bytes(emulator.certificate)
    for certificate in (str(path), emulator.certificate.decode()):
        outcome = stage.host.run(
            graph(emulator.port, transport="own certificate authority", certificate=certificate)
        )
        assert outcome.status == "success", outcome.exception_message


def test_progress_rises_to_the_servers_total(serve: Serve, stage: Stage) -> None:
    stage.host.run(graph(serve().port, steps=6))
    told = stage.told("progress", node="generate")
    values = [one["value"] / one["max"] for one in told]
    assert values == sorted(values)
    assert values[-1] == 1
    assert {one["max"] for one in told} == {6}
    assert len(set(values)) > 6


def test_previews_look_more_and_more_like_the_picture(serve: Serve, stage: Stage) -> None:
    outcome = stage.host.run(graph(serve(step_ms=30).port, steps=8, width=256, height=256))
    final = Image.open(stage.pictures[0])
    previews = [one["image"] for one in stage.told("preview", node="generate")]
    assert len(previews) >= 2
    errors = []
    for preview in (previews[0], previews[-1]):
        small = np.asarray(final.resize(preview.size, Image.Resampling.BOX), np.float32)
        errors.append(np.abs(np.asarray(preview, np.float32) - small).mean())
    assert errors[-1] < errors[0]
    assert errors[-1] < 20
    assert outcome.status == "success"


def test_words_say_what_happens(serve: Serve, stage: Stage) -> None:
    from server import PromptServer

    PromptServer.instance.texts.clear()
    stage.host.run(graph(serve().port, steps=3))
    words = [text for node, text in PromptServer.instance.texts if node == "generate"]
    assert words[0] == "Waiting for the server"
    assert "Sampling 2 of 3" in words
    assert "Decoding" in words
    assert words[-1] == "Done"


def test_two_generates_share_the_server(serve: Serve, stage: Stage) -> None:
    emulator = serve(step_ms=20)
    prompt = graph(emulator.port)
    second = graph(emulator.port, seed=99, filename_prefix="other")
    prompt["generate2"] = {**second["generate"]}
    prompt["save2"] = {
        **second["save"],
        "inputs": {"images": ["generate2", 0], "filename_prefix": "other"},
    }
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert len(stage.pictures) == 2
    starts = [
        entry["event"] for entry in emulator.journal if entry["event"] in ("started", "finished")
    ]
    assert starts == ["started", "finished"] * 2
    for node in ("generate", "generate2"):
        assert stage.told("progress", node=node)[-1]["value"] == 4


def test_second_prompt_after_the_first_opens_its_own_channel(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    before = threading.active_count()
    for seed in range(5):
        assert stage.host.run(graph(emulator.port, seed=seed)).status == "success"
    emulator.stop()
    assert threading.active_count() <= before + 2
