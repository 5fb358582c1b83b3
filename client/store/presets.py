"""The presets that a person has saved under a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import RequestRejected, StoreUnusable
from ..configuration.preset import Preset, folded, of_object
from .private_file import PrivateFile

FILE_NAME = "presets.json"
MOST_PRESETS = 500


class SavedPresets:
    """The saved presets of a folder; any number of threads and processes may use it."""

    def __init__(self, folder: Path | None) -> None:
        """Without a folder, nothing is saved."""
        self.path = None if folder is None else folder / FILE_NAME

    def all(self) -> list[Preset]:
        """Return them by name. Raises StoreUnusable."""
        if self.path is None:
            return []
        file = PrivateFile(self.path)
        try:
            found = [of_object(entry) for entry in file.read().get("presets", [])]
        except (TypeError, ValueError, AttributeError, RequestRejected):
            raise file.damaged() from None
        return sorted(found, key=lambda one: folded(one.name))

    def find(self, name: str) -> Preset:
        """Return the preset of a name, in any case. Raises RequestRejected, StoreUnusable."""
        found = self.all()
        for one in found:
            if _same(one.name, name):
                return one
        known = ", ".join(one.name for one in found)
        raise RequestRejected(
            f"No preset is saved as {name.strip()!r}.",
            f"Name one of these: {known}." if known else "Save it first.",
        )

    def put(self, preset: Preset) -> None:
        """Save a preset in place of one of the same name.

        Raises RequestRejected beyond MOST_PRESETS, StoreUnusable.
        """
        self._replace(preset.name, [preset.as_object()])

    def remove(self, name: str) -> None:
        """Forget a preset. Raises RequestRejected where there is none of that name."""
        self._replace(self.find(name).name, [])

    def _replace(self, name: str, entries: list[dict[str, Any]]) -> None:
        if self.path is None:
            raise StoreUnusable(
                "There is no folder in which a preset could be saved.", "Name one with --store."
            )
        self.all()  # raises for a damaged file, which is not to be changed

        def change(kept: dict[str, Any]) -> None:
            others = [one for one in kept.get("presets", []) if not _same(one["name"], name)]
            if len(others) + len(entries) > MOST_PRESETS:
                raise RequestRejected(
                    f"{MOST_PRESETS} presets are saved already.", "Remove some that are not needed."
                )
            kept["presets"] = [*others, *entries]

        PrivateFile(self.path).update(change)


def _same(name: str, other: str) -> bool:
    return folded(name) == folded(other)
