"""The conversations that were recorded with a real server's own service code (recordings/)."""

from __future__ import annotations

from pathlib import Path

import pytest

from drawbridge.devtools.recordings import make_small


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder that most conversations were recorded with."""
    return make_small(tmp_path_factory.mktemp("small"))
