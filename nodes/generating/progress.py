"""The progress that Generate shows: the bar, the words, the newest preview."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import torch
from PIL import Image

from ...client.generation.events import Preview, Progress, Queued
from ...client.generation.progress import Meter, News, words
from ...client.threads import in_stoppable_thread
from ...codec import latent, tensor
from ...errors import BadTensor
from ...facts import versions
from ..host import PREVIEW_PIXELS, Display

LOG = logging.getLogger(__name__)


class Reporter:
    """Turns events into a bar and words; the bar's total is the steps that the server announced."""

    def __init__(self, display: Display, version: str) -> None:
        known = versions.find(version)
        self._display = display
        self._is_video = known is not None and known.is_video
        self._meter = Meter(video=self._is_video)
        self._run, self._runs = 0, 1
        self._fraction = 0.0
        self._steps = 1

    def start(self) -> None:
        """Say that the request is on its way: a busy server is silent."""
        self._display.say("Waiting for the server")

    def begin(self, run: int, runs: int) -> None:
        """Start the bar's share of one request of several; `run` counts from 0."""
        self._run, self._runs = run, runs
        self._meter = Meter(video=self._is_video)
        self._fraction = 0.0

    def report(self, event: News) -> None:
        """Show an event. Raises ComfyUI's interruption when the person has asked to stop."""
        if isinstance(event, Progress):
            self._steps = max(event.plan.steps + event.plan.second_pass_steps, 1)
            self._fraction = self._meter.update(event)
        which = f" ({self._run + 1} of {self._runs})" if self._runs > 1 else ""
        self._display.say(words(event) + which)
        if not isinstance(event, Queued):  # the bar has no total yet
            self.show()

    def show(self, preview: Image.Image | None = None, longest_px: int = PREVIEW_PIXELS) -> None:
        """Show the bar where it is, with a new preview if there is one, scaled to that."""
        value = (self._run + self._fraction) * self._steps
        self._display.progress(value, self._runs * self._steps, preview, longest_px)

    def finish(self, notes: Sequence[str] = ()) -> None:
        """Fill the bar: the pictures are here. `notes` is what a person should know of them."""
        self._display.say(" ".join(["Done.", *notes]) if notes else "Done")
        total = self._runs * self._steps
        self._display.progress(total, total)


class Previews:
    """Decodes previews beside the stream, only ever the newest: an old one is of no interest.

    They are shown as large as the picture will be, `size_px` its width and height.
    """

    def __init__(self, reporter: Reporter, version: str, size_px: tuple[int, int]) -> None:
        known = versions.find(version)
        self._is_video = known is not None and known.is_video
        self._reporter = reporter
        self._version = version
        self._size_px = size_px
        self._seen = False
        self._newest: Preview | None = None
        self._arrived = asyncio.Event()
        self._complained = False

    def offer(self, preview: Preview) -> None:
        """Take a preview as it comes from the wire; returns at once."""
        self._newest = preview
        self._arrived.set()

    async def show(self) -> None:
        """Show previews until cancelled.

        A preview that cannot be read costs no generation, so it is logged once. Raises
        DecoderUnavailable, since the finished picture could not be read either, and ComfyUI's
        interruption.
        """
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            newest, self._newest = self._newest, None
            if newest is None:
                continue
            try:
                picture = await in_stoppable_thread(
                    lambda stop, one=newest: self._decode(one, stop)
                )
            except BadTensor as error:
                if not self._complained:
                    LOG.warning("A preview cannot be shown. %s", error.problem)
                    self._complained = True
                continue
            if picture is not None:
                self._show(picture)

    def finish(self, picture: torch.Tensor) -> None:
        """Show the first frame of a video of whose latents nobody knows what they show.

        `picture`: an IMAGE of one, float32 [1, height, width, 3 or 4].
        """
        if self._is_video and not self._seen:
            frame = (picture[0, :, :, :3] * 255).clamp(0, 255).to(torch.uint8)
            self._show(Image.fromarray(frame.numpy()))

    def _show(self, picture: Image.Image) -> None:
        self._seen = True
        width, height = self._size_px
        columns, rows = picture.size
        beside = max(1, round(columns * height / (rows * width)))  # pictures of a batch
        self._reporter.show(picture, max(beside * width, height))

    def _decode(self, preview: Preview, stop: Callable[[], bool]) -> Image.Image | None:
        latents = tensor.decode(preview.encoded, limit_bytes=preview.most_bytes, stop=stop)
        middle = len(latents) // 2 if self._is_video else None
        colours = latent.preview(latents, self._version, only=middle)
        if colours is None:
            return None
        shown = torch.cat(list(colours), dim=1)  # a batch side by side
        return Image.fromarray(shown.numpy())
