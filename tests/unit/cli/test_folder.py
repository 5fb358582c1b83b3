"""Where the command line keeps things, on each system."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from drawbridge.cli.folder import user_folder

ELSEWHERE = Path("somewhere", "drawbridge")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


def find(
    environ: dict[str, str], platform: str, package: Path = ELSEWHERE, **options: Path
) -> Path | None:
    return user_folder(Namespace(**options), environ, package=package, platform=platform)


@pytest.mark.parametrize(
    ("platform", "folder"),
    [
        ("linux", ".config/drawbridge"),
        ("darwin", "Library/Application Support/Drawbridge"),
        ("win32", "AppData/Roaming/Drawbridge"),
    ],
)
def test_each_system_has_its_place(home: Path, platform: str, folder: str) -> None:
    assert find({}, platform) == home / folder


def test_system_variables_count_if_they_are_paths(home: Path, tmp_path: Path) -> None:
    chosen = str(tmp_path / "chosen")
    assert find({"XDG_CONFIG_HOME": chosen}, "linux") == Path(chosen, "drawbridge")
    assert find({"XDG_CONFIG_HOME": "relative"}, "linux") == home / ".config" / "drawbridge"
    assert find({"APPDATA": chosen}, "win32") == Path(chosen, "Drawbridge")


def test_nodes_and_command_line_share_a_folder(tmp_path: Path) -> None:
    package = tmp_path / "ComfyUI" / "custom_nodes" / "drawbridge"
    assert find({}, "linux", package) == tmp_path / "ComfyUI" / "user" / "__drawbridge"


def test_option_wins_over_variable_and_variable_over_place(tmp_path: Path) -> None:
    package = tmp_path / "custom_nodes" / "drawbridge"
    environ = {"DRAWBRIDGE_STORE": str(tmp_path / "variable")}
    assert find(environ, "linux", package) == tmp_path / "variable"
    given = tmp_path / "option"
    assert find(environ, "linux", package, store=given) == given


def test_user_without_a_home_has_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    assert find({}, "linux") is None
