"""The official files: a list that is whole, right, and read only when it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drawbridge.client.catalog import lookup, official
from drawbridge.client.catalog.records import Catalog, LoRASpec
from drawbridge.client.catalog.specification import missing_keys
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.client.generation.hints import Guide, steer
from drawbridge.emulator.stock import entries, models, specifications
from drawbridge.errors import ModelUnavailable
from drawbridge.facts.versions import VERSIONS

ROOT = Path(__file__).resolve().parents[4]
FILE = ROOT / "facts" / "official_files.json"
KINDS = {
    "models": ("models", models.MODELS),
    "loras": ("loras", entries.LORAS),
    "controls": ("controlNets", entries.CONTROLS),
    "textual_inversions": ("textualInversions", entries.TEXTUAL_INVERSIONS),
    "upscalers": ("upscalers", entries.UPSCALERS),
}
# What a server of which only this is known may have.
NOTHING = Catalog(complete=False)


def groups() -> dict[str, dict[str, list[dict[str, Any]]]]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def test_importing_reads_nothing() -> None:
    code = (
        "import checkout; checkout.register()\n"
        "from drawbridge.client.catalog import lookup, official\n"
        "assert official.catalog.cache_info().currsize == 0\n"
        "assert official.catalog() is official.catalog()\n"
        "assert official.catalog.cache_info().currsize == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_is_read_by_client_and_server(kind: str) -> None:
    written = [entry for group in groups().values() for entry in group[kind]]
    specs = getattr(official.catalog(), kind)
    assert [spec.file for spec in specs] == [entry["file"] for entry in written]
    assert len({spec.file for spec in specs}) == len(specs) > 0
    for spec in specs:
        assert missing_keys(kind, spec.raw) == []
        assert specifications.find_fault(KINDS[kind][0], json.loads(spec.raw)) is None, spec.file
        assert kind == "upscalers" or spec.version in VERSIONS


@pytest.mark.parametrize("kind", KINDS)
def test_entries_hold_facts_and_no_prose(kind: str) -> None:
    for group in groups().values():
        for entry in group[kind]:
            assert not {"note", "copyright", "hugging_face_link"} & entry.keys()
            assert all(len(value) < 90 for value in entry.values() if isinstance(value, str))


def test_models_name_every_file_that_a_server_looks_for() -> None:
    for spec in official.catalog().models:
        told = json.loads(spec.raw)
        assert {told["text_encoder"], told["autoencoder"]} <= {*spec.files}, spec.file
        assert all(name.endswith(".ckpt") for name in official.needed(spec))


def test_display_names_of_models_are_those_of_one_file() -> None:
    names = [spec.name.casefold() for spec in official.catalog().models]
    assert len({*names}) == len(names)


def test_a_server_has_built_in_what_is_said_so() -> None:
    built_in = groups()["built_in"]
    assert {kind: len(built_in[kind]) for kind in KINDS} == {
        "models": 129,
        "loras": 11,
        "controls": 39,
        "textual_inversions": 0,
        "upscalers": 6,
    }
    files = {entry["file"] for entry in built_in["models"]}
    assert "flux_1_schnell_q8p.ckpt" in files
    assert "flux_1_dev_q8p.ckpt" not in files


def test_known_model_has_its_facts() -> None:
    spec = official.known("flux_1_dev_q8p.ckpt")
    assert spec is not None
    assert (spec.name, spec.version, spec.default_size_px) == ("FLUX.1 [dev]", "flux1", 1024)
    assert spec.guidance_embed
    assert official.needed(spec) == (
        *("flux_1_dev_q8p.ckpt", "t5_xxl_encoder_q6p.ckpt", "flux_1_vae_f16.ckpt"),
        "clip_vit_l14_f16.ckpt",
    )
    assert official.known("my_merge_f16.ckpt") is None


def test_what_steers_the_computation_is_there() -> None:
    """An override takes the place of the server's own: half of one would draw noise."""
    spec = official.known("z_image_1.0_q8p.ckpt")
    assert spec is not None
    mmdit = json.loads(spec.raw)["mmdit"]
    scaling = mmdit["activation_ffn_proj_up_scaling"]
    assert [scaling[str(layer)] for layer in (0, 1, 2, 33)] == [1, 1, 32, 32]
    assert (mmdit["qk_norm"], len(scaling)) == (True, 34)


