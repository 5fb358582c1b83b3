"""Each scenario of the public guide through our client, in the form that a server understands."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawbridge import errors
from drawbridge.client.catalog.lookup import ModelFile
from drawbridge.client.catalog.records import ModelSpec
from drawbridge.client.catalog.specification import read_model
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.assemble import Wishes
from drawbridge.client.generation.events import Event, Phase, Picture, Progress, Receiving
from drawbridge.client.generation.request import GenerationRequest, Hint, WeightedTensor
from drawbridge.client.server_fields import Transport
from drawbridge.client.upload.transfer import Done
from drawbridge.codec import image
from drawbridge.devtools.guide_server import (
    CANNY,
    CONTENT,
    DEV,
    DEV_SPECIFICATION,
    EDIT,
    LCM,
    OWN_LORA,
    SCHNELL,
    SD15,
    SDXL,
)
from drawbridge.emulator.painting.render import Scene, paint
from drawbridge.emulator.server.server import Emulator
from drawbridge.facts.samplers import Sampler

Serve = Callable[..., Emulator]
Door = Callable[..., Endpoint]

SMALL: dict[str, Any] = {"start_width": 256, "start_height": 256, "steps": 8}


def photo(red: float = 0.6) -> np.ndarray:
    """Return a picture with a bright disc: float16 [1, 256, 256, 3], -1 to 1."""
    y, x = np.mgrid[0:256, 0:256].astype(np.float32)
    picture = np.stack([np.full_like(x, red), y / 256 - 0.6, 0.3 - x / 256], axis=-1)
    picture[np.hypot(x - 128, y - 128) < 64] = (0.9, 0.9, -0.7)
    return picture.astype(np.float16)[None]


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean difference of two pictures in levels of 255."""
    return float(np.abs(first.astype(np.float32) - second.astype(np.float32)).mean()) * 127.5


def resembles(first: np.ndarray, second: np.ndarray) -> float:
    """Return how alike two pictures are; 1 is the same but for brightness."""
    pair = (first.astype(np.float64).ravel(), second.astype(np.float64).ravel())
    return float(np.corrcoef(*pair)[0, 1])


async def build(
    client: DrawThingsClient,
    file: str,
    prompt: str,
    negative_prompt: str = "",
    spec: ModelSpec | None = None,
    **settings: Any,
) -> GenerationRequest:
    """Return a request with the app's settings for the model, and exactly the needed override."""
    wishes = Wishes(
        ModelFile.of(spec) if spec else file,
        prompt,
        negative_prompt,
        {**SMALL, "seed": 42, **settings},
    )
    [request] = (await client.prepare(wishes)).requests
    return request


async def events_of(client: DrawThingsClient, request: GenerationRequest) -> list[Event]:
    async with contextlib.aclosing(client.generate(request)) as events:
        return [event async for event in events]


async def pictures(client: DrawThingsClient, request: GenerationRequest) -> list[np.ndarray]:
    """Return the pictures of a request, [height, width, 3] each."""
    events = await events_of(client, request)
    return [event.array[0] for event in events if isinstance(event, Picture)]


async def picture(client: DrawThingsClient, request: GenerationRequest) -> np.ndarray:
    [one] = await pictures(client, request)
    return one


def sent(emulator: Emulator) -> list[Any]:
    """Return the requests that a server has got, as its journal tells them."""
    return [call["request"] for call in emulator.journal.events("call", rpc="GenerateImage")]


async def test_echo(serve: Serve, door: Door) -> None:
    emulator = serve(secret="open sesame")
    async with DrawThingsClient(door(emulator, "open sesame"), name="MyClient") as client:
        info = await client.echo()
    assert info.message == "HELLO MyClient"
    assert info.server_identifier
    [call] = emulator.journal.events("call", rpc="Echo")
    assert call["secret_present"] is True


async def test_discovery(serve: Serve, door: Door) -> None:
    async with DrawThingsClient(door(serve())) as client:
        info = await client.echo()
    assert info.catalog is not None
    models = {spec.file: spec for spec in info.catalog.models}
    assert (models[SCHNELL].name, models[SCHNELL].version) == ("FLUX.1 [schnell]", "flux1")
    assert models[SCHNELL].default_size_px == 1024
    assert {SD15, SDXL, EDIT} <= models.keys()
    lora = info.catalog.lora(OWN_LORA)
    assert lora is not None
    assert (lora.weight, lora.lowest_weight, lora.highest_weight) == (1.0, -1.5, 2.5)
    assert info.catalog.control(CANNY) is not None
    assert info.catalog.textual_inversions
    assert info.catalog.upscalers
    assert DEV in info.files  # the file is there, and nobody says what it is
    assert DEV not in models


