"""Pictures, masks, LoRAs and settings that are wired into Generate reach the server right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from server import PromptServer
from standin.stage import Stage, given, graph

from drawbridge.client.configuration.fields import LoRA
from drawbridge.codec.fit import Fit
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS
from drawbridge.nodes import generate
from drawbridge.nodes.records import Settings

Serve = Callable[..., Emulator]


def picture(width: int = 128, height: int = 192, channels: int = 3, count: int = 1) -> torch.Tensor:
    torch.manual_seed(width * height)
    return torch.rand(count, height, width, channels)


def half(width: int = 128, height: int = 192) -> torch.Tensor:
    mask = torch.zeros(1, height, width)
    mask[:, :, width // 2 :] = 1
    return mask


def sent(emulator: Emulator) -> list[Any]:
    return [entry["request"] for entry in emulator.journal.events("call", rpc="GenerateImage")]


def model_of(version: str, **values: str) -> str:
    return next(
        str(spec["file"])
        for spec in MODELS
        if spec["version"] == version and values.items() <= spec.items()
    )


def test_choices_are_those_of_the_codec() -> None:
    assert [fit.value for fit in Fit] == list(generate.FITS)


def test_image_is_sent_in_the_size_of_the_result(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    outcome = stage.host.run(graph(emulator.port, image=picture(300, 200), strength=0.5))
    assert outcome.status == "success", outcome.exception_message
    [request] = sent(emulator)
    [blob] = request["contents"]
    assert blob["shape"] == [1, 192, 128, 3]
    assert request["image"] == {"sha256": blob["sha256"]}
    assert request["configuration"]["strength"] == 0.5
    assert request["scale_factor"] == 1


@pytest.mark.parametrize("fit", generate.FITS)
def test_image_is_fitted_as_chosen(serve: Serve, stage: Stage, fit: str) -> None:
    outcome = stage.host.run(
        graph(serve(strict=True).port, image=picture(64, 64), strength=0.5, fit=fit)
    )
    assert outcome.status == "success", outcome.exception_message


def test_each_picture_of_a_batch_makes_a_request_in_order(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    batch = torch.stack([torch.full((192, 128, 3), level) for level in (0.1, 0.5, 0.9)])
    outcome = stage.host.run(graph(emulator.port, image=batch, strength=0.2, seed=4294967294))
    assert outcome.status == "success", outcome.exception_message
    means = [float(image.mean()) for image in outcome.outputs["generate"][0][0]]
    assert means == sorted(means)
    seeds = [request["configuration"]["seed"] for request in sent(emulator)]
    assert seeds == [4294967294, 4294967295, 0]
    assert outcome.outputs["generate"][5] == seeds


def test_batch_count_counts_the_seed_up(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    outcome = stage.host.run(graph(emulator.port, batch_count=3, batch_size=2, seed=5))
    assert outcome.status == "success", outcome.exception_message
    assert [request["configuration"]["seed"] for request in sent(emulator)] == [5, 6, 7]
    assert len(outcome.outputs["generate"][0][0]) == 6
    values = [one["value"] / one["max"] for one in stage.told("progress", node="generate")]
    assert values == sorted(values)
    assert values[-1] == 1


def test_seed_of_64_bits_is_brought_to_32(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    settings = Settings().with_values(seed=(1 << 40) + 4294967295)
    outcome = stage.host.run(graph(emulator.port, batch_count=2, settings=settings))
    assert outcome.status == "success", outcome.exception_message
    assert [one["configuration"]["seed"] for one in sent(emulator)] == [4294967295, 0]


@pytest.mark.parametrize(("content", "kind"), [(generate.AT_STRENGTH, 2), (generate.FROM_NOISE, 1)])
def test_mask_becomes_kinds(serve: Serve, stage: Stage, content: str, kind: int) -> None:
    emulator = serve(strict=True)
    outcome = stage.host.run(
        graph(emulator.port, image=picture(), mask=half(), strength=0.8, masked_content=content)
    )
    assert outcome.status == "success", outcome.exception_message
    [request] = sent(emulator)
    blob = next(one for one in request["contents"] if one["sha256"] == request["mask"]["sha256"])
    assert (blob["shape"], blob["datatype"]) == ([192, 128], 0x1000)
    expected = np.full((192, 128), 3, np.uint8)
    expected[:, 64:] = kind
    from hashlib import sha256

    from drawbridge.codec.tensor import encode

    assert request["mask"]["sha256"] == sha256(encode(expected)).hexdigest()


def test_kept_area_comes_back_as_it_was(serve: Serve, stage: Stage) -> None:
    image = torch.round(picture() * 255) / 255
    outcome = stage.host.run(
        graph(
            serve(strict=True).port,
            image=image,
            mask=half(),
            strength=1.0,
            settings=Settings().with_values(mask_blur=0.0),
        )
    )
    assert outcome.status == "success", outcome.exception_message
    result = outcome.outputs["generate"][0][0]
    assert torch.equal(result[:, :, :60], image[:, :, :60])
    assert not torch.equal(result[:, :, 68:], image[:, :, 68:])


def test_transparent_part_becomes_the_mask(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    image = torch.cat([picture(), 1 - half()[..., None]], dim=-1)
    outcome = stage.host.run(graph(emulator.port, image=image, strength=0.8))
    assert outcome.status == "success", outcome.exception_message
    [request] = sent(emulator)
    assert request["mask"] is not None


def test_mask_of_another_size_joins_what_is_transparent(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    opaque = torch.cat([picture(), torch.ones(1, 192, 128, 1)], dim=-1)
    holed = torch.cat([picture(), 1 - half()[..., None]], dim=-1)
    left = 1 - half(64, 64)
    outcome = stage.host.run(
        graph(emulator.port, image=torch.cat([opaque, holed]), mask=left, strength=0.8)
    )
    assert outcome.status == "success", outcome.exception_message
    masks = [request["mask"]["sha256"] for request in sent(emulator)]
    assert len(set(masks)) == 2


def test_opaque_picture_of_a_batch_needs_no_mask(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    opaque = torch.cat([picture(), torch.ones(1, 192, 128, 1)], dim=-1)
    holed = torch.cat([picture(), 1 - half()[..., None]], dim=-1)
    outcome = stage.host.run(graph(emulator.port, image=torch.cat([opaque, holed]), strength=0.8))
    assert outcome.status == "success", outcome.exception_message
    assert [request["mask"] is None for request in sent(emulator)] == [True, False]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"mask": torch.cat([half()] * 3), "image": picture(count=2), "strength": 0.5}, "mask"),
        ({"image": picture() * float("nan"), "strength": 0.5}, "not a number"),
        ({"fit": "squeeze"}, "squeeze"),
    ],
    ids=["counts", "nan", "fit"],
)
def test_picture_that_cannot_be_used_is_said_at_generate(
    serve: Serve, stage: Stage, inputs: dict[str, Any], words: str
) -> None:
    emulator = serve()
    outcome = stage.host.run(graph(emulator.port, **inputs))
    assert (outcome.node_id, outcome.exception_type) == ("generate", "drawbridge.RequestRejected")
    assert words in str(outcome.exception_message)
    assert sent(emulator) == []


def test_image_that_the_server_ignores_is_said_on_the_node(serve: Serve, stage: Stage) -> None:
    PromptServer.instance.texts.clear()
    outcome = stage.host.run(graph(serve().port, image=picture()))
    assert outcome.status == "success", outcome.exception_message
    assert "The image is not used" in PromptServer.instance.texts[-1][1]


def test_edit_model_reads_the_image_at_strength_1(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    model = model_of("qwen_image", modifier="qwenimage_edit_plus")
    outcome = stage.host.run(graph(emulator.port, model=model, image=picture(400, 300)))
    assert outcome.status == "success", outcome.exception_message


def test_lora_is_found_by_name_and_travels_with_its_specification(
    serve: Serve, stage: Stage
) -> None:
    emulator = serve(strict=True)
    outcome = stage.host.run(graph(emulator.port, loras=(LoRA("paper cut-out", 0.8),)))
    assert outcome.status == "success", outcome.exception_message
    [request] = sent(emulator)
    [lora] = request["configuration"]["loras"]
    assert lora["file"].endswith(".ckpt")
    assert lora["weight"] == pytest.approx(0.8)
    assert request["override"]["loras"] == [lora["file"]]


@pytest.mark.parametrize(
    ("inputs", "note"),
    [
        ({"mask": half()}, "The mask is not used"),
        ({"loras": (LoRA("Gouache"),)}, "is for flux1, the model for"),
        ({"loras": (LoRA("paper cutout"),)}, "has no LoRA paper cutout. The picture is made"),
        ({"sampler": "LCM"}, "The sampler LCM is not made for"),
        ({"width": 200}, "The width 200 became 192"),
        ({"seed": -1}, "The seed -1 asks for a random one"),
        ({"shift": 25.28}, "The shift 25.28 is beyond what the app offers"),
    ],
    ids=["mask", "lora", "absent", "sampler", "width", "seed", "shift"],
)
def test_what_a_server_would_pass_over_is_made_with_a_note_on_the_node(
    serve: Serve, stage: Stage, inputs: dict[str, Any], note: str
) -> None:
    PromptServer.instance.texts.clear()
    emulator = serve()
    outcome = stage.host.run(graph(emulator.port, **inputs))
    assert outcome.status == "success", outcome.exception_message
    assert note in PromptServer.instance.texts[-1][1]
    assert len(sent(emulator)) == 1


@pytest.mark.parametrize(
    ("name", "value", "note"),
    [
        ("seed", -1, "The seed -1 asks for a random one"),
        ("width", 1000, "The width 1000 became 960, a multiple of 64"),
        ("steps", 300, "The steps 300 is beyond what the app offers, 1 to 150"),
        ("shift", 25.28, "The shift 25.28 is beyond what the app offers"),
    ],
)
def test_what_a_link_brings_is_taken_with_the_same_notes(
    serve: Serve, stage: Stage, name: str, value: float, note: str
) -> None:
    PromptServer.instance.texts.clear()
    emulator = serve()
    prompt = graph(emulator.port, height=128)
    prompt["generate"]["inputs"][name] = given(prompt, name, value)
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert note in PromptServer.instance.texts[-1][1]
    assert len(sent(emulator)) == 1


def test_a_seed_below_zero_is_drawn_at_every_run(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    prompt = graph(emulator.port, seed=-1)
    for _ in range(2):
        assert stage.host.run(prompt).status == "success"
    first, second = (request["configuration"]["seed"] for request in sent(emulator))
    assert first != second


def test_black_masks_of_a_batch_give_their_pictures_back(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    pictures = torch.cat([picture(), picture().flip(1), picture().flip(2)])
    masks = torch.cat([half(), half() * 0, half()])
    PromptServer.instance.texts.clear()
    prompt = graph(emulator.port, image=pictures, mask=masks, strength=0.5)
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert len(stage.pictures) == 3
    with Image.open(stage.pictures[1]) as opened:
        came = torch.from_numpy(np.array(opened, np.float32))
    assert (came - pictures[1] * 255).abs().max() <= 1
    assert "Of 3 masks 2 is black" in PromptServer.instance.texts[-1][1]


def test_settings_win_over_the_widgets(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    settings = Settings().with_values(steps=9).with_values(steps=3, start_width=256)
    outcome = stage.host.run(graph(emulator.port, steps=5, settings=settings))
    assert outcome.status == "success", outcome.exception_message
    [request] = sent(emulator)
    assert request["configuration"]["steps"] == 3
    assert outcome.outputs["generate"][0][0].shape[2] == 256


def test_request_is_told_for_the_metadata(serve: Serve, stage: Stage) -> None:
    import json

    outcome = stage.host.run(graph(serve(strict=True).port, prompt="dünes", seed=12))
    told = json.loads(outcome.outputs["generate"][6][0])
    assert (told["prompt"], told["model"]) == ("dünes", "z_image_turbo_1.0_q8p.ckpt")
    assert told["configuration"]["seed"] == 12
    assert told["configuration"]["width"] == 128


def test_video_model_gives_frames_sound_and_video(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    settings = Settings().with_values(num_frames=9)
    outcome = stage.host.run(graph(emulator.port, model=model_of("ltx2"), settings=settings))
    assert outcome.status == "success", outcome.exception_message
    images, _, audio, video, fps, _, _ = (values[0] for values in outcome.outputs["generate"])
    assert len(images) == 9
    assert fps == 25
    assert audio["sample_rate"] == 24000
    assert audio["waveform"].shape[:2] == (1, 2)
    assert video is not None
