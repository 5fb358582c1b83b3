"""Generates for long, two at once, and holds that nothing grows: `make soak`.

Two emulators in processes of their own serve the nodes in the stand-in for ComfyUI: each prompt has
two Generate nodes, one for each server, and every tenth one is interrupted while it runs. Prints
what this process holds, and returns 1 where that has grown at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
import checkout  # noqa: E402 - the checkout gets its name before it is imported

checkout.register()
sys.path.append(str(ROOT / "devtools" / "standin"))

from standin.outcomes import results  # noqa: E402
from standin.stage import Stage, graph  # noqa: E402

from drawbridge.devtools import soak  # noqa: E402

_SAMPLES = 25


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate and cancel; return 0 where nothing has grown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generations", type=int, default=2000, help="default: %(default)s")
    parser.add_argument("--cancels", type=int, default=200, help="default: %(default)s")
    chosen = parser.parse_args(arguments)
    rounds, cancels = max(chosen.generations // 2, 1), chosen.cancels
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drawbridge-soak-")))
        ports = [stack.enter_context(_emulator()) for _ in range(2)]
        samples = _run(Stage(folder / "output"), ports, rounds, cancels)
    grown = soak.growth(samples)
    for name, (before, after) in grown.items():
        _say(f"{name} has grown from {before:,.1f} to {after:,.1f}")
    if not grown:
        _say("Nothing has grown.")
    return 1 if grown else 0


@contextlib.contextmanager
def _emulator() -> Iterator[int]:
    """Start an emulator in a process of its own; yields its port."""
    words = (sys.executable, "-m", "drawbridge.emulator", "--port", "0", "--step-ms", "1")
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()  # "Listening on 127.0.0.1:7859 (plaintext)"
            yield int(first.split()[2].rpartition(":")[2])
        finally:
            process.terminate()


def _run(stage: Stage, ports: Sequence[int], rounds: int, cancels: int) -> list[soak.Sample]:
    """Run the prompts, and return what was held between them."""
    draw = random.Random(1)
    stopped = 0
    began = time.monotonic()
    samples: list[soak.Sample] = []
    total = rounds + cancels
    _say(f"{'prompts':>8}{'stopped':>9}{'seconds':>9}" + soak.HEADINGS)
    for number in range(total):
        # Spread evenly over the whole run.
        cancel = (number + 1) * cancels // total > number * cancels // total
        outcome = _prompt(stage, ports, number, draw.uniform(0, 0.15) if cancel else None)
        assert outcome in ("success", "interrupted") if cancel else outcome == "success", outcome
        stopped += outcome == "interrupted"
        for path in stage.pictures:
            path.unlink()
        stage.events.clear()
        if (number + 1) % max(total // _SAMPLES, 1) == 0:
            samples.append(soak.Sample.take())
            spent = time.monotonic() - began
            _say(f"{number + 1:>8}{stopped:>9}{spent:>9.0f}" + soak.row(samples[-1]))
    return samples


def _prompt(stage: Stage, ports: Sequence[int], seed: int, stop_after: float | None) -> str:
    """Run one prompt with a Generate for each server; return how it ended."""
    prompt = {
        f"{node} {port}": {
            **entry,
            "inputs": {
                name: [f"{value[0]} {port}", value[1]] if isinstance(value, list) else value
                for name, value in entry["inputs"].items()
            },
        }
        for port in ports
        for node, entry in graph(port, seed=seed, steps=3, height=128).items()
    }
    timer = None
    if stop_after is not None:
        timer = threading.Timer(stop_after, stage.host.interrupt)
        timer.start()
    outcome = stage.host.run(prompt)
    if timer is not None:
        timer.cancel()
        timer.join()
    if outcome.status == "success":
        for port in ports:
            assert results(outcome, f"generate {port}")[0].shape == (1, 128, 128, 3)
    elif outcome.status == "error":
        return f"{outcome.node_id}: {outcome.exception_message}"
    return outcome.status


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
