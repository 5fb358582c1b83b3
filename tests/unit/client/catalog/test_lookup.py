"""One way from a name to a file, whatever the file is for and whatever the server tells."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from drawbridge.client.catalog import lookup
from drawbridge.client.catalog.lookup import CONTROL, LORA, MODEL, REFINER, UPSCALER, AnyPart
from drawbridge.client.catalog.records import (
    Catalog,
    ControlSpec,
    LoRASpec,
    ModelSpec,
    UpscalerSpec,
)
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.errors import ModelUnavailable

KNOWN: dict[str, Any] = {
    "models": (ModelSpec("m.ckpt", "Möwe", "v1"),),
    "loras": (LoRASpec("l.ckpt", "Möwe", "v1"), LoRASpec("xl.ckpt", "Möwe", "sdxl_base_v0.9")),
    "controls": (ControlSpec("c.ckpt", "Möwe", "v1"),),
    "upscalers": (UpscalerSpec("u.ckpt", "Möwe"),),
}
PARTS: list[tuple[AnyPart, str, str]] = [
    (MODEL, "m.ckpt", "sd_v1.5_f16.ckpt"),
    (REFINER, "m.ckpt", "sd_xl_refiner_1.0_f16.ckpt"),
    (LORA, "l.ckpt", "lcm_sd_v1.5_lora_f16.ckpt"),
    (CONTROL, "c.ckpt", "controlnet_canny_1.x_v1.1_f16.ckpt"),
    (UPSCALER, "u.ckpt", "remacri_4x_f16.ckpt"),
]
each_part = pytest.mark.parametrize(
    ("part", "file", "official"), PARTS, ids=[part.word for part, _, _ in PARTS]
)


def find(part: AnyPart, name: str, **more: Any) -> str | None:
    catalog = Catalog(**{**KNOWN, **more})
    found = lookup.find_file(part, name, catalog, "mac:1")  # pyright: ignore[reportArgumentType]
    return found.file if found else None


def refusal(part: AnyPart, name: str, **more: Any) -> ModelUnavailable:
    with pytest.raises(ModelUnavailable) as caught:
        find(part, name, **more)
    assert "mac:1" in caught.value.problem
    return caught.value


@each_part
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_found_however_its_umlaut_is_written(
    part: AnyPart, file: str, official: str, form: Any
) -> None:
    assert find(part, unicodedata.normalize(form, " MÖWE ")) == file


@each_part
def test_an_unknown_name_is_refused_with_similar_ones(
    part: AnyPart, file: str, official: str
) -> None:
    error = refusal(part, "möve")
    assert error.problem == f"The server at mac:1 has no {part.word} möve."
    assert "Did you mean Möwe" in error.remedy


@each_part
def test_nothing_is_said_of_a_name_where_the_server_keeps_its_lists(
    part: AnyPart, file: str, official: str
) -> None:
    assert find(part, "mine.ckpt", complete=False) is None


@each_part
@pytest.mark.parametrize("complete", [True, False])
def test_an_official_file_can_be_downloaded(
    part: AnyPart, file: str, official: str, complete: bool
) -> None:
    error = refusal(part, official, complete=complete)
    assert error.problem == f"The server at mac:1 has no {part.word} {official}."
    assert error.remedy.startswith("Download ")


def test_an_official_file_without_what_it_needs_names_that() -> None:
    error = refusal(MODEL, "sd_v1.5_f16.ckpt", files=frozenset({"sd_v1.5_f16.ckpt"}))
    assert "lacks clip_vit_l14_f16.ckpt" in error.problem


@each_part
def test_a_file_without_a_specification_is_not_taken_on_trust(
    part: AnyPart, file: str, official: str
) -> None:
    error = refusal(part, "mine.ckpt", files=frozenset({"mine.ckpt"}))
    assert "has the file mine.ckpt but no specification of it" in error.problem
    assert part.fallacy in error.problem


def test_of_two_loras_of_one_name_that_for_the_model_is_meant() -> None:
    for version, file in (("v1", "l.ckpt"), ("sdxl_base_v0.9", "xl.ckpt")):
        found = lookup.find_lora("möwe", version, Catalog(**KNOWN), "mac:1")
        assert found is not None
        assert found.file == file


def test_every_name_of_a_configuration_becomes_a_file() -> None:
    config = GenerationConfig(
        model="m.ckpt",
        loras=(LoRA("möwe"),),
        controls=(Control("möwe"),),
        refiner_model="möwe",
        upscaler="möwe",
    )
    found = lookup.with_files(config, "sdxl_base_v0.9", Catalog(**KNOWN), "mac:1")
    files = (found.loras[0].file, found.controls[0].file, found.refiner_model, found.upscaler)
    assert files == ("xl.ckpt", "c.ckpt", "m.ckpt", "u.ckpt")
    assert lookup.unlisted(found, Catalog(**KNOWN)) == []


def test_names_that_nobody_knows_are_listed_with_what_they_are_for() -> None:
    nothing = Catalog(complete=False)
    config = GenerationConfig(loras=(LoRA("a"),), controls=(Control("b"),), upscaler="c")
    assert lookup.with_files(config, "v1", nothing, "mac:1") == config
    assert lookup.unlisted(config, nothing) == [(LORA, "a"), (CONTROL, "b"), (UPSCALER, "c")]
