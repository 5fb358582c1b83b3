"""Is ComfyUI's environment prepared with the torch that is there, once?"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from drawbridge.devtools.comfyui import environment

REQUIREMENTS = """\
comfyui-frontend-package==1.27.10
torch
torchsde
torchvision>=0.20
torchaudio
torch-fidelity
#non essential dependencies:
pydantic~=2.0
"""


@pytest.fixture
def comfyui(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text(REQUIREMENTS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def pip(comfyui: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pip was asked for, with the contents of the files named."""
    calls: list[list[str]] = []

    def record(python: Path, *arguments: str) -> None:
        words = [Path(a).read_text() if a.endswith(".txt") else a for a in arguments]
        calls.append(words)

    monkeypatch.setattr(environment, "_pip", record)
    monkeypatch.setattr(environment, "_installed", lambda python: (comfyui, "2.13.0+cpu"))
    return calls


def test_torch_is_left_out_and_only_torch() -> None:
    kept = environment.without_torch(REQUIREMENTS)

    assert "torchsde" in kept
    assert "torch-fidelity" in kept
    assert "requests" in kept
    assert not {"torch", "torchvision>=0.20", "torchaudio"} & set(kept)


@pytest.mark.parametrize(
    ("torch", "companions"),
    [
        ("2.13.0+cpu", ["torchvision==0.28.*", "torchaudio>=2.11,<2.14"]),
        ("2.6.0", ["torchvision==0.21.*", "torchaudio>=2.6,<2.7"]),
    ],
)
def test_companions_fit_torch(torch: str, companions: list[str]) -> None:
    assert environment.torch_companions(torch) == companions


def test_unknown_torch_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"torch 3\.0\.0"):
        environment.torch_companions("3.0.0")


def test_torch_is_pinned(comfyui: Path, pip: list[list[str]]) -> None:
    environment.prepare(comfyui, Path(sys.executable))

    assert pip[0][0] == "--no-deps"
    assert pip[1][:2] == ["-c", "torch==2.13.0+cpu\n"]


def test_second_time_does_nothing(comfyui: Path, pip: list[list[str]]) -> None:
    environment.prepare(comfyui, Path(sys.executable))
    environment.prepare(comfyui, Path(sys.executable))

    assert len(pip) == 2


def test_changed_requirements_are_installed(comfyui: Path, pip: list[list[str]]) -> None:
    environment.prepare(comfyui, Path(sys.executable))
    (comfyui / "requirements.txt").write_text("torch\naiohttp\n", encoding="utf-8")
    environment.prepare(comfyui, Path(sys.executable))

    assert len(pip) == 4


def test_python_without_torch_is_an_error(comfyui: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "ABOUT", "raise SystemExit('No package torch')")

    with pytest.raises(RuntimeError, match="No package torch"):
        environment.prepare(comfyui, Path(sys.executable))
