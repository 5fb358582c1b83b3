"""The corpus goes through everything that reads bytes of others, and so do changes of it.

The same inputs in every run: `make fuzz` looks for others.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import folder_paths
import pytest

from drawbridge.devtools.fuzz import corpus, loop, targets
from drawbridge.devtools.fuzz.mutation import MOST_BYTES, mutate

ROUNDS = {"stream": 200, "route": 200, "fpzip": 0}  # the last one starts processes


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the routes keep what they keep in a folder of the test's, and ask nobody."""
    before = folder_paths.get_user_directory()
    yield
    folder_paths.set_user_directory(before)
    targets.forget()


@pytest.mark.parametrize("target", targets.TARGETS)
def test_odd_bytes_raise_nothing_of_others(target: str) -> None:
    pool = loop.replay(target)
    known = pool.rounds
    loop.mutate_for(pool, 1, lambda rounds: rounds < ROUNDS.get(target, 700))
    assert pool.rounds == known + ROUNDS.get(target, 700)
    assert len(pool.ways) > 1  # it read some of them


def test_fault_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def weak(data: bytes) -> str:
        return str(data[2] if len(data) > 1 else 0)

    monkeypatch.setitem(targets.TARGETS, "catalog", weak)
    with pytest.raises(loop.Found, match="IndexError") as found:
        loop.mutate_for(loop.replay("catalog"), 1, lambda rounds: rounds < 5000)
    assert len(found.value.data) == 2


def test_same_seed_gives_the_same_changes() -> None:
    inputs = corpus.inputs("stream")

    def changes() -> list[bytes]:
        draw = random.Random(3)
        return [mutate(draw, draw.choice(inputs), inputs) for _ in range(50)]

    assert changes() == changes()
    assert max(map(len, changes())) <= MOST_BYTES


def test_messages_are_split_as_they_were_joined() -> None:
    assert targets.split(targets.joined([b"", b"abc", b"x" * 300])) == [b"", b"abc", b"x" * 300]
    assert targets.split(b"\xff\xffab\x01") == [b"ab\x01"]


# what atheris 3.0.0 wrote, shortened
ATHERIS = """\
INFO: Instrumenting drawbridge.codec.tensor
INFO: Running with entropic power schedule (0xFF, 100).
#2	INITED cov: 37 ft: 37 corp: 1/1b exec/s: 0 rss: 412Mb
#22781	DONE   cov: 132 ft: 214 corp: 41/2668b lim: 1516 exec/s: 2071 rss: 424Mb
Done 22781 runs in 11 second(s)
stat::number_of_executed_units: 22781
stat::average_exec_per_sec:     2071
"""


def test_figures_of_atheris_are_read() -> None:
    count, cover = loop.atheris_figures(ATHERIS)
    assert count == 22781
    assert cover.startswith("#22781\tDONE   cov: 132 ")
    assert loop.atheris_figures("ImportError: no atheris") == (0, "")
