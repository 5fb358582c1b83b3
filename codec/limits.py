"""How much is unpacked where nobody says otherwise."""

from __future__ import annotations

DEFAULT_LIMIT_BYTES = 1 << 30
"""The largest tensor, counted in unpacked bytes."""
