"""Measures Drawbridge against the limits of this machine: `make bench`, or
`python scripts/dev.py bench [--busy] [--quick] [--only NAME ...]`.

Every figure stands beside its limit, measured in turns with it in the same run, and what counts is
their ratio. Writes bench-output/bench.json, too.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import checkout

checkout.register()  # takes the root off sys.path again
sys.path.insert(0, str(checkout.ROOT / "devtools" / "standin"))

from turns import Figure

SECTIONS = ("conversions", "generation", "memory", "upload", "start", "calls", "pool")
_BUSY = "while True: pass"
_ROUNDS, _QUICK_ROUNDS = 25, 7


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and write the file; return 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--busy", action="store_true", help="keep one core busy meanwhile")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--slopes", action="store_true", help="how cost grows with the work")
    parser.add_argument("--json", type=Path, default=checkout.ROOT / "bench-output" / "bench.json")
    options = parser.parse_args(arguments)
    rounds = _QUICK_ROUNDS if options.quick else _ROUNDS
    sections = ("slopes",) if options.slopes else options.only
    found: list[Figure] = []
    with _kept_busy() if options.busy else contextlib.nullcontext():
        for section in sections:
            print(f"{section:58} {'':>10} {'limit':>10} {'ratio':>8} {'target':>7}", flush=True)
            for figure in importlib.import_module(section).figures(rounds):
                found.append(figure)
                print(line(figure), flush=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(_report(found, options.busy), indent=1), encoding="utf-8")
    print(f"Written to {options.json}")
    return 0 if all(figure.met is not False for figure in found) else 1


def line(figure: Figure) -> str:
    """Return a figure as a line of the table."""
    limit = "" if figure.limit is None else f"{figure.limit:.2f}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}x"
    sign = "" if figure.target is None else f"{'>=' if figure.least else '<='}{figure.target:g}"
    verdict = {None: "", True: "ok", False: "MISSED"}[figure.met]
    peer = (
        "" if figure.peer_ms is None else f"; official plugin {figure.peer_ms / figure.value:.0f}x"
    )
    value = f"{figure.value:.2f} {figure.unit}"
    text = f"  {figure.name:56} {value:>10} {limit:>10} {ratio:>8} {sign:>7} {verdict:6}"
    return f"{text} {figure.limit_name}{peer}".rstrip()


@contextlib.contextmanager
def _kept_busy() -> Iterator[None]:
    """Keep one core busy by a process of its own."""
    process = subprocess.Popen([sys.executable, "-c", _BUSY])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _report(found: Sequence[Figure], busy: bool) -> dict[str, object]:
    import numpy
    import torch

    return {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "busy": busy,
        "figures": [{**asdict(one), "ratio": one.ratio, "met": one.met} for one in found],
    }


if __name__ == "__main__":
    raise SystemExit(main())
