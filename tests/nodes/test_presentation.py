"""How nodes show in the page: every one can be found, and folds what most graphs leave alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from comfy_api.latest import io

from drawbridge.checkout import ROOT
from drawbridge.nodes import NODES
from drawbridge.nodes.presentation import FOLDED, SEARCH_WORDS, label, presented

SCHEMAS = {node.define_schema().node_id.removeprefix("Drawbridge_"): node for node in NODES}
SHOWN_FIRST = ["prompt", "negative_prompt", "width", "height", "steps", "guidance", "seed"]


def test_every_node_has_words_that_find_it() -> None:
    assert set(SEARCH_WORDS) == set(SCHEMAS)
    assert all(SEARCH_WORDS.values())


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        *(("txt2img", "Generate"), ("img2img", "Generate"), ("ksampler", "Generate")),
        *(("inpaint", "Generate"), ("remote", "Connect"), ("grpc", "Connect")),
        *(("draw things", "Generate"), ("draw things", "Connect"), ("upscale", "SettingsUpscaler")),
    ],
)
def test_what_people_type_finds_the_node_that_they_mean(typed: str, wanted: str) -> None:
    assert typed in SEARCH_WORDS[wanted]


def test_search_words_go_only_where_the_host_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Probe(io.ComfyNode):
        @classmethod
        def define_schema(cls) -> io.Schema:
            return io.Schema(node_id="Drawbridge_Connect")

    presented(Probe)
    assert not hasattr(Probe.define_schema(), "search_aliases")
    monkeypatch.setattr(io.Schema, "search_aliases", [], raising=False)
    assert vars(Probe.define_schema())["search_aliases"] == [*SEARCH_WORDS["Connect"]]


@pytest.mark.parametrize("name", FOLDED)
def test_folded_inputs_exist_and_are_marked_in_what_the_page_reads(name: str) -> None:
    shown: dict[str, Any] = {}
    for part in SCHEMAS[name].INPUT_TYPES().values():
        shown |= part
    folded = [entry for entry, (_, options) in shown.items() if options.get("advanced")]
    assert sorted(folded) == sorted(FOLDED[name])


def test_generate_shows_what_every_picture_needs_first() -> None:
    widgets = [
        entry.id
        for entry in SCHEMAS["Generate"].define_schema().inputs
        if isinstance(entry, io.WidgetInput) and entry.id not in FOLDED["Generate"]
    ]
    assert widgets == [*SHOWN_FIRST, "sampler", "strength"]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        *(("negative_prompt", "negative prompt"), ("lora_1", "LoRA 1"), ("width", "width")),
        *(("t5_text", "T5 text"), ("num_frames", "frames"), ("stage_2_cfg", "stage 2 CFG")),
    ],
)
def test_an_inputs_name_reads_like_words(name: str, read: str) -> None:
    assert label(name) == read


@pytest.mark.parametrize("folder", sorted((ROOT / "locales").iterdir()), ids=lambda one: one.name)
def test_no_name_in_any_language_is_an_id(folder: Any) -> None:
    nodes = json.loads((folder / "nodeDefs.json").read_text(encoding="utf-8"))
    names = [entry["name"] for node in nodes.values() for entry in node.get("inputs", {}).values()]
    assert names
    assert not [name for name in names if "_" in name]
