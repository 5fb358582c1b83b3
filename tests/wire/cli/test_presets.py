"""Presets on the command line: kept, shared, and started from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]
Serve = Callable[..., Any]
LORA = "paper_cutout_zephyr_lora_f16.ckpt"
MODEL = "z_image_turbo_1.0_q8p.ckpt"


def test_preset_is_saved_shown_and_removed(run: Run, tmp_path: Path) -> None:
    file, store = tmp_path / "copied.json", ("--store", tmp_path)
    file.write_text(json.dumps({"steps": 7, "seed": 3}), encoding="utf-8")
    said = run(None, "presets", "save", "Ink", file, "--negative-prompt", "grey", *store)
    assert (said.code, said.err) == (0, "")
    shown = run(None, "presets", "show", "ink", *store)
    preset = json.loads(shown.out)
    assert (preset["name"], preset["negativePrompt"]) == ("Ink", "grey")
    assert (preset["steps"], preset["seed"]) == (7, -1)
    file.write_text(shown.out, encoding="utf-8")
    assert run(None, "presets", "save", "Again", file, *store, "--json").json["presets"] == [
        *("Again", "Ink"),
    ]
    listed = run(None, "presets", "list", *store).out
    assert "Ink  yours\n" in listed
    assert "FLUX.2 [dev] with Turbo  the app's\n" in listed
    assert run(None, "presets", "remove", "INK", *store, "--json").json["presets"] == ["Again"]
    for action in ("show", "remove"):
        assert run(None, "presets", action, "nobody", *store).code == 2


def test_what_a_preset_does_not_take_is_said_when_it_is_saved(run: Run, tmp_path: Path) -> None:
    file, store = tmp_path / "odd.json", ("--store", tmp_path)
    file.write_text('{"steps": 7, "maskBlur": "much", "steps": 8}', encoding="utf-8")
    said = run(None, "presets", "save", "Odd", file, *store)
    assert said.code == 0
    assert "steps more than once" in said.err
    assert 'maskBlur is "much"' in said.err
    assert len(run(None, "presets", "save", "Odd", file, *store, "--json").json["notes"]) == 2


def test_a_preset_is_shown_with_every_letter_of_it(run: Run, tmp_path: Path) -> None:
    file, store = tmp_path / "plain.json", ("--store", tmp_path)
    file.write_text('{"steps": 7}', encoding="utf-8")
    negative = "fog\u2028\u200b\x85 \U0001f469\u200d\U0001f3a8 \u00e9 \u6a21"
    run(None, "presets", "save", "Odd", file, "--negative-prompt", negative, *store)
    shown = json.loads(run(None, "presets", "show", "odd", *store).out)
    assert shown["negativePrompt"] == negative


def test_generate_starts_from_a_preset_and_options_win(
    run: Run, serve: Serve, tmp_path: Path
) -> None:
    emulator = serve(strict=True)
    file, store = tmp_path / "preset.json", ("--store", tmp_path)
    kept = {
        **{"name": "Paper", "negativePrompt": "grey", "model": MODEL, "steps": 3},
        **{"width": 128, "height": 192, "loras": [{"file": LORA, "weight": 0.5, "mode": "all"}]},
    }
    file.write_text(json.dumps(kept), encoding="utf-8")
    run(None, "presets", "save", "Paper", file, *store)
    out = ("--prompt", "a lake", "-o", tmp_path / "out.png", *store)
    ended = run(emulator, "generate", "--preset", "paper", *out)
    assert ended.code == 0, ended.err
    [call] = emulator.journal.events("call", rpc="GenerateImage")
    request, config = call["request"], call["request"]["configuration"]
    assert (config["model"], config["steps"], config["start_width"]) == (MODEL, 3, 2)
    assert [one["file"] for one in config["loras"]] == [LORA]
    assert request["negative_prompt"] == "grey"

    more = ("--steps", 2, "--negative-prompt", "", "--model", "Z Image Turbo 1.0")
    ended = run(emulator, "generate", "--preset", "z_image_turbo", *more[:4], *out)
    assert ended.code == 0, ended.err
    request = emulator.journal.events("call", rpc="GenerateImage")[-1]["request"]
    assert (request["configuration"]["steps"], request["negative_prompt"]) == (2, "")
    assert request["configuration"]["shift"] == 3


def test_preset_that_nobody_knows_is_a_wrong_use(run: Run, tmp_path: Path) -> None:
    ended = run(
        None,
        *("generate", "--preset", "z_image_turb", "--prompt", "x", "-o", tmp_path / "x.png"),
        *("--store", tmp_path),
    )
    assert ended.code == 2
    assert "z_image_turbo" in ended.err
