"""The conversations that were recorded with a real server's own service code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).resolve().parents[1] / "tests" / "conversations" / "recordings"


def recording(name: str) -> Any:
    """Return what one file of the recordings holds."""
    return json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