def test_loras_and_controls_need_their_other_files() -> None:
    lora = official.catalog().lora("layer_xl_transparent_attn_v1.0_lora_f16.ckpt")
    control = official.catalog().control("controlnet_scribble_1.x_v1.1_f16.ckpt")
    upscaler = official.catalog().upscaler("remacri_4x_f16.ckpt")
    assert lora
    assert control
    assert upscaler
    assert official.needed(lora)[1:] == ("transparent_vae_decoder_v1.0_f16.ckpt",)
    assert official.needed(control)[1:] == ("hed_f16.ckpt",)
    assert official.needed(upscaler) == ("remacri_4x_f16.ckpt",)


@pytest.mark.parametrize("kind", ["models", "controls", "upscalers"])
def test_the_emulator_agrees_about_real_files(kind: str) -> None:
    listed = {spec.file: spec for spec in getattr(official.catalog(), kind)}
    real = [entry for entry in KINDS[kind][1] if entry["file"] in listed]
    assert len(real) > 5
    for entry in real:
        assert facts(json.loads(listed[entry["file"]].raw)) == facts(entry)


def facts(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "mmdit"}


def test_files_that_a_silent_server_may_have_pass() -> None:
    config = GenerationConfig(
        model="m.ckpt", loras=(LoRA("mine.ckpt"),), refiner_model="r.ckpt", upscaler="u.ckpt"
    )
    assert lookup.with_files(config, "sdxl_base_v0.9", NOTHING, "mac:1") == config
    with pytest.raises(ModelUnavailable):
        lookup.with_files(config, "sdxl_base_v0.9", Catalog(), "mac:1")


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"loras": (LoRA("LCM SDXL Base (1.0)"),)}, "LCM SDXL Base"),
        ({"refiner_model": "sd_xl_refiner_1.0_f16.ckpt"}, "SDXL Refiner"),
        ({"upscaler": "Remacri"}, "Remacri"),
    ],
)
@pytest.mark.parametrize("complete", [True, False])
def test_an_official_file_that_is_missing_can_be_downloaded(
    change: dict[str, Any], remedy: str, complete: bool
) -> None:
    config = replace(GenerationConfig(model="m.ckpt"), **change)
    with pytest.raises(ModelUnavailable) as raised:
        lookup.with_files(config, "sdxl_base_v0.9", Catalog(complete=complete), "mac:1")
    assert "mac:1" in raised.value.problem
    assert f"Download {remedy}" in raised.value.remedy


def test_official_names_become_files() -> None:
    config = GenerationConfig(model="m.ckpt", loras=(LoRA("lcm sdxl base (1.0)"),))
    there = Catalog(loras=official.catalog().loras, complete=False)
    found = lookup.with_files(config, "sdxl_base_v0.9", there, "mac:1")
    assert [lora.file for lora in found.loras] == ["lcm_sd_xl_base_1.0_lora_f16.ckpt"]
    [sent] = lookup.used(found, there, "sdxl_base_v0.9").loras
    assert json.loads(sent.raw)["is_consistency_model"] is True


def test_controls_of_a_silent_server_are_official_or_taken_on_trust() -> None:
    guide = Guide(Control("Canny Edge Map (SD v1.x, ControlNet 1.1)"), "canny", 0)
    config = GenerationConfig(model="m.ckpt", start_width=512, start_height=512)
    canny = official.catalog().control("controlnet_canny_1.x_v1.1_f16.ckpt")
    assert canny
    there = Catalog(controls=(canny,), complete=False)
    [control] = steer([guide], config, there, "mac:1", "v1", has_image=False).controls
    assert control.file == canny.file
    for nobody in (NOTHING, there):
        mine = replace(guide, control=Control("mine.ckpt"))
        [control] = steer([mine], config, nobody, "mac:1", "v1", has_image=False).controls
        assert control.file == "mine.ckpt"


@pytest.mark.parametrize(
    "there", [NOTHING, Catalog(loras=(LoRASpec("a.ckpt", "A", "v1"),))], ids=["silent", "told"]
)
def test_an_official_control_that_is_missing_can_be_downloaded(there: Catalog) -> None:
    guide = Guide(Control("controlnet_tile_1.x_v1.1_f16.ckpt"), "tile", 0)
    with pytest.raises(ModelUnavailable, match="Download Tile"):
        steer([guide], GenerationConfig(model="m.ckpt"), there, "mac:1", "v1", has_image=False)