async def test_discovery_where_the_model_browser_is_off(serve: Serve, door: Door) -> None:
    async with DrawThingsClient(door(serve(model_browser=False))) as client:
        info = await client.echo()
        [found] = await client.files_exist([SCHNELL])
    assert (info.catalog, info.files) == (None, ())
    assert found.exists


async def test_files_exist_with_hashes(serve: Serve, door: Door) -> None:
    names = [SCHNELL, "absent.ckpt", LCM]
    async with DrawThingsClient(door(serve())) as client:
        plain = await client.files_exist(names)
        hashed = await client.files_exist(names, with_hashes=True)
    assert (
        [file.exists for file in plain] == [file.exists for file in hashed] == [True, False, True]
    )
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert [file.sha256 for file in plain] == ["", "", ""]
    assert [file.sha256 for file in hashed] == [sha256, "", sha256]


@pytest.mark.parametrize(("compression", "side"), [(True, 256), (False, 896)])
async def test_text_to_image(serve: Serve, door: Door, compression: bool, side: int) -> None:
    emulator = serve(compression=compression)
    prompt = "A serene landscape with mountains"
    settings = {"start_width": side, "start_height": side, "steps": 4, "guidance_scale": 1.0}
    async with DrawThingsClient(door(emulator), name="ThirdPartyClient") as client:
        request = await build(
            *(client, SCHNELL, prompt, "blurry, low quality"),
            **{**settings, "sampler": Sampler.EULER_A_TRAILING, "shift": 1.0},
            resolution_dependent_shift=False,
        )
        events = await events_of(client, request)
    [made] = [event.array[0] for event in events if isinstance(event, Picture)]
    scene = Scene(prompt, side, side, 42, 4, 1.0, "", SCHNELL, Sampler.EULER_A_TRAILING, 1.0)
    assert np.array_equal(made, paint(scene).astype(np.float16))  # no negative prompt: no CFG
    steps = [event for event in events if isinstance(event, Progress)]
    assert [one.step for one in steps if one.phase is Phase.SAMPLING] == [0, 1, 2, 3, 4]
    assert {Phase.TEXT_ENCODED, Phase.IMAGE_DECODED} <= {one.phase for one in steps}
    if not compression:  # more than 4 MiB comes in pieces
        assert len([event for event in events if isinstance(event, Receiving)]) == 2
    [request] = sent(emulator)
    assert (request["prompt"], request["user"]) == (prompt, "ThirdPartyClient")
    config = request["configuration"]
    assert (config["start_width"] * 64, config["start_height"] * 64) == (side, side)
    assert (request["chunked"], request["scale_factor"]) == (True, 1)


async def test_image_to_image(serve: Serve, door: Door) -> None:
    emulator = serve()
    spec = read_model(json.dumps(DEV_SPECIFICATION))  # not in the server's lists: it goes along
    async with DrawThingsClient(door(emulator)) as client:
        request = await build(client, DEV, "a lake", "blurry, distorted", spec)
        text = await picture(client, request)
        request = replace(request, image=photo())
        made = [
            await picture(client, replace(request, config=replace(request.config, strength=value)))
            for value in (0.3, 0.75)
        ]
    away = [apart(one, photo()[0]) for one in (*made, text)]
    assert away == sorted(away)
    assert 1 < away[0] < 0.5 * away[-1]
    assert resembles(made[0], photo()[0]) > 0.9
    last = sent(emulator)[-1]
    assert last["override"]["models"] == [DEV]
    # The picture travels once, by its hash, as the guide says.
    assert [blob["sha256"] for blob in last["contents"]] == [last["image"]["sha256"]]
    assert last["contents"][0]["shape"] == [1, 256, 256, 3]


