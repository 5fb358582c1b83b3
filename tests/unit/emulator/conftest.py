"""Requests and a catalogue for the emulator's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from drawbridge.emulator.catalog import Catalog
from drawbridge.emulator.controls import find_effects
from drawbridge.emulator.pictures import Pictures
from drawbridge.emulator.plan import make_plan
from drawbridge.emulator.request import read
from drawbridge.emulator.strict import find_crash
from drawbridge.proto import configuration
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.generation_config_fbs import GenerationConfigurationT

SETTINGS = {
    "model": "fjord_1_quick_q8p.ckpt",
    "startWidth": 2,
    "startHeight": 1,
    "seed": 5,
    "steps": 8,
    "guidanceScale": 4.0,
    "strength": 1.0,
    "sampler": 10,
    "seedMode": 2,
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """The made-up catalogue over an empty folder."""
    return Catalog(tmp_path)


@pytest.fixture
def ask() -> Callable[..., pb2.ImageGenerationRequest]:
    """Build a request: fields of the message as `message`, all else goes into the configuration."""

    def build(message: dict | None = None, **settings: object) -> pb2.ImageGenerationRequest:
        table = GenerationConfigurationT()
        for name, value in (SETTINGS | settings).items():
            assert hasattr(table, name)
            setattr(table, name, value)
        written = {"configuration": configuration.write(table)}
        return pb2.ImageGenerationRequest(
            **{"prompt": "a lake", "scaleFactor": 1, **written, **(message or {})}
        )

    return build


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
