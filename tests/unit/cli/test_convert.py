"""The command convert: what it reads, what it writes, what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drawbridge.cli.main import main

GRAPH: dict[str, Any] = {
    "1": {"class_type": "DrawThingsPrompt", "inputs": {"prompt": "a lake"}},
    "2": {"class_type": "DrawThingsControlNet", "inputs": {"control_name": "(None selected)"}},
}


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(one) for one in arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_ours_lies_beside_theirs_and_the_terminal_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lake.json"
    path.write_text(json.dumps(GRAPH), encoding="utf-8")
    code, out, err = run(capsys, "convert", path)
    assert code == 0
    assert "2 nodes converted" in out
    assert "node 2): it has no control" in err
    ours = json.loads((tmp_path / "lake.drawbridge.json").read_text(encoding="utf-8"))
    assert ours["1"]["class_type"] == "Drawbridge_Prompt"
    assert json.loads(path.read_text(encoding="utf-8")) == GRAPH
    code, out, _ = run(capsys, "convert", path, "-o", tmp_path / "ours.json", "--json")
    assert (code, json.loads(out)["nodes"]) == (0, 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no graph"),
        ('{"1": {"class_type": "KSampler", "inputs": {}}}', "has no nodes of those packs"),
    ],
)
def test_what_cannot_be_converted_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text, encoding="utf-8")
    code, _, err = run(capsys, "convert", path)
    assert code == 2
    assert words in err
    assert [one.name for one in tmp_path.iterdir()] == ["odd.json"]
