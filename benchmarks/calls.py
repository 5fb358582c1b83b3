"""How many calls a run makes: none where the graph is cached, else GenerateImage alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from generation import greeting
from replay import Replay
from samples import answer
from standin.stage import Stage, graph
from turns import Figure

GROUP = "calls"
_SIDE = 128


def figures(rounds: int) -> Iterator[Figure]:
    """Yield the lines of the table."""
    said = answer(1, width=_SIDE, height=_SIDE)
    with (
        tempfile.TemporaryDirectory() as folder,
        Replay({"Echo": greeting()}, {"": said}) as server,
    ):
        stage = Stage(Path(folder) / "output")

        def calls(seed: int) -> dict[str, int]:
            server.counts()
            prompt = graph(server.port, seed=seed, width=_SIDE, height=_SIDE)
            outcome = stage.host.run(prompt)
            assert outcome.status == "success", outcome.exception_message
            return server.counts()

        first, again, second = calls(1), calls(1), calls(2)
    made = ", ".join(f"{count} {name}" for name, count in first.items())
    yield Figure(GROUP, "first run", sum(first.values()), "calls", limit_name=made)
    yield Figure(GROUP, "cached graph", sum(again.values()), "calls", target=0)
    before = sum(second.values()) - second["GenerateImage"]
    yield Figure(GROUP, "second run: before GenerateImage", before, "calls", target=1)
