"""The pictures of a run as one IMAGE: each is converted beside the stream, as soon as it comes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import torch

from ...client.generation.events import Picture
from ...client.generation.images import Images, expected
from ...client.generation.request import GenerationRequest
from ...client.threads import in_thread
from ...errors import DrawbridgeError


class Conversion:
    """Converts pictures in a thread, one after the other, while further ones come."""

    def __init__(self) -> None:
        self._images = Images(1)
        self._places: dict[Picture, int] = {}
        self._last: asyncio.Task[None] | None = None

    def expect(self, requests: Sequence[GenerationRequest]) -> None:
        """Make room for what requests will probably bring; comes before the first picture."""
        self._images = Images(sum(map(expected, requests)))

    def begin(self, picture: Picture) -> None:
        """Convert a picture once those before it are done; returns at once."""
        self._last = asyncio.ensure_future(self._after(self._last, picture))

    async def images(self, pictures: Sequence[Picture]) -> torch.Tensor:
        """Return these pictures in their order: IMAGE [count, height, width, 3 or 4].

        What has been converted in that order is not converted again. Raises what `Images.add`
        raises.
        """
        if self._last is not None:
            await self._last
        if [self._places.get(one) for one in pictures] == list(range(self._images.count)):
            return self._images.whole()
        return await in_thread(lambda: _converted(pictures))

    async def close(self) -> None:
        """Give up what is not converted."""
        if self._last is not None:
            self._last.cancel()
            await asyncio.wait({self._last})

    async def _after(self, before: asyncio.Task[None] | None, picture: Picture) -> None:
        if before is not None:
            await before
        with contextlib.suppress(DrawbridgeError):  # raised when it is asked for
            await in_thread(lambda: self._images.add(picture))
            self._places[picture] = self._images.count - 1


def _converted(pictures: Sequence[Picture]) -> torch.Tensor:
    images = Images(len(pictures))
    for picture in pictures:
        images.add(picture)
    return images.whole()
