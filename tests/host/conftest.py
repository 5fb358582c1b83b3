"""The real ComfyUI: one for all tests that ask it questions, others for those that need their own.

COMFYUI_PATH names its folder, or those of several, with the path separator between them: the tests
run in each. Unset, everything here is skipped; set wrongly, everything fails.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from drawbridge.devtools.comfyui.interpreter import find_comfyuis
from drawbridge.devtools.comfyui.pairs import pairs

if TYPE_CHECKING:
    from drawbridge.devtools.comfyui.host import RealComfyUI

HERE = Path(__file__).resolve().parent
SECRET_VARIABLE = "DRAWBRIDGE_SECRET_HOST_TESTS"
SECRET = "open sesame"
FOLDERS = [pair.comfyui for pair in pairs() if pair.frontend is None]


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests on one worker, so that one ComfyUI serves them all."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("comfyui"))
            if not os.environ.get("COMFYUI_PATH"):
                item.add_marker(pytest.mark.skip(reason="COMFYUI_PATH names no ComfyUI to ask"))


@pytest.fixture(
    scope="session", params=FOLDERS or [None], ids=[one.name for one in FOLDERS] or ["none"]
)
def make_comfyui(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., RealComfyUI]:
    """Return a maker of ComfyUIs with an empty base folder each: `with make_comfyui(...) as host`.

    It takes the keywords of RealComfyUI; who calls it starts and stops what it returns.
    """
    from drawbridge.devtools.comfyui.host import RealComfyUI

    checkout: Path | None = request.param
    assert checkout is not None, "these tests are skipped where COMFYUI_PATH is not set"
    assert checkout in find_comfyuis()

    def make(**options: Any) -> RealComfyUI:
        return RealComfyUI(checkout, tmp_path_factory.mktemp("comfyui"), **options)

    return make


@pytest.fixture(scope="session")
def comfyui(make_comfyui: Callable[..., RealComfyUI]) -> Iterator[RealComfyUI]:
    """A running ComfyUI with our pack, shared by all tests: its cache and its queue are, too.

    It knows the credential `host_tests`, whose secret is `open sesame`.
    """
    with make_comfyui(environment={SECRET_VARIABLE: SECRET}) as running:
        yield running
