"""Which model the doctor tries, and with which settings."""

from __future__ import annotations

import json

import pytest

from drawbridge.cli.doctor import smallest
from drawbridge.cli.request import tiny
from drawbridge.client.catalog.lookup import ModelFile
from drawbridge.client.catalog.records import Catalog
from drawbridge.facts.app_settings import RECOMMENDED
from drawbridge.facts.samplers import Sampler
from drawbridge.facts.versions import VERSIONS


def catalog(*models: tuple[str, str], **more: object) -> Catalog:
    return Catalog.from_json(
        json.dumps(
            [{"file": file, "version": v, "name": file, **more} for file, v in models]
        ).encode()
    )


@pytest.mark.parametrize(
    ("models", "chosen"),
    [
        ((("flux_1_dev_q8p.ckpt", "flux1"), ("sd_v1.5_f16.ckpt", "v1")), "sd_v1.5_f16.ckpt"),
        ((("a_f16.ckpt", "flux1"), ("b_q8p.ckpt", "flux1"), ("c_q6p.ckpt", "flux1")), "c_q6p.ckpt"),
        ((("wan.ckpt", "wan_v2.1_1.3b"), ("qwen_q6p.ckpt", "qwen_image")), "qwen_q6p.ckpt"),
        ((("new.ckpt", "something_new"), ("krea.ckpt", "krea_2")), "krea.ckpt"),
    ],
)
def test_the_smallest_model_that_makes_pictures_is_chosen(
    models: tuple[tuple[str, str], ...], chosen: str
) -> None:
    found = smallest(catalog(*models))
    assert found is not None
    assert found.file == chosen


@pytest.mark.parametrize(
    "unfit",
    [
        catalog(("wan.ckpt", "wan_v2.1_1.3b"), ("svd.ckpt", "svd_i2v"), ("up.ckpt", "seedvr2_3b")),
        catalog(("refiner.ckpt", "sdxl_refiner_v0.9")),
        catalog(("edit.ckpt", "flux1"), modifier="kontext"),
        catalog(("api.ckpt", "flux1"), remote_api_model_config={}),
        Catalog(),
    ],
)
def test_models_that_need_more_than_words_are_not_chosen(unfit: Catalog) -> None:
    assert smallest(unfit) is None


@pytest.mark.parametrize("version", [*VERSIONS, ""])
def test_settings_for_a_try_are_small_and_sound(version: str) -> None:
    files = [file for row in RECOMMENDED if row.version == version for file in row.files]
    for file in (*files, "unheard_of.ckpt"):
        config = tiny(ModelFile(file, version))
        config.check()
        assert (config.start_width, config.start_height) == (256, 256)
        assert config.steps <= 4
        assert config.num_frames <= 14
        assert not config.hires_fix
        assert version in VERSIONS or config.sampler is Sampler.UNIPC_TRAILING
