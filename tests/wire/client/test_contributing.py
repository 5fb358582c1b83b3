"""CONTRIBUTING.md, step by step: an invented row is enough for all that depends on it."""

from __future__ import annotations

import argparse
import json
import re
import types
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from drawbridge.cli import main
from drawbridge.cli.command import Command, no_options
from drawbridge.cli.output import Output
from drawbridge.client.catalog.records import ControlSpec
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.enums import ColorCalibration
from drawbridge.client.configuration.fields import Control, GenerationConfig
from drawbridge.client.configuration.json_keys import KEYS
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.advice import advise, explain
from drawbridge.client.generation.assemble import Wishes
from drawbridge.client.generation.events import Event, Picture, Preview
from drawbridge.client.generation.hints import Guide
from drawbridge.client.generation.relevance import matters_for, readers, relevant
from drawbridge.client.generation.sizes import sizes
from drawbridge.codec import latent, tensor
from drawbridge.devtools import configuration_reader
from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import RequestRejected
from drawbridge.facts import hints, samplers, versions
from drawbridge.facts.hints import ControlInput, HintKind
from drawbridge.facts.model_version import FrameRule, Kind, ModelVersion
from drawbridge.facts.samplers import Sampler
from drawbridge.proto.generation_config_fbs import SamplerType
from drawbridge.proto.generation_config_slots import TABLES

Emulate = Callable[..., Emulator]
Door = Callable[..., Endpoint]

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "CONTRIBUTING.md"
SMALL = {"start_width": 128, "start_height": 192, "steps": 6}

PICTURE = ModelVersion(
    *("fable_1", "Fable 1", 32, 8, 640),
    flow=True,
    latent_spaces=("flux2",),
    t5_switch=True,
    guidance_embed=True,
)
VIDEO = ModelVersion(
    *("fable_film", "Fable Film", 16, 8, 512, Kind.VIDEO),
    flow=True,
    latent_spaces=("wan21",),
    sizes=((640, 384),),
    needs_image=True,
    single=True,
    frame_rule=FrameRule(17, latents=5, head_frames=5, head_latents=2, rounds_up=True),
    usual_frames=22,
)


@pytest.fixture
def new_versions() -> Iterator[None]:
    with versions.registered(PICTURE), versions.registered(VIDEO):
        yield


def test_pages_that_are_named_are_there() -> None:
    named = re.findall(r"`((?:\w+/)+[\w.]*)`", PAGE.read_text(encoding="utf-8"))
    assert len(set(named)) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []


async def generate(client: DrawThingsClient, wishes: Wishes) -> list[Event]:
    prepared = await client.prepare(wishes)
    return [event async for event in client.generate(prepared.requests[0])]


@pytest.mark.usefixtures("new_versions")
async def test_row_of_a_version_is_enough_up_to_its_picture(emulate: Emulate, door: Door) -> None:
    async with DrawThingsClient(door(emulate(strict=True))) as client:
        catalog = await client.catalog()
        (spec,) = [model for model in catalog.models if model.version == "fable_1"]
        advised = advise(spec.file, spec.version, spec)
        assert (advised["start_width"], advised["sampler"]) == (640, Sampler.UNIPC_TRAILING)
        assert "guidance_embed" in advised
        assert "(Fable 1)" in explain(spec.file, spec.version, advised)
        wishes = Wishes(spec.name, "a fable", settings={**SMALL, "t5_text_encoder": False})
        events = await generate(client, wishes)
        odd = await client.prepare(Wishes(spec.file, "", settings={"sampler": Sampler.EULER_A}))
        assert "Euler A is not made for Fable 1" in odd.notes[0]
    (picture,) = [event for event in events if isinstance(event, Picture)]
    assert picture.array.shape == (1, 192, 128, 3)
    previews = [event for event in events if isinstance(event, Preview)]
    last = latent.preview(tensor.decode(previews[-1].encoded), "fable_1")
    assert last is not None
    assert last.shape == (1, 24, 16, 3)
    shown = last.numpy()[0].astype(np.float32).mean(axis=(0, 1))
    made = (picture.array[0].astype(np.float32).mean(axis=(0, 1)) + 1) * 127.5
    assert np.abs(shown - made).max() < 40  # noise is left in it


