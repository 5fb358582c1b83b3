"""Requests and a catalogue for the emulator's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from drawbridge.devtools.emulator_requests import build_request
from drawbridge.emulator.painting.pictures import Pictures
from drawbridge.emulator.stock.catalog import Catalog
from drawbridge.emulator.understanding.controls import find_effects
from drawbridge.emulator.understanding.message import read
from drawbridge.emulator.understanding.planner import make_plan
from drawbridge.emulator.understanding.strict import find_crash
from drawbridge.proto import image_service_pb2 as pb2


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """The made-up catalogue over an empty folder."""
    return Catalog(tmp_path)


@pytest.fixture
def ask() -> Callable[..., pb2.ImageGenerationRequest]:
    """Build a request, as build_request says."""
    return build_request


@pytest.fixture
def show(ask: Callable, catalog: Catalog) -> Callable[..., list[np.ndarray]]:
    """Make the pictures of a request, as `ask` takes it: float32 [height, width, channels] each."""

    def make(message: dict | None = None, **settings: object) -> list[np.ndarray]:
        request = read(ask(message, **settings), catalog)
        effects = find_effects(request, catalog)
        assert find_crash(request, effects) is None
        plan = make_plan(request, effects, catalog)
        return [picture[0] for picture in Pictures(request, effects, plan).results()]

    return make
