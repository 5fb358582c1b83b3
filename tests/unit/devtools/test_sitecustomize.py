"""Do torchvision and torchaudio import with the shim, and is it unseen otherwise?

The two packages are laid out by hand here, since an environment has them either broken or whole.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SHIM = Path(__file__).resolve().parents[3] / "devtools" / "comfyui" / "site"
TORCHVISION = {
    "torchvision/__init__.py": "from . import extension, _meta_registrations",
    "torchvision/_meta_registrations.py": """
import torch

@torch.library.register_fake("torchvision::nms")
def _(dets, scores, threshold):
    return dets
""",
}
TORCHAUDIO = {
    "torchaudio/__init__.py": "from . import _extension",
    "torchaudio/_extension/__init__.py": """
from .utils import _load_lib
HAS = _load_lib("_torchaudio")
""",
}
DEFINES_NMS = """
import torch
library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold, int own=7) -> Tensor")
library.define("qnms(Tensor dets) -> Tensor")
"""


def run(code: str, folder: Path, files: dict[str, str]) -> str:
    """Return what Python prints for the code, with the shim first and then a folder of files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SHIM), str(folder)])}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def test_torchvision_imports_without_its_compiled_part(tmp_path: Path) -> None:
    files = {**TORCHVISION, "torchvision/extension.py": ""}

    told = run(
        "import torchvision, torch; print(torch.ops.torchvision.nms.default._schema)",
        tmp_path,
        files,
    )

    assert told == "torchvision::nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def test_torchvision_keeps_its_own_operators(tmp_path: Path) -> None:
    files = {**TORCHVISION, "torchvision/extension.py": DEFINES_NMS}

    told = run(
        "import torchvision, torch; print(torch.ops.torchvision.nms.default._schema)",
        tmp_path,
        files,
    )

    assert "int own=7" in told


@pytest.mark.parametrize(
    ("body", "has"), [("raise OSError('libcuda')", "False"), ("return True", "True")]
)
def test_torchaudio_tells_whether_its_compiled_part_loads(
    tmp_path: Path, body: str, has: str
) -> None:
    files = {**TORCHAUDIO, "torchaudio/_extension/utils.py": f"def _load_lib(name): {body}"}

    assert run("import torchaudio; print(torchaudio._extension.HAS)", tmp_path, files) == has


def test_hidden_sitecustomize_runs(tmp_path: Path) -> None:
    files = {"sitecustomize.py": "import builtins; builtins.seen = __file__"}

    assert run("print(seen)", tmp_path, files) == str(tmp_path / "sitecustomize.py")


def test_start_imports_nothing_heavy(tmp_path: Path) -> None:
    assert run("import sys; print('torch' in sys.modules)", tmp_path, {}) == "False"