async def test_inpainting(serve: Serve, door: Door) -> None:
    emulator = serve()
    spec = read_model(json.dumps(DEV_SPECIFICATION))
    mask = np.full((256, 256), 3, np.uint8)  # kept
    mask[64:192, 64:192] = 2  # repainted
    async with DrawThingsClient(door(emulator)) as client:
        request = await build(client, DEV, "a lake", spec=spec, mask_blur=4.0)
        made = await picture(client, replace(request, image=photo(), mask=mask))
    outside = np.ones((256, 256), bool)
    outside[48:208, 48:208] = False  # the blur reaches a little further than the mask
    assert np.array_equal(made[outside], photo()[0][outside])
    inside = (slice(80, 176), slice(80, 176))
    assert apart(made[inside], photo()[0][inside]) > 20
    [request] = sent(emulator)
    assert request["configuration"]["preserve_original_after_inpaint"] is True
    assert [blob["shape"] for blob in request["contents"]] == [[1, 256, 256, 3], [256, 256]]


async def test_lora(serve: Serve, door: Door) -> None:
    emulator = serve()
    settings = {"steps": 4, "guidance_scale": 1.5, "sampler": Sampler.LCM}
    async with DrawThingsClient(door(emulator)) as client:
        made = []
        for weight in (0.0, 0.5, 1.0):
            loras = (LoRA(LCM, weight),)
            request = await build(client, SDXL, "A futuristic city", loras=loras, **settings)
            made.append(await picture(client, request))
    changes = [one.astype(np.float32) - made[0] for one in made[1:]]
    assert apart(made[1], made[0]) > 1
    assert np.allclose(changes[1], 2 * changes[0], atol=0.01)
    last = sent(emulator)[-1]
    [row] = last["configuration"]["loras"]
    assert (row["file"], row["weight"]) == (LCM, 1.0)
    assert last["override"]["loras"] == [LCM]  # whole enough to be read


async def test_controlnet(serve: Serve, door: Door) -> None:
    edges = np.full((1, 256, 256, 3), -1, np.float16)  # light lines on dark
    edges[:, 64:192, 64:192] = 1
    edges[:, 70:186, 70:186] = -1
    emulator = serve()
    settings: dict[str, Any] = {"guidance_scale": 7.5}
    async with DrawThingsClient(door(emulator)) as client:
        plain = await picture(client, await build(client, SD15, "a house", **settings))
        request = await build(client, SD15, "a house", controls=(Control(CANNY),), **settings)
        hint = Hint("custom", (WeightedTensor(edges),))
        made = await picture(client, replace(request, hints=(hint,)))
    change = (made.astype(np.float32) - plain).mean(axis=-1)
    lines = edges[0, ..., 0] > 0
    assert change[lines].mean() - change[~lines].mean() > 0.2
    last = sent(emulator)[-1]
    assert [row["type"] for row in last["hints"]] == ["custom"]
    assert [row["file"] for row in last["configuration"]["controls"]] == [CANNY]
    assert last["override"]["controlNets"] == [CANNY]


async def test_moodboard(serve: Serve, door: Door) -> None:
    red, blue = np.zeros((2, 1, 96, 96, 3), np.float16)
    red[...], blue[...] = (1, -1, -1), (-1, -1, 1)
    emulator = serve()
    async with DrawThingsClient(door(emulator)) as client:
        request = await build(client, EDIT, "A portrait in this style")
        request = replace(request, image=photo())
        made = []
        for pair in ((red, blue), (blue, red)):
            board = tuple(
                WeightedTensor(one, weight) for one, weight in zip(pair, (1.5, 1.0), strict=True)
            )
            made.append(await picture(client, replace(request, hints=(Hint("shuffle", board),))))
    for one, colours in zip(made, ((red, blue), (blue, red)), strict=True):
        for index, colour in enumerate(colours):
            inset = one[-60:-12, 16 + 84 * index : 60 + 84 * index]
            assert np.abs(inset - colour[0, 0, 0]).mean() < 0.05
    [row] = sent(emulator)[-1]["hints"]
    assert row["type"] == "shuffle"
    assert [entry["weight"] for entry in row["tensors"]] == [1.5, 1.0]


async def test_edit(serve: Serve, door: Door) -> None:
    emulator = serve()
    async with DrawThingsClient(door(emulator)) as client:
        made = []
        for words in ("Make the background a sunset scene", "Make it night"):
            request = await build(client, EDIT, words)
            made.append(await picture(client, replace(request, image=photo())))
    assert min(resembles(one, photo()[0]) for one in made) > 0.8
    assert apart(*made) > 3
    config = sent(emulator)[0]["configuration"]
    assert (config["strength"], config["sampler"]) == (1.0, Sampler.UNIPC_TRAILING)


