"""Does a run say what it left out?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SUITE = """
import pytest

@pytest.mark.parametrize("number", range(3))
@pytest.mark.skip(reason="no ComfyUI is named")
def test_host(number):
    pass

def test_page():
    pytest.skip("no browser is installed")

def test_all_is_well():
    pass
"""
HOOK = """
import sys
sys.path.insert(0, {root!r})
import checkout
checkout.register()

def pytest_terminal_summary(terminalreporter):
    from drawbridge.devtools.skips import summary
    for line in summary(terminalreporter.stats.get("skipped", [])):
        terminalreporter.line("> " + line)
"""


def test_every_reason_is_told_once_with_its_number_of_tests(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "test_suite.py").write_text(SUITE, encoding="utf-8")
    (tmp_path / "conftest.py").write_text(HOOK.format(root=str(ROOT)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "host"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    told = [line for line in done.stdout.splitlines() if line.startswith("> ")]
    assert told == [
        "> 3 tests in host: no ComfyUI is named",
        "> 1 test in host: no browser is installed",
    ]
