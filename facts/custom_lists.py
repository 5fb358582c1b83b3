"""The files beside the models in which a server keeps lists of its own (docs/protocol.md 1.3)."""

from __future__ import annotations

from collections.abc import Mapping

FILES: Mapping[str, str] = {
    "models": "custom.json",
    "loras": "custom_lora.json",
    "controlNets": "custom_controlnet.json",
    "textualInversions": "custom_textual_inversions.json",
    "upscalers": "custom_upscaler.json",
}
"""By the name of the list in MetadataOverride."""


def is_list(name: str) -> bool:
    """Return whether an upload under this name would replace a list, on a file system of any kind.

    "<name>.part" is what a server writes first.
    """
    return name.lower().removesuffix(".part") in FILES.values()
