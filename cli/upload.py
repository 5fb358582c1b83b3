"""The command upload: files of this computer, brought to a server."""

from __future__ import annotations

import argparse
import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..client.catalog.names import find
from ..client.threads import in_thread
from ..client.upload.local_file import HashCache, LocalFile, check_name
from ..errors import DrawbridgeError, RequestRejected
from .command import Command
from .connection import open_client, timeout_seconds
from .folder import user_folder
from .outcome import OK, Usage
from .output import Output

if TYPE_CHECKING:
    from ..client.client import DrawThingsClient
    from ..client.upload.transfer import Done


@dataclass(frozen=True)
class _Wanted:
    """A file, and what the server shall call it."""

    file: LocalFile
    name: str


def _options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("files", nargs="+", type=Path, metavar="FILE", help="a file of this computer")
    add("--name", default="", metavar="NAME", help="what the server calls it (default: its own)")
    add(
        "--compare-hash",
        action="store_true",
        help="if the server has a file of that name, compare the content too, and replace another "
        "one; the server does nothing else while it reads the file",
    )


async def upload(options: argparse.Namespace, output: Output) -> int:
    """Send files one after the other; when the task is cancelled nothing half done stays there."""
    from ..client.upload import progress

    wanted = await in_thread(lambda: _look_at(options.files, options.name))
    hashes = HashCache(user_folder(options))
    told: list[dict[str, Any]] = []
    sent: list[str] = []
    async with open_client(options, output) as client:
        address = client.endpoint.address
        try:
            for one in wanted:
                done = await _send(client, one, options.compare_hash, hashes, output)
                for line in progress.result(address, done, options.compare_hash):
                    output.line(line)
                told.append(_entry(one, done))
                sent.append(done.name)
            await _explain(client, sent, timeout_seconds(options), told, output)
        except DrawbridgeError as error:
            return output.error(error, address=address, files=told)
    output.result(address=address, files=told)
    return OK


def _look_at(paths: list[Path], name: str) -> list[_Wanted]:
    """Return what is to be sent; may block. Raises Usage, before anything is sent of several."""
    if name and len(paths) > 1:
        raise Usage(
            f"--name is given for {len(paths)} files.", "Upload one at a time, or leave it out."
        )
    try:
        wanted = [
            _Wanted(LocalFile.look_at(path.expanduser()), check_name(name or path.name))
            for path in paths
        ]
    except (RequestRejected, RuntimeError) as error:  # the latter of a user who is unknown here
        if isinstance(error, RequestRejected):
            raise error.become(Usage) from error
        raise Usage(f"A path cannot be read: {error}", "Give it without ~.") from error
    names = [one.name for one in wanted]
    for name in names:
        if names.count(name) > 1:
            raise Usage(
                f"Two of the files are called {name}.",
                "Upload them one at a time, with --name for one of them.",
            )
    return wanted


async def _send(
    client: DrawThingsClient, one: _Wanted, compare_hash: bool, hashes: HashCache, output: Output
) -> Done:
    """Send one file and show how far it is."""
    from ..client.upload import progress
    from ..client.upload.transfer import Done, Sending

    confirmed = 0
    sending = client.upload(one.file.path, one.name, compare_hash=compare_hash, hashes=hashes)
    async with contextlib.aclosing(sending) as events:
        async for event in events:
            if isinstance(event, Done):
                return event
            if isinstance(event, Sending):
                if event.acknowledged_bytes < confirmed:
                    output.note(f"The connection was lost: {one.name} is sent once more.")
                confirmed = event.acknowledged_bytes
            output.progress(progress.share(event), progress.words(event), type(event))
    raise AssertionError("an upload ends with Done or an error")


def _entry(one: _Wanted, done: Done) -> dict[str, Any]:
    return {
        "file": str(one.file.path),
        "name": done.name,
        "size_bytes": one.file.size_bytes,
        "skipped": done.skipped,
        "sha256": done.sha256 or None,
    }


async def _explain(
    client: DrawThingsClient,
    names: list[str],
    wait_seconds: float,
    told: list[dict[str, Any]],
    output: Output,
) -> None:
    """Say how the files become usable (docs/protocol.md 1.3, 1.7).

    A server that does not answer now, or does not tell what it knows, counts as one that knows
    none of them.
    """
    from ..client.upload import progress

    catalog = None
    with contextlib.suppress(DrawbridgeError):
        catalog = (await client.echo(wait_seconds)).catalog
    unknown = []
    for name, entry in zip(names, told, strict=True):
        spec = None
        if catalog is not None:
            known = (*catalog.models, *catalog.loras, *catalog.controls)
            known = (*known, *catalog.textual_inversions, *catalog.upscalers)
            spec = find([one for one in known if one.file == name], name)
        entry["known_as"] = spec.name if spec else None
        if spec is not None:
            output.line(f"The server knows {name}: it is {spec.name}, and ready for use.")
        elif progress.is_checkpoint(name):
            unknown.append(name)
    if unknown:
        for line in _usable(unknown):
            output.line(line)


def _usable(names: list[str]) -> list[str]:
    example = {
        **{"name": Path(names[0]).stem, "file": names[0], "prefix": "", "version": "v1"},
        **{"upcast_attention": False, "default_scale": 8},
    }
    return [
        f"The server does not know by itself what is in {' and '.join(names)}. To use a model, give"
        " its specification, a JSON object as in Draw Things' custom.json: in a file to generate"
        " (--specification FILE), in ComfyUI to Load Model. Other files that it names, such as text"
        " encoders, must be on the server, too. For a LoRA (as in custom_lora.json) it goes to"
        " generate with --lora-specification, in ComfyUI to LoRA Stack; for a control (as in"
        " custom_controlnet.json) with --control-specification, or to ControlNet Hint or"
        " Moodboard.",
        "For a model of Stable Diffusion 1.5 it is at least:",
        f"  {json.dumps(example, ensure_ascii=False)}",
    ]


COMMAND = Command("upload", "bring files to the server, unless it has them", upload, _options)
