"""Our nodes in the stand-in for ComfyUI, with an emulated server at the other end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from standin.stage import Stage

from drawbridge.emulator.server import Emulator, Options


@pytest.fixture
def serve() -> Iterator[Callable[..., Emulator]]:
    """Start emulators with the options given; they end with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Emulator(Options(**options)))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a host of its own for each test."""
    return Stage(tmp_path / "output")
