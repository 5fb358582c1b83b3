"""The folder in which the command line keeps what shall outlive it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def add_option(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add --store."""
    parser.add_argument(
        "--store",
        type=Path,
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help="a folder for credentials, saved servers and the like, which becomes private "
        "(DRAWBRIDGE_STORE; else the one of ComfyUI's nodes, or in your configuration folder)",
    )


def user_folder(
    options: argparse.Namespace,
    environ: Mapping[str, str] = os.environ,
    *,
    package: Path = _PACKAGE,
    platform: str = sys.platform,
) -> Path | None:
    """Return the folder, which need not be there; None where this computer names none.

    It is the one that the nodes use where this package is one of ComfyUI's custom nodes.
    """
    chosen = getattr(options, "store", None) or environ.get("DRAWBRIDGE_STORE", "").strip()
    if chosen:
        return Path(chosen).expanduser()
    if package.parent.name == "custom_nodes":
        return package.parent.parent / "user" / "__drawbridge"
    try:
        return _configuration(environ, platform)
    except RuntimeError:  # a user without a home
        return None


def _configuration(environ: Mapping[str, str], platform: str) -> Path:
    if platform == "win32":
        roaming = environ.get("APPDATA", "")
        return (Path(roaming) if roaming else Path.home() / "AppData" / "Roaming") / "Drawbridge"
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Drawbridge"
    chosen = Path(environ.get("XDG_CONFIG_HOME", ""))
    return (chosen if chosen.is_absolute() else Path.home() / ".config") / "drawbridge"
