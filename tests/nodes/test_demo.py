"""The demo makes something from a ready graph, in the stand-in; test_workflows.py runs each."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from drawbridge.devtools.shared_graphs import shared_graph
from drawbridge.scripts import demo


@pytest.mark.parametrize("name", ["text_to_image", "several_prompts", "video"])
def test_demo_runs_a_ready_graph(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.delenv("COMFYUI_PATH", raising=False)
    output = tmp_path / "output"
    flags = ["--workflow", str(shared_graph(name)), "--step-ms", "0"]
    assert demo.main([*flags, "--output", str(output)]) == 0
    said = capsys.readouterr().out
    written = [line.removeprefix("Wrote ") for line in said.splitlines() if "Wrote " in line]
    if name == "video":
        assert "Made a video of 25 frames" in said
    else:
        assert written
    for path in written:
        with Image.open(path) as picture:
            assert min(picture.size) >= 256
