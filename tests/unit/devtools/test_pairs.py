"""Do the variables name the pairs of a ComfyUI and a page that they are said to?"""

from __future__ import annotations

import os
from pathlib import Path

from drawbridge.devtools.comfyui.pairs import Pair, pairs

OLD, NEW = Path("/c/0.3.64"), Path("/c/0.33.0")


def joined(*folders: Path) -> str:
    return os.pathsep.join(map(str, folders))


def test_unset_variables_name_no_pair() -> None:
    assert pairs({}) == ()
    assert pairs({"COMFYUI_FRONTENDS": "/f/1.58.1"}) == ()


def test_one_path_is_one_pair() -> None:
    [only] = pairs({"COMFYUI_PATH": str(OLD), "COMFYUI_FRONTENDS": ""})
    assert only == Pair(OLD.absolute(), None)
    assert only.label == "0.3.64-pinned"
    assert only.arguments == ()


def test_further_pages_are_served_by_the_first_comfyui() -> None:
    release = Path("/f/comfyui_frontend_package-1.58.1-py3-none-any/x/static")
    variables = {
        "COMFYUI_PATH": joined(OLD, NEW),
        "COMFYUI_FRONTENDS": joined(Path("/f/mine"), release),
    }
    found = pairs(variables)
    assert [one.label for one in found] == [
        *("0.3.64-pinned", "0.33.0-pinned", "0.3.64-mine", "0.3.64-1.58.1")
    ]
    assert found[-1].arguments == ("--front-end-root", str(release.absolute()))
