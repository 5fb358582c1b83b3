"""Wishes become requests: whose value wins, what is said, and which file each name means."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from drawbridge.client.catalog.lookup import ModelFile
from drawbridge.client.catalog.records import Catalog, LoRASpec, ModelSpec, RemoteFile
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.assemble import Prepared, Wishes, assemble, prepare
from drawbridge.client.generation.hints import Guide
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.errors import ModelUnavailable, RequestRejected

ROOT = Path(__file__).resolve().parents[4]
RAW = '{"name":"M","file":"m.ckpt","prefix":"","version":"v1","upcast_attention":false,'
SPEC = ModelSpec("m.ckpt", "M", "v1", raw=RAW + '"default_scale":8}')
MODEL = ModelFile.of(SPEC)
CATALOG = Catalog(models=(SPEC,))
SMALL = {"start_width": 256, "start_height": 128}


class Server:
    """Answers which files it has, and remembers what it was asked."""

    endpoint = Endpoint("mac", 1)

    def __init__(self, *files: str) -> None:
        self.files = files
        self.asked: list[str] = []

    async def files_exist(self, files: Sequence[str]) -> list[RemoteFile]:
        self.asked += files
        return [RemoteFile(name, name in self.files) for name in files]


def prepared(
    server: Server, wishes: Wishes, catalog: Catalog = CATALOG, *, demand_all: bool = True
) -> Prepared:
    return asyncio.run(prepare(server, wishes, catalog, demand_all=demand_all))


def requests(**wishes: Any) -> tuple[GenerationRequest, ...]:
    settings = {**SMALL, "seed": 7, **wishes.pop("settings", {})}
    wanted = Wishes(MODEL, "a bridge", settings=settings, **wishes)
    return assemble(wanted, MODEL, CATALOG, "mac:1").requests


def test_what_is_wished_wins_over_what_is_usual() -> None:
    [request] = requests(usual={"steps": 9, "strength": 0.5}, settings={"steps": 4})
    assert (request.config.steps, request.config.strength) == (4, 0.5)
    assert request.config.sampler is GenerationConfig.sampler  # nobody's advice


def test_the_models_own_settings_are_usual() -> None:
    [request] = requests()
    assert request.config.start_width == 256
    assert request.config.sampler is not GenerationConfig.sampler
    assert request.override.models == (SPEC,)


@pytest.mark.parametrize(
    ("name", "remedy"), [("start_widht", "Did you mean start_width?"), ("zzz", "Take it out")]
)
def test_a_setting_that_nobody_knows_is_named(name: str, remedy: str) -> None:
    with pytest.raises(RequestRejected, match=f"There is no setting {name}") as caught:
        requests(settings={name: 1})
    assert remedy in caught.value.remedy
    with pytest.raises(RequestRejected, match=name):
        requests(usual={name: 1})


def test_every_result_has_a_seed_of_its_own() -> None:
    image = torch.rand(2, 128, 256, 3)
    made = requests(image=image, runs=2, settings={"seed": (1 << 64) - 2, "strength": 0.5})
    assert [one.config.seed for one in made] == [0xFFFFFFFE, 0xFFFFFFFF, 0, 1]
    first, again, second, _ = (one.image for one in made)
    assert first is again
    assert first is not None
    assert second is not None
    assert not np.array_equal(first, second)


def test_a_seed_is_drawn_where_none_is_given() -> None:
    wishes = Wishes(MODEL, "a bridge", settings=SMALL)
    seeds = {assemble(wishes, MODEL, CATALOG, "").requests[0].config.seed for _ in range(3)}
    assert len(seeds) > 1


@pytest.mark.parametrize(("version", "size"), [("qwen_image_2.1", 2), ("hidream_o1", 4), ("v1", 1)])
def test_note_says_where_hires_fix_grows_the_picture(version: str, size: int) -> None:
    model = ModelFile.of(replace(SPEC, version=version))
    first_pass = {"hires_fix_start_width": 128, "hires_fix_start_height": 128}
    for hires_fix in (True, False):
        settings = {"start_width": 256, "start_height": 256, "hires_fix": hires_fix, **first_pass}
        wishes = Wishes(model, "a bridge", settings=settings)
        notes = [
            note
            for note in assemble(wishes, model, Catalog(), "").notes
            if "high-resolution fix" in note
        ]
        assert len(notes) == (hires_fix and size > 1)
        assert all(f"{256 * size} x {256 * size}" in note for note in notes)


def test_notes_are_about_what_a_person_said() -> None:
    wishes = Wishes(
        MODEL,
        "a bridge",
        settings={**SMALL, "num_frames": 9},
        usual={"stage_2_steps": 3},
        image=torch.rand(1, 128, 256, 3),
    )
    assert assemble(wishes, MODEL, CATALOG, "").notes == (
        "Models of v1 do not read num_frames.",
        "The image is not used: at strength 1 m.ckpt starts from noise.",
    )


def test_a_specification_that_a_person_gives_is_asked_for() -> None:
    raw = '{"name":"Ink","file":"ink.ckpt","prefix":"","version":"v1"}'
    ink = Catalog(loras=(LoRASpec("ink.ckpt", "Ink", "v1", raw=raw),))
    wishes = Wishes("m", "x", settings=SMALL, loras=(LoRA("ink"),), specified=ink)
    server = Server("ink.ckpt")
    [request] = prepared(server, wishes).requests
    assert [lora.file for lora in request.config.loras] == ["ink.ckpt"]
    assert request.override.loras == ink.loras
    assert server.asked == ["ink.ckpt"]
    with pytest.raises(ModelUnavailable, match=r"lacks ink\.ckpt"):
        prepared(Server(), wishes)
    server = Server()
    prepared(server, replace(wishes, loras=()))
    assert server.asked == []


def test_files_that_nobody_knows_are_asked_for() -> None:
    wishes = Wishes(
        ModelFile("mine.ckpt", "v1"),
        "x",
        settings={**SMALL, "upscaler": "up.ckpt"},
        loras=(LoRA("ink.ckpt"),),
    )
    silent = Catalog(complete=False)
    server = Server("ink.ckpt", "up.ckpt")
    [request] = prepared(server, wishes, silent).requests
    assert (request.version, request.override.models) == ("v1", ())
    assert server.asked == ["ink.ckpt", "up.ckpt"]
    with pytest.raises(ModelUnavailable, match=r"has no file up\.ckpt") as caught:
        prepared(Server("ink.ckpt"), wishes, silent)
    assert "upscaler" in caught.value.remedy


def test_files_that_a_silent_server_lacks_are_left_out_with_notes() -> None:
    picture = torch.rand(1, 64, 64, 3)
    wishes = Wishes(
        ModelFile("mine.ckpt", "v1"),
        "x",
        settings={**SMALL, "upscaler": "up.ckpt", "refiner_model": "fine.ckpt"},
        loras=(LoRA("gone.ckpt"), LoRA("ink.ckpt")),
        guides=(Guide(Control("lines.ckpt"), "canny", picture),),
    )
    silent = Catalog(complete=False)
    server = Server("ink.ckpt")
    outcome = prepared(server, wishes, silent, demand_all=False)
    [request] = outcome.requests
    config = request.config
    assert [lora.file for lora in config.loras] == ["ink.ckpt"]
    assert (config.upscaler, config.refiner_model, config.controls) == ("", "", ())
    assert request.hints == ()
    absent = ("refiner fine.ckpt", "LoRA gone.ckpt", "upscaler up.ckpt", "control lines.ckpt")
    for words, note in zip(absent, outcome.notes, strict=True):
        assert note.startswith(f"The server at mac:1 has no {words}. The picture is made without.")
    everything = ["gone.ckpt", "ink.ckpt", "lines.ckpt", "fine.ckpt", "up.ckpt"]
    assert sorted(server.asked) == sorted(everything)  # each once
    whole = prepared(Server(*everything), wishes, silent, demand_all=False)
    assert [lora.file for lora in whole.requests[0].config.loras] == ["gone.ckpt", "ink.ckpt"]
    assert whole.notes == ()


def test_a_specified_file_that_is_not_there_is_left_out_with_a_note() -> None:
    raw = '{"name":"Ink","file":"ink.ckpt","prefix":"","version":"v1"}'
    ink = Catalog(loras=(LoRASpec("ink.ckpt", "Ink", "v1", raw=raw),))
    wishes = Wishes("m", "x", settings=SMALL, loras=(LoRA("ink"),), specified=ink)
    outcome = prepared(Server(), wishes, demand_all=False)
    [request] = outcome.requests
    assert (request.config.loras, request.override.loras) == ((), ())
    [note] = outcome.notes
    assert note.endswith(
        "has no LoRA ink.ckpt. The picture is made without. Bring it there with Upload."
    )


def test_a_model_of_no_known_version_is_not_guessed() -> None:
    with pytest.raises(ModelUnavailable, match=r"Nobody tells what mine\.ckpt is"):
        prepared(Server("mine.ckpt"), Wishes("mine.ckpt", "x"), Catalog(complete=False))


def test_words_alone_need_no_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import checkout; checkout.register()\n"
        "from drawbridge.client.catalog.lookup import ModelFile\n"
        "from drawbridge.client.catalog.records import Catalog\n"
        "from drawbridge.client.generation.assemble import Wishes, assemble\n"
        "model = ModelFile('m.ckpt', 'v1')\n"
        "wishes = Wishes(model, 'a bridge')\n"
        "assert assemble(wishes, model, Catalog(complete=False), '').requests\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


@pytest.mark.parametrize("runs", [0, -1])
def test_no_run_at_all_is_refused(runs: int) -> None:
    with pytest.raises(RequestRejected, match=f"batch_count is {runs}"):
        requests(runs=runs)
