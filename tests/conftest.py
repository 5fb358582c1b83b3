"""Gives the checkout its name, and node classes a host, before any test is imported."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import checkout

checkout.register()  # takes the root off sys.path again
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "devtools" / "standin"))
# How long an example takes says how busy the computer is.
hypothesis.settings.register_profile("drawbridge", deadline=None)
hypothesis.settings.load_profile("drawbridge")


@pytest.fixture(scope="module")
def only_new_garbage() -> Iterator[None]:
    """Take what older tests hold out of the garbage collector's sight, for a module that collects
    the garbage often: looking at all of it each time takes several times as long as the tests.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not run, and why."""
    from drawbridge.devtools.skips import summary

    lines = summary(terminalreporter.stats.get("skipped", []))
    if lines:
        terminalreporter.section("not run")
    for line in lines:
        terminalreporter.line(line)
