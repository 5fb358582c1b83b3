"""What a run leaves in memory: its pictures go with its result, in that moment."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest
import torch

from drawbridge.client.address import Address
from drawbridge.client.generation import images
from drawbridge.client.generation.assemble import Wishes
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS
from drawbridge.nodes.generating.run import generate
from drawbridge.nodes.generating.server_queue import QUEUE
from drawbridge.nodes.host import Display
from drawbridge.nodes.records import Model, ServerPool

RUNS = 4


class Memory:
    """Notes the memory in which pictures are made, and says what of it is still held."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken: list[weakref.ref[np.ndarray]] = []
        monkeypatch.setattr(images, "room", self._room)

    def _room(self, *dims: int) -> torch.Tensor:
        array = np.empty(dims, np.float32)
        self.taken.append(weakref.ref(array))
        return torch.from_numpy(array)

    @property
    def held(self) -> int:
        return sum(one() is not None for one in self.taken)

    async def is_free(self) -> bool:
        """Wait for the threads that have worked on it to let go."""
        for _ in range(200):
            if not self.held:
                return True
            await asyncio.sleep(0.01)
        return False


def model_at(emulators: list[Emulator]) -> Model:
    """Return a model at a server, or at a pool of several."""
    servers = tuple(
        Server(Address("127.0.0.1", one.port), Transport.PLAINTEXT) for one in emulators
    )
    spec = MODELS[0]
    server = servers[0] if len(servers) == 1 else ServerPool(servers)
    return Model(server, str(spec["file"]), str(spec["version"]))


@pytest.mark.parametrize("servers", [1, 2], ids=["alone", "pool"])
def test_pictures_go_with_the_result_of_their_run(
    serve: Callable[..., Emulator], monkeypatch: pytest.MonkeyPatch, servers: int
) -> None:
    """No circle of objects keeps them: Python looks for circles once in a long while, and a video
    has a gigabyte beside the one that ComfyUI keeps.
    """
    memory = Memory(monkeypatch)
    model = model_at([serve(tls=False, step_ms=2) for _ in range(servers)])
    settings = {"start_width": 128, "start_height": 128, "steps": 2}
    wishes = Wishes(model=model.found, prompt="a lake", settings=settings, runs=RUNS)

    async def run() -> None:
        result = await generate(model, wishes, Display("1"))
        assert result is not None
        assert len(result.images) == RUNS
        assert memory.held
        del result
        assert await memory.is_free()

    gc.collect()
    gc.disable()
    try:
        asyncio.run(run())
    finally:
        gc.enable()
        QUEUE.close()
