"""Official files on servers that say nothing about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drawbridge.client.catalog import lookup, official
from drawbridge.client.catalog.lookup import ModelFile
from drawbridge.client.catalog.records import Catalog, ModelSpec
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.events import Picture
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import DrawbridgeError, ModelUnavailable
from drawbridge.facts.samplers import Sampler

Emulate = Callable[..., Emulator]
Door = Callable[..., Endpoint]
DEV = "flux_1_dev_q8p.ckpt"


def put(folder: Path, *files: str) -> None:
    for file in files:
        (folder / file).write_bytes(b"weights")


def dev() -> ModelSpec:
    spec = official.known(DEV)
    assert spec is not None
    return spec


def request(**fields: Any) -> GenerationRequest:
    config = GenerationConfig(
        *(1,),
        start_width=128,
        start_height=128,
        steps=2,
        sampler=Sampler.EULER_A_TRAILING,
        model=DEV,
    )
    return GenerationRequest("a bridge", config, **fields)


async def pictures(client: DrawThingsClient, wanted: GenerationRequest) -> int:
    return sum([isinstance(event, Picture) async for event in client.generate(wanted)])


@pytest.mark.parametrize("model_browser", [True, False])
async def test_a_copied_model_is_usable_by_its_specification(
    emulate: Emulate, door: Door, tmp_path: Path, model_browser: bool
) -> None:
    put(tmp_path, *official.needed(dev()))
    emulator = emulate(models=tmp_path, model_browser=model_browser, strict=True)
    async with DrawThingsClient(door(emulator)) as client:
        catalog = await client.catalog()
        assert catalog.complete is model_browser
        assert (await lookup.find_model(client, catalog, "flux.1 [DEV]")).spec == dev()
        assert await pictures(client, request(override=Catalog(models=(dev(),)))) == 1
        with pytest.raises(DrawbridgeError, match="taken for version v1"):
            await pictures(client, request())


async def test_a_server_that_tells_is_believed(emulate: Emulate, door: Door) -> None:
    async with DrawThingsClient(door(emulate())) as client:
        info = await client.echo()
        catalog = await client.catalog(info)
    assert info.catalog is not None
    assert catalog.models[: len(info.catalog.models)] == info.catalog.models
    assert catalog.textual_inversions == info.catalog.textual_inversions
    files = [spec.file for spec in catalog.models]
    assert len(files) == len({*files})


async def test_a_silent_server_is_known_by_its_official_files(emulate: Emulate, door: Door) -> None:
    async with DrawThingsClient(door(emulate(model_browser=False))) as client:
        catalog = await client.catalog()
    assert not catalog.complete
    assert {"sd_v1.5_f16.ckpt", "z_image_turbo_1.0_q8p.ckpt"} <= {s.file for s in catalog.models}
    assert official.known("z_image_turbo_1.0_q8p.ckpt") in catalog.models
    assert catalog.control("controlnet_canny_1.x_v1.1_f16.ckpt")
    assert catalog.upscaler("remacri_4x_f16.ckpt")
    # A server looks keywords up in a list of its own alone.
    assert catalog.textual_inversions == ()


@pytest.mark.parametrize("model_browser", [True, False])
@pytest.mark.parametrize(
    ("there", "problem"),
    [
        ((), "no model ltx_2.3_22b_dev_q8p.ckpt"),
        (
            ("ltx_2.3_22b_dev_q8p.ckpt", "gemma_3_12b_it_qat_q8p.ckpt"),
            "lacks ltx_2.3_audio_video_vae_f16.ckpt",
        ),
    ],
)
async def test_what_is_missing_is_told_with_where_to_get_it(
    emulate: Emulate,
    door: Door,
    tmp_path: Path,
    model_browser: bool,
    there: tuple[str, ...],
    problem: str,
) -> None:
    put(tmp_path, *there)
    emulator = emulate(models=tmp_path, model_browser=model_browser)
    async with DrawThingsClient(door(emulator)) as client:
        catalog = await client.catalog()
        with pytest.raises(ModelUnavailable) as raised:
            await lookup.find_model(client, catalog, "LTX-2.3 22B [dev]")
    assert problem in raised.value.problem
    assert "Download LTX-2.3 22B [dev]" in raised.value.remedy


async def test_a_file_that_nobody_knows_is_taken_at_its_word(
    emulate: Emulate, door: Door, tmp_path: Path
) -> None:
    put(tmp_path, "mine.ckpt")
    async with DrawThingsClient(door(emulate(models=tmp_path, model_browser=False))) as client:
        catalog = await client.catalog()
        found = await lookup.find_model(client, catalog, "mine.ckpt", "v1")
        assert found == ModelFile("mine.ckpt", "v1")
        with pytest.raises(ModelUnavailable, match=r"no file gone\.ckpt"):
            await lookup.find_model(client, catalog, "gone.ckpt")
