"""The program hands on how its command ended, and keeps the collector of circles out of the way."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from drawbridge.cli import main as command_line
from drawbridge.cli import program


@pytest.fixture
def usual_thresholds() -> Iterator[None]:
    """Have the collector look as often as before, when the test is over."""
    usual = gc.get_threshold()
    yield
    gc.set_threshold(*usual)


@pytest.mark.usefixtures("usual_thresholds")
@pytest.mark.parametrize("ended", [0, 3, KeyError("a bug")])
def test_it_ends_with_its_commands_code_and_leaves_nothing_to_collect(
    monkeypatch: pytest.MonkeyPatch, ended: int | Exception
) -> None:
    frozen: list[None] = []
    usual = gc.get_threshold()[0]
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(None))

    def command() -> int:
        assert not frozen
        assert gc.get_threshold()[0] > usual
        if isinstance(ended, Exception):
            raise ended
        return ended

    monkeypatch.setattr(command_line, "main", command)
    with pytest.raises(SystemExit if isinstance(ended, int) else KeyError) as left:
        program.run()
    assert frozen
    if isinstance(left.value, SystemExit):
        assert left.value.code == ended
