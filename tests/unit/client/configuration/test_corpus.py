"""All configurations that the tests have, told by the script that tells of anybody's."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[4]
VECTORS = ROOT / "tests" / "vectors"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = ROOT / "scripts" / "configurations.py"
    spec = importlib.util.spec_from_file_location("configurations_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_none_of_the_corpus_is_refused_or_changed(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [VECTORS / "app_configurations.json", VECTORS / "configurations.json"]
    entries = [one for file in files for one in json.loads(file.read_text(encoding="utf-8"))]
    noted = [one for one in entries if one.get("notes")]
    assert script.main([str(file) for file in files]) == 0
    *lines, figures = capsys.readouterr().out.splitlines()
    assert len(entries) > 80
    assert figures.startswith(f"{len(entries)} configurations: {len(entries)} read, of them ")
    assert figures.endswith("; 0 refused; 0 changed")
    names = {line.split(": ")[2] for line in lines}
    assert {one["name"] for one in noted} <= names


def test_what_is_refused_is_told_with_its_reason(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.json").write_text('{"steps": 8}', encoding="utf-8")
    (tmp_path / "other.json").write_text('{"title": "no configuration"}', encoding="utf-8")
    assert script.main([str(tmp_path)]) == 0
    reason, figures = capsys.readouterr().out.splitlines()
    assert reason.startswith("refused: ")
    assert "other.json: The text has none of a configuration's keys" in reason
    assert figures == "2 configurations: 1 read, of them 0 with notes; 1 refused; 0 changed"
