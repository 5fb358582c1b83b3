"""The official files of Draw Things: the specifications of those that every server knows by itself
("built_in"), and of those that only the app's public lists describe (docs/protocol.md 1.3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]


@cache
def groups() -> Mapping[str, Mapping[str, Sequence[Entry]]]:
    """Return the specifications by group and kind, in the keys of docs/protocol.md 1.4."""
    path = Path(__file__).with_name("official_files.json")
    return json.loads(path.read_text(encoding="utf-8"))