@pytest.mark.usefixtures("new_versions")
async def test_row_of_a_video_is_enough_up_to_its_frames(emulate: Emulate, door: Door) -> None:
    async with DrawThingsClient(door(emulate())) as client:
        catalog = await client.catalog()
        (spec,) = [model for model in catalog.models if model.version == "fable_film"]
        assert advise(spec.file, spec.version, spec)["num_frames"] == 22
        wishes = Wishes(spec.file, "a film", settings={**SMALL, "num_frames": 20})
        with pytest.raises(RequestRejected, match="Fable Film needs an image"):
            await client.prepare(wishes)
        image = torch.rand(1, 192, 128, 3)
        events = await generate(client, Wishes(**{**vars(wishes), "image": image}))
    assert len([event for event in events if isinstance(event, Picture)]) == 20
    (first, *_) = [event for event in events if isinstance(event, Preview)]
    assert tensor.decode(first.encoded).shape == (7, 24, 16, 16)  # docs/protocol.md 16.3: 20 are 7
    assert [(size.width, size.height) for size in sizes("fable_film")] == [(640, 384), (384, 640)]


@pytest.mark.usefixtures("new_versions")
def test_row_of_a_version_says_which_fields_it_reads() -> None:
    assert "fable_1" in matters_for()["t5_text_encoder"]
    reading = readers("t5_text_encoder")
    assert reading is not None
    assert "Fable 1" in reading.names
    assert "fable_1" not in matters_for()["clip_skip"]
    config = GenerationConfig(clip_skip=2, t5_text_encoder=False, num_frames=7)
    assert relevant(config, "fable_1")[1] == ("clip_skip", "num_frames")


def test_without_its_row_a_version_is_unknown() -> None:
    assert versions.find("fable_1") is None
    assert "fable_1" not in matters_for()["t5_text_encoder"]
    config = GenerationConfig(clip_skip=2)
    assert relevant(config, "fable_1") == (config, ())


THERMAL = HintKind("thermal", ControlInput.UNSPECIFIED, ("custom",))


@pytest.mark.parametrize("known", [True, False])
async def test_row_of_a_kind_is_enough_up_to_the_control(
    emulate: Emulate, door: Door, tmp_path: Path, known: bool
) -> None:
    control = {
        **{"name": "Thermal", "file": "thermal.ckpt", "version": "v1", "type": "controlnet"},
        **{"global_average_pooling": False, "modifier": "thermal"},
    }
    (tmp_path / "custom_controlnet.json").write_text(json.dumps([control]))
    (tmp_path / "thermal.ckpt").write_bytes(b"x")
    if not known:  # a server drops what it cannot read
        async with DrawThingsClient(door(emulate(models=tmp_path))) as client:
            assert (await client.catalog()).control("thermal.ckpt") is None
        return
    picture = torch.rand(1, 192, 128, 3)
    with hints.registered(THERMAL):
        emulator = emulate(models=tmp_path, stock=True, strict=True)
        async with DrawThingsClient(door(emulator)) as client:
            spec = (await client.catalog()).control("thermal.ckpt")
            assert isinstance(spec, ControlSpec)
            assert spec.kind == "thermal"
            wishes = Wishes(
                "sd_v1.5_f16.ckpt",
                "a house",
                settings={**SMALL, "seed": 5},
                guides=(Guide(Control("Thermal"), "thermal", picture),),
            )
            (request,) = (await client.prepare(wishes)).requests
            assert [hint.type for hint in request.hints] == ["custom"]
            steered = await generate(client, wishes)
            without = await generate(client, Wishes(**{**vars(wishes), "guides": ()}))
    first, second = (
        next(event.array for event in events if isinstance(event, Picture))
        for events in (steered, without)
    )
    assert not np.array_equal(first, second)  # it is painted


