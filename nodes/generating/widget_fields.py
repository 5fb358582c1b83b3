"""Which fields of a configuration Generate's widgets are, and what they can hold."""

from __future__ import annotations

from collections.abc import Mapping

from ...client.configuration.fields import GenerationConfig
from ...client.configuration.ranges import Range, ranges

_RANGES = ranges(GenerationConfig)
# Widgets that are fields under the same or another name, with what a field can be.
FIELDS: Mapping[str, tuple[str, Range]] = {
    widget: (name, _RANGES[name])
    for widget, name in (
        ("width", "start_width"),
        ("height", "start_height"),
        ("steps", "steps"),
        ("guidance", "guidance_scale"),
        ("seed", "seed"),
        ("batch_size", "batch_size"),
        ("batch_count", "batch_count"),
        ("strength", "strength"),
    )
}
SHIFTS = _RANGES["shift"]  # 0 besides, which is automatic
