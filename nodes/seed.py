"""What nodes with a seed have alike."""

from __future__ import annotations

import secrets


def fingerprint(seed: object) -> str:
    """Return what ComfyUI compares to know whether a node is to run again: other at every call for
    a seed below 0, which is drawn anew. A linked seed arrives as None.
    """
    return secrets.token_hex(8) if isinstance(seed, int) and seed < 0 else ""
