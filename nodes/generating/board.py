"""What Generate shows on its way: the bar, the words, the newest previews, of all that runs."""

from __future__ import annotations

from PIL import Image

from ...client.generation.events import Progress, Queued
from ...client.generation.progress import Meter, News, words
from ...client.generation.request import GenerationRequest
from ...facts import versions
from ..host import PREVIEW_PIXELS, Display
from .contact_sheet import Tile, sheet


class Running:
    """One request that is under way; `server` is "" where there is no choice of servers."""

    def __init__(self, board: Board, server: str, which: str, request: GenerationRequest) -> None:
        known = versions.find(request.version)
        self._board = board
        self.server = server
        self.which = which
        self.request = request
        self.is_video = known is not None and known.is_video
        self._meter = Meter(video=self.is_video)
        self.fraction = 0.0
        self.words = ""
        self.picture: Image.Image | None = None
        self.longest_px = PREVIEW_PIXELS

    def report(self, event: News) -> None:
        """Show an event. Raises ComfyUI's interruption when the person has asked to stop."""
        if isinstance(event, Progress):
            self._board.steps = max(event.plan.steps + event.plan.second_pass_steps, 1)
            self.fraction = self._meter.update(event)
        self.words = words(event)
        self._board.say()
        if not isinstance(event, Queued):  # the bar has no total yet
            self._board.show()

    def preview(self, picture: Image.Image) -> None:
        """Show a new preview, as large as the picture will be.

        Raises ComfyUI's interruption, as `report` does.
        """
        config = self.request.config
        columns, rows = picture.size
        beside = round(columns * config.start_height / (rows * config.start_width))
        self.longest_px = max(max(1, beside) * config.start_width, config.start_height)
        self.picture = picture
        self._board.show(with_picture=True)


class Board:
    """Puts together what all requests of a node show, as it has one bar, one line, one preview.

    The bar's total is the steps that the server announced, times the requests.
    """

    def __init__(self, display: Display) -> None:
        self.steps = 1
        self._display = display
        self._running: list[Running] = []
        self._done = 0
        self._total = 1
        self._highest = 0.0
        self._notes: dict[str, None] = {}

    def start(self, waiting: str = "Waiting for the server") -> None:
        """Say that requests are on their way, where nothing else is to be told."""
        if not self._running:
            self._display.say(waiting)

    def expect(self, total: int) -> None:
        """Take note of how many requests there are in all."""
        if total != self._total:
            self._total, self._highest = total, 0.0

    def begin(self, server: str, number: int, request: GenerationRequest) -> Running:
        """Show one more request, the `number`-th, counted from 1."""
        which = f" ({number} of {self._total})" if self._total > 1 else ""
        running = Running(self, server, which, request)
        self._running.append(running)
        return running

    def end(self, running: Running, *, done: bool) -> None:
        """Show a request no longer; one that is not `done` is to begin again."""
        self._running.remove(running)
        if done:
            self.skip()

    def skip(self) -> None:
        """Count a request that is over without having been shown."""
        self._done += 1

    def note(self, *notes: str) -> None:
        """Keep sentences that a person should know when all is over."""
        self._notes.update(dict.fromkeys(notes))

    def say(self) -> None:
        """Say what is under way."""
        told = [
            f"{one.server}: {one.words}{one.which}" if one.server else f"{one.words}{one.which}"
            for one in self._running
            if one.words
        ]
        self._display.say(" \N{MIDDLE DOT} ".join(told))

    def show(self, *, with_picture: bool = False) -> None:
        """Show the bar where it is, and the newest previews if there is a new one."""
        done = self._done + sum(one.fraction for one in self._running)
        self._highest = max(self._highest, min(done, self._total))
        picture, longest_px = self._picture() if with_picture else (None, PREVIEW_PIXELS)
        value, total = self._highest * self.steps, self._total * self.steps
        self._display.progress(value, total, picture, longest_px)

    def finish(self) -> None:
        """Fill the bar if all is here, and say what a person should know."""
        if self._running or self._done < self._total:
            return
        self._display.say(" ".join(["Done.", *self._notes]) if self._notes else "Done")
        total = self._total * self.steps
        self._display.progress(total, total)

    def _picture(self) -> tuple[Image.Image | None, int]:
        """Return what to show, and how long its longer side is to be in pixels."""
        if len(self._running) == 1:
            return self._running[0].picture, self._running[0].longest_px
        whole = sheet(
            [Tile(one.picture, f"{one.server}{one.which}") for one in self._running if one.picture]
        )
        return whole, PREVIEW_PIXELS if whole is None else max(whole.size)
