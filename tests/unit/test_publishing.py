"""What a registry and a newcomer read of the project agrees with the project."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from datetime import date
from typing import Any

import pytest
import tomli

import drawbridge
from drawbridge.checkout import ROOT

PROJECT: dict[str, Any] = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REPOSITORY: str = PROJECT["project"]["urls"]["Repository"]
RAW = REPOSITORY.replace("//github.com", "//raw.githubusercontent.com") + "/main/"
TEST_WORKFLOW = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("key", "ratio", "widest"), [("Icon", 1, 400), ("Banner", 21 / 9, None)])
def test_registry_finds_pictures_of_the_right_shape(
    key: str, ratio: float, widest: int | None
) -> None:
    address = PROJECT["tool"]["comfy"][key]
    assert address.startswith(RAW)
    drawn = ElementTree.fromstring((ROOT / address.removeprefix(RAW)).read_text(encoding="utf-8"))
    width, height = float(drawn.attrib["width"]), float(drawn.attrib["height"])
    assert width / height == pytest.approx(ratio)
    assert widest is None or width <= widest


def test_address_is_the_same_wherever_it_stands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"git clone {REPOSITORY} " in readme
    assert all(url.startswith(REPOSITORY) for url in PROJECT["project"]["urls"].values())


def test_folder_of_a_clone_is_one_that_comfyui_serves() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", REPOSITORY.rpartition("/")[2])


def test_version_is_told_once_more_in_package_and_changelog() -> None:
    version = PROJECT["project"]["version"]
    assert drawbridge.__version__ == version
    log = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## (\S+) - (\S+)$", log, re.MULTILINE)
    assert newest is not None
    assert newest[1] == version
    assert date.fromisoformat(newest[2]) <= date.today()


def test_registry_gets_what_runs_and_no_more() -> None:
    left_out = (ROOT / ".comfyignore").read_text(encoding="utf-8").split()
    assert "tests/" in left_out
    for one in left_out:
        assert one.endswith("/")
        assert (ROOT / one).is_dir()
        assert not (ROOT / one / "__init__.py").is_file(), "what is left out may be imported"


def test_every_python_that_is_promised_is_tested_on_every_system() -> None:
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    pythons = re.findall(r'"(3\.\d+)"', TEST_WORKFLOW)
    assert pythons[0] == oldest
    assert pythons == [f"3.{minor}" for minor in range(int(oldest.split(".")[1]), 14)]
    for system in ("ubuntu", "macos", "windows"):
        assert f"{system}-latest" in TEST_WORKFLOW
