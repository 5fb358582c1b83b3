"""The one door to ComfyUI: interruption, progress, previews, words on a node, its folders."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import comfy.model_management
import comfy.utils

from ..errors import Cancelled

if TYPE_CHECKING:
    from aiohttp.web import Request, StreamResponse
    from PIL.Image import Image

T = TypeVar("T")
# What a node's work ends with when it is to stop: it is cancelled, or shows something just then.
STOPS = (asyncio.CancelledError, comfy.model_management.InterruptProcessingException)
POLL_SECONDS = 0.02
CLEAN_UP_SECONDS = 0.3
TEAR_DOWN_SECONDS = 1.0  # the same where the prompt's loop goes down: what is left then stays
MODEL_KINDS = (
    *("checkpoints", "diffusion_models", "loras", "controlnet", "upscale_models", "embeddings"),
    *("vae", "text_encoders"),
)
LONGEST_WORDS = 500
# Not entities: other pages show those as they are.
_NO_TAGS = str.maketrans(
    "<>",
    "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
)
PREVIEW_PIXELS = 1024  # the longer side that ComfyUI usually scales previews to


async def interruptible(work: Coroutine[Any, Any, T]) -> T:
    """Await work of a node, and stop it soon after the person has asked ComfyUI to stop.

    ComfyUI only sets a flag, and lives on the promise that no node lets asyncio.CancelledError out
    while the prompt's own loop goes on: its worker thread would end for good. So the work runs in
    a task of its own, and whatever cancels that task leaves here as an interruption.
    """
    task = asyncio.ensure_future(work)
    task.add_done_callback(note_end)
    clean_up_seconds = CLEAN_UP_SECONDS
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=POLL_SECONDS)
            if comfy.model_management.processing_interrupted() and not task.done():
                raise comfy.model_management.InterruptProcessingException
    except asyncio.CancelledError:
        clean_up_seconds = TEAR_DOWN_SECONDS
        raise
    finally:
        if not task.done():  # interrupted, or the prompt's loop goes down
            task.cancel()
            await asyncio.wait({task}, timeout=clean_up_seconds)
    if task.cancelled() or isinstance(task.exception(), Cancelled):
        raise comfy.model_management.InterruptProcessingException
    return task.result()


def note_end(task: asyncio.Task[Any]) -> None:
    """Take note of how a task has ended, lest asyncio complain that nobody did: whoever waits for
    it can be cancelled in the same moment.
    """
    if not task.cancelled():
        task.exception()


class Display:
    """What a node shows while it runs."""

    def __init__(self, node_id: str) -> None:
        self.node_id = node_id
        self._bar = comfy.utils.ProgressBar(1, node_id)
        self._words = ""

    def progress(
        self,
        value: float,
        total: float,
        preview: Image | None = None,
        longest_px: int = PREVIEW_PIXELS,
    ) -> None:
        """Move the node's bar, with a new picture if there is one.

        ComfyUI scales the picture, up or down, until its longer side has `longest_px`, or
        PREVIEW_PIXELS if that is less. Raises ComfyUI's InterruptProcessingException when the
        person has asked to stop.
        """
        longest_px = min(longest_px, PREVIEW_PIXELS)
        shown = None if preview is None else ("JPEG", _drawable(preview, longest_px), longest_px)
        self._bar.update_absolute(value, total, shown)

    def picture(self, picture: Image) -> None:
        """Show a picture in its own size, or PREVIEW_PIXELS if that is less; the bar stays.

        Raises what `progress` raises.
        """
        self.progress(self._bar.current, self._bar.total, picture, max(picture.size))

    def say(self, words: str) -> None:
        """Show a line of text on the node; the same line again costs nothing.

        Some of ComfyUI's pages take it for HTML, and names of files and models can be anybody's.
        """
        from server import PromptServer

        from ..client.safe_text import one_line

        words = one_line(words, LONGEST_WORDS).translate(_NO_TAGS)
        if words != self._words:
            self._words = words
            server = PromptServer.instance
            server.send_progress_text(words, self.node_id, server.client_id)


def _drawable(preview: Image, longest_px: int) -> Image:
    """Return a preview that keeps both of its sides when ComfyUI scales it to `longest_px`.

    ComfyUI rounds the shorter side, to 0 where that is less than half a pixel, and the error of
    drawing that ends its process.
    """
    width, height = preview.size
    if max(width, height) <= longest_px * min(width, height):
        return preview
    return preview.resize((longest_px, 1) if width > height else (1, longest_px))


def model_files(kinds: Sequence[str] = MODEL_KINDS) -> list[str]:
    """Return the files of ComfyUI's model folders as "kind/file", with "/" on every system."""
    import folder_paths

    return [
        f"{kind}/{name}".replace(os.sep, "/")
        for kind in kinds
        if kind in folder_paths.folder_names_and_paths
        for name in folder_paths.get_filename_list(kind)
    ]


def model_path(source: str) -> Path | None:
    """Return where ComfyUI has a file that `model_files` lists; None for any other name."""
    import folder_paths

    kind, _, name = source.partition("/")
    if kind not in MODEL_KINDS or source not in model_files([kind]):
        return None
    found = folder_paths.get_full_path(kind, name.replace("/", os.sep))
    return Path(found) if found else None


def model_folders() -> list[Path]:
    """Return the folders in which ComfyUI looks for models of the kinds that `model_files` lists,
    as ComfyUI names them.
    """
    import folder_paths

    known = folder_paths.folder_names_and_paths
    return [Path(folder) for kind in MODEL_KINDS if kind in known for folder in known[kind][0]]


def user_folder() -> Path:
    """Return a folder of ours that outlives this process; no page can read it."""
    import folder_paths

    return Path(folder_paths.get_user_directory()) / "__drawbridge"


def temporary_folder() -> Path:
    """Return the folder whose pictures pages can fetch; ComfyUI empties it when it starts."""
    import folder_paths

    return Path(folder_paths.get_temp_directory())


def serves_other_sites() -> bool:
    """Return whether ComfyUI was started to let pages of other sites in (--enable-cors-header)."""
    from comfy.cli_args import args

    return bool(args.enable_cors_header)


def add_routes(routes: Mapping[str, Callable[[Request], Awaitable[StreamResponse]]]) -> None:
    """Have ComfyUI's web server answer POST requests, by path; paths that are taken stay as they
    are, as where two copies of the pack are installed. Without a web server nothing happens.
    """
    try:
        from server import PromptServer
    except ImportError:
        return
    table = getattr(getattr(PromptServer, "instance", None), "routes", None)
    if table is None:
        return
    taken = {getattr(known, "path", None) for known in table}
    for path, handler in routes.items():
        if path not in taken:
            table.post(path)(handler)


def tell_page(event: str, data: dict[str, Any]) -> None:
    """Send an event to the page that has queued the graph; from the API there may be none."""
    from server import PromptServer

    server = PromptServer.instance
    if server.client_id is not None:
        server.send_sync(event, data, server.client_id)