def _with_row(module: types.ModuleType, after: str, row: str) -> types.ModuleType:
    """Return the module as it is with one more line behind another."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert source.count(after) == 1
    changed = types.ModuleType("changed")
    exec(
        compile(source.replace(after, f"{after}\n{row}"), str(module.__file__), "exec"),
        vars(changed),
    )
    return changed


@pytest.mark.parametrize(
    ("name", "label", "wanted"),
    [
        ("DPMPP_3M_TRAILING", "DPM++ 3M Trailing", {"TRAILING", "FLOW_SAMPLERS"}),
        ("UNIPC2_AYS", "UniPC2 AYS", {"FLOW_SAMPLERS", "LINEAR"}),
        ("TCD_KARRAS", "TCD Karras", {"TCD", "LINEAR"}),
    ],
)
def test_row_of_a_sampler_says_what_it_suits(name: str, label: str, wanted: set[str]) -> None:
    changed = _with_row(samplers, "    TCD_TRAILING = 19", f"    {name} = 20")
    new = changed.Sampler(20)
    assert new.label == label
    groups = ("TRAILING", "FLOW_SAMPLERS", "LINEAR", "TCD", "BY_STEP")
    assert {group for group in groups if new in vars(changed)[group]} == wanted
    assert new in changed.ALL_SAMPLERS


async def test_number_in_the_schema_is_enough_for_a_server(
    emulate: Emulate, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    from drawbridge.devtools.emulator_requests import build_request
    from drawbridge.emulator.stock.catalog import Catalog
    from drawbridge.emulator.understanding.message import read

    def remarks() -> str:
        return "".join(read(build_request(sampler=20), Catalog(ROOT / "tests")).remarks)

    assert "sampler 20 does not exist" in remarks()
    monkeypatch.setattr(SamplerType, "DPMPP3MTrailing", 20, raising=False)
    assert remarks() == ""


def test_every_sampler_of_the_schema_has_its_row() -> None:
    numbers = {value for value in vars(SamplerType).values() if isinstance(value, int)}
    assert numbers == {int(sampler) for sampler in Sampler}
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    listed = next(line for line in page.splitlines() if line.startswith("| SamplerType "))
    for sampler in Sampler:
        assert f"{int(sampler)} {sampler.label}".casefold() in listed.casefold()


SLOTS = [name for name, _, deprecated in TABLES["GenerationConfiguration"] if not deprecated]


def test_every_field_of_the_schema_has_its_places() -> None:
    assert {field.name for field in fields(GenerationConfig)} == set(SLOTS)
    apart = {"name", "causal_inference_enabled"}  # the app's JSON leaves them out
    assert set(KEYS.values()) == set(SLOTS) - apart
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert [name for name in SLOTS if f"| {name} |" not in page] == []


@pytest.mark.parametrize("name", SLOTS)
def test_field_travels_by_its_row_alone(name: str) -> None:
    value: Any = getattr(GenerationConfig(), name)
    match value:
        case bool():
            value = not value
        case ColorCalibration() | int():
            value = type(value)(64 * (value // 64) + 64 if name.endswith(_BLOCKS) else 1)
        case float():
            value = 0.5
        case str():
            value = "x"
        case tuple():
            return  # records of their own
    config = GenerationConfig(**{name: value})
    assert getattr(configuration_reader.read(config.to_bytes()), name) == value


_BLOCKS = ("_width", "_height", "_overlap")


def test_row_of_a_command_is_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def add_place(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("place")

    def greet(options: argparse.Namespace, output: Output) -> int:
        output.line(f"Good day, {options.place}.")
        output.result(place=options.place)
        return 3

    row = Command("salute", "say good day", greet, add_place, no_options)
    monkeypatch.setitem(main.COMMANDS, "salute", row)
    assert main.main(["salute", "Büro"]) == 3
    assert capsys.readouterr().out == "Good day, Büro.\n"
    assert main.main(["--json", "salute", "Büro"]) == 3
    assert json.loads(capsys.readouterr().out)["place"] == "Büro"
    with pytest.raises(SystemExit):
        main.main(["--help"])
    assert "say good day" in capsys.readouterr().out


def test_every_command_has_its_file_and_its_page() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for name in main.COMMANDS:
        assert (ROOT / "cli" / f"{name}.py").is_file()
        assert re.search(rf"\b{name}\b", page)
