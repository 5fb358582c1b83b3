"""Emulators in this process, stubs that talk to them, and requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import grpc
import pytest

from drawbridge.devtools.emulator_requests import build_request
from drawbridge.emulator.server.server import Emulator, Options
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.service import ImageGenerationStub


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
    """Build a request, as build_request says."""
    return build_request
