"""Faults that go with a request, not with a call: whichever server gets it has them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest import mock

import grpc

from drawbridge.emulator.server.faults import Interruption
from drawbridge.emulator.server.generation import Generation
from drawbridge.proto import image_service_pb2 as pb2

# As faults.DESCRIPTIONS, and what a server says that does not want a request.
REFUSED = "refused"


@contextlib.contextmanager
def fault_for(fault: str, *wanted: int | str) -> Iterator[None]:
    """Have every emulator of this process show a fault for these seeds and prompts."""
    original = Generation.messages

    def messages(self: Generation) -> Iterator[pb2.ImageGenerationResponse]:
        if not {self._seed, self._request.prompt}.isdisjoint(wanted):
            if fault == REFUSED:
                raise Interruption(grpc.StatusCode.INVALID_ARGUMENT, "not that one")
            self._faults |= {fault}
        yield from original(self)

    with mock.patch.object(Generation, "messages", messages):
        yield