async def test_upload(serve: Serve, door: Door, tmp_path: Path) -> None:
    data = bytes(range(251)) * 20_000
    path = tmp_path / "custom_model.ckpt"
    path.write_bytes(data)
    emulator = serve(secret="my_secret")
    async with DrawThingsClient(door(emulator, "my_secret")) as client:
        async with contextlib.aclosing(client.upload(path)) as events:
            *_, last = [event async for event in events]
        assert isinstance(last, Done)
        assert last == Done("custom_model.ckpt", False, hashlib.sha256(data).hexdigest())
        [found] = await client.files_exist(["custom_model.ckpt"], with_hashes=True)
        assert found.sha256 == last.sha256
        specification = {**DEV_SPECIFICATION, "name": "Custom", "file": "custom_model.ckpt"}
        spec = read_model(json.dumps(specification))
        request = await build(client, "custom_model.ckpt", "a lake", spec=spec)
        assert (await picture(client, request)).std() > 0.05


@pytest.mark.parametrize(
    ("options", "secret", "kind", "words"),
    [
        ({"secret": "right"}, "wrong", errors.SecretRejected, "shared secret"),
        ({"secret": "right"}, "", errors.SecretRejected, "shared secret"),
        ({"faults": ("internal-error",)}, "", errors.GenerationFailed, "failed"),
        ({"faults": ("no-pictures",)}, "", errors.GenerationFailed, "without a picture"),
        ({"faults": ("die-mid-stream",)}, "", errors.ServerUnreachable, "connection"),
    ],
    ids=["wrong secret", "no secret", "internal", "empty", "cut off"],
)
async def test_error_handling(
    serve: Serve,
    door: Door,
    options: dict[str, Any],
    secret: str,
    kind: type[errors.DrawbridgeError],
    words: str,
) -> None:
    config = GenerationConfig(model=SD15, **SMALL, sampler=Sampler.EULER_A)
    async with DrawThingsClient(door(serve(**options), secret)) as client:
        with pytest.raises(kind, match=words) as caught:
            await pictures(client, GenerationRequest("a lake", config))
    assert caught.value.problem
    assert caught.value.remedy


async def test_error_handling_of_numbers_that_are_none(serve: Serve, door: Door) -> None:
    config = GenerationConfig(model=SD15, **SMALL, sampler=Sampler.EULER_A)
    async with DrawThingsClient(door(serve(faults=("nan-pixels",)))) as client:
        [made] = await pictures(client, GenerationRequest("a lake", config))
    with pytest.raises(errors.GenerationFailed, match="not numbers"):
        image.from_wire(made)


async def test_error_handling_where_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = Endpoint("127.0.0.1", taken.getsockname()[1], Transport.PLAINTEXT)
        async with DrawThingsClient(endpoint) as client:
            with pytest.raises(errors.ServerUnreachable, match="Nothing listens"):
                await client.echo()


async def test_error_handling_of_ones_own_cancellation(serve: Serve, door: Door) -> None:
    emulator = serve(step_ms=50)
    async with DrawThingsClient(door(emulator)) as client:
        request = await build(client, SD15, "a lake", steps=150)
        async with contextlib.aclosing(client.generate(request)) as events:
            async for event in events:
                if isinstance(event, Progress) and event.step == 1:
                    break
        await asyncio.get_running_loop().run_in_executor(
            None, emulator.journal.wait_for_event, "cancelled"
        )
    assert not emulator.journal.events("finished")


async def test_batch(serve: Serve, door: Door) -> None:
    emulator = serve()
    prompts = ["a lake", "a desert", "a lake"]
    made = []
    async with DrawThingsClient(door(emulator)) as client:
        for number, prompt in enumerate(prompts):
            request = await build(client, SD15, prompt, seed=42 + number, batch_size=2)
            made += await pictures(client, request)
    assert len({one.tobytes() for one in made}) == 6
    requests = sent(emulator)
    assert [one["prompt"] for one in requests] == prompts
    assert [one["configuration"]["seed"] for one in requests] == [42, 43, 44]
    assert [one["configuration"]["batch_size"] for one in requests] == [2, 2, 2]
