"""Previews on their way to the board: decoded beside the stream, only ever the newest of each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import torch
from PIL import Image

from ...client.generation.events import Picture, Preview
from ...client.generation.images import Placed
from ...client.generation.results import to_image
from ...client.threads import in_stoppable_thread
from ...codec import latent, tensor
from ...codec.image import to_bytes
from ...errors import BadTensor
from .board import Running

LOG = logging.getLogger(__name__)


class Previews:
    """Decodes the previews of one run; an old one is of no interest."""

    def __init__(self) -> None:
        self._newest: dict[Running, Preview] = {}
        self._arrived = asyncio.Event()
        self._complained = False

    def offer(self, running: Running, preview: Preview) -> None:
        """Take a preview as it comes from the wire; returns at once."""
        self._newest[running] = preview
        self._arrived.set()

    def forget(self, running: Running) -> None:
        """Show no more of a request."""
        self._newest.pop(running, None)

    async def show(self) -> None:
        """Show previews until cancelled.

        A preview that cannot be read costs no generation, so it is logged once. Raises
        DecoderUnavailable, since the finished picture could not be read either, and ComfyUI's
        interruption.
        """
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._newest:
                running = next(iter(self._newest))
                picture = await self._picture(running, self._newest.pop(running))
                if picture is not None:
                    running.preview(picture)

    async def _picture(self, running: Running, preview: Preview) -> Image.Image | None:
        try:
            return await in_stoppable_thread(lambda stop: _decode(running, preview, stop))
        except BadTensor as error:
            if not self._complained:
                LOG.warning("A preview cannot be shown. %s", error.problem)
                self._complained = True
            return None


def first_frame(running: Running, picture: Picture | Placed) -> Image.Image | None:
    """Return the first frame of a video of whose latents nobody knows what they show."""
    if not running.is_video or running.picture is not None:
        return None
    return Image.fromarray(to_bytes(to_image(picture)[0, :, :, :3]))


def _decode(running: Running, preview: Preview, stop: Callable[[], bool]) -> Image.Image | None:
    latents = tensor.decode(preview.encoded, limit_bytes=preview.most_bytes, stop=stop)
    middle = len(latents) // 2 if running.is_video else None
    colours = latent.preview(latents, running.request.version, only=middle)
    if colours is None:
        return None
    shown = torch.cat(list(colours), dim=1)  # a batch side by side
    return Image.fromarray(shown.numpy())
