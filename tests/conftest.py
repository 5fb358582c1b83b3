"""Gives the checkout its name, and node classes a host, before any test is imported."""

import sys
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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not run, and why."""
    from drawbridge.devtools.skips import summary

    lines = summary(terminalreporter.stats.get("skipped", []))
    if lines:
        terminalreporter.section("not run")
    for line in lines:
        terminalreporter.line(line)
