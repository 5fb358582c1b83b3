"""Emulators in this process, stubs that talk to them, and requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import grpc
import pytest

from drawbridge.emulator.server import Emulator, Options
from drawbridge.proto import configuration
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.generation_config_fbs import GenerationConfigurationT
from drawbridge.proto.service import ImageGenerationStub

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
def emulate() -> Iterator[Callable[..., Emulator]]:
    """Start an emulator; the arguments are those of Options."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Emulator(Options(**options)))


@pytest.fixture
def connect() -> Iterator[Callable[..., ImageGenerationStub]]:
    """Open a channel to an emulator and return a stub."""
    with ExitStack() as stack:

        def open_stub(emulator: Emulator, **options: object) -> ImageGenerationStub:
            chosen = {
                "grpc.max_receive_message_length": -1,
                "grpc.max_send_message_length": -1,
                **options,
            }
            channel = grpc.insecure_channel(emulator.address, options=list(chosen.items()))
            return ImageGenerationStub(stack.enter_context(channel))

        yield open_stub


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
