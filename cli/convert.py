"""The command convert: graphs of other packs become ours."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ..client.store.atomic_file import replace_whole
from ..errors import DrawbridgeError, RequestRejected
from ..graphs.convert import convert as converted
from .command import Command
from .connection import add_common_options
from .outcome import OK, Usage
from .output import Output
from .text_file import read_text

_MOST_BYTES = 64 << 20


def _options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "workflow",
        type=Path,
        metavar="WORKFLOW.json",
        help="a graph with nodes of the official Draw Things pack, or of Jokimbe's, as ComfyUI "
        "saves it or exports it for the API",
    )
    add(
        *("-o", "--out"),
        type=Path,
        metavar="OUT.json",
        help="where ours goes (default: WORKFLOW.drawbridge.json beside it)",
    )


def convert(options: argparse.Namespace, output: Output) -> int:
    """Write a graph with our nodes; the one that is read stays as it is."""
    graph = _read(options.workflow)
    try:
        found = converted(graph)
    except RequestRejected as error:
        raise Usage(f"In {options.workflow}: {error.problem}", error.remedy) from error
    if not found.nodes:
        raise Usage(
            f"The graph in {options.workflow} has no nodes of those packs.",
            "Give a graph with nodes whose names begin with DrawThings.",
        )
    out = options.out or options.workflow.with_suffix(".drawbridge.json")
    try:
        replace_whole(out, json.dumps(graph, ensure_ascii=False, indent=2).encode())
    except OSError as error:
        raise DrawbridgeError(
            f"The graph cannot be written to {out} ({error.strerror or error}).",
            "Choose another place, or make room there.",
        ) from error
    output.line(f"{found.nodes} nodes converted: {out}")
    for note in found.notes:
        output.note(note)
    output.result(file=str(out), nodes=found.nodes)
    return OK


def _read(path: Path) -> Any:
    try:
        return json.loads(read_text(path, "graph", _MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise Usage(
            f"The file {path} is no JSON.", "Give a graph that ComfyUI has saved."
        ) from error


COMMAND = Command(
    *("convert", "turn a graph of the official Draw Things pack into ours", convert, _options),
    common=add_common_options,
)
