"""Says at the end of a test run what was left out, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any


def summary(reports: Iterable[Any]) -> list[str]:
    """Return a line for each reason, most tests first; `reports` are pytest's of skipped tests.

    A line counts the tests and names the folders that they lie in.
    """
    reasons: dict[str, Counter[str]] = {}
    for report in reports:
        told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = told.removeprefix("Skipped: ")
        folder = str(PurePosixPath(report.nodeid.split("::")[0]).parent)
        reasons.setdefault(reason, Counter())[folder] += 1
    lines = []
    for reason, folders in sorted(reasons.items(), key=lambda entry: -entry[1].total()):
        tests = "1 test" if folders.total() == 1 else f"{folders.total()} tests"
        lines.append(f"{tests} in {', '.join(sorted(folders))}: {reason}")
    return lines
