"""Which latent spaces there are, and how each becomes colours: the table, without torch."""

from __future__ import annotations

import enum
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from . import versions

Matrix = tuple[tuple[float, ...], ...]


class Kind(enum.Enum):
    """How latents become colours."""

    LINEAR = "linear"
    DIRECT = "direct"
    """Already RGB, 0 to 1."""
    PATCH = "patch"
    """Pixels, folded into channels."""
    OKLAB = "oklab"
    """Linear to OKLab, then on to RGB."""
    NONE = "none"
    """No way is known."""


class LatentSpace(NamedTuple):
    """One latent space (docs/protocol.md 7).

    For LINEAR and DIRECT, a colour of 0 to 255 is (latent @ matrix + bias) * scale + offset, with
    `matrix` [channels][3]; for OKLAB the first part gives L, a, b; PATCH has only scale and offset,
    NONE nothing. `pixels_per_latent` is how many pixels of the picture one cell covers each way,
    None where it depends; `patch` is the width of a folded square, 0 for other kinds.
    """

    name: str
    kind: Kind
    channels: int
    pixels_per_latent: int | None
    matrix: Matrix
    bias: tuple[float, ...]
    scale: float
    offset: float
    patch: int
    lms_cube_root: Matrix
    lms_to_rgb: Matrix


@cache
def latent_spaces() -> tuple[LatentSpace, ...]:
    """Return all latent spaces known, from latent_rgb.json."""
    path = Path(__file__).with_name("latent_rgb.json")
    records = json.loads(path.read_text(encoding="utf-8"))
    return tuple(_space(name, record) for name, record in records.items() if name[0] != "_")


def find(version: str, channels: int) -> LatentSpace | None:
    """Return the latent space of a model version, of which some have two, told apart by channels.

    None for an unknown version, and for latents that are not its own.
    """
    known = versions.find(version)
    names = known.latent_spaces if known else ()
    spaces = (space for space in latent_spaces() if space.name in names)
    return next((space for space in spaces if space.channels == channels), None)


def _space(name: str, record: dict) -> LatentSpace:
    oklab = record.get("oklab_to_linear", {})
    return LatentSpace(
        name=name,
        kind=Kind(record["kind"]),
        channels=record["channels"],
        pixels_per_latent=record["pixels_per_latent"],
        matrix=_rows(record["matrix"]),
        bias=tuple(map(float, record["bias"] or ())),
        scale=float(record["scale"] or 0),
        offset=float(record["offset"] or 0),
        patch=record.get("patch", 0),
        lms_cube_root=_rows(oklab.get("lms_cube_root")),
        lms_to_rgb=_rows(oklab.get("lms_to_rgb")),
    )


def _rows(matrix: list[list[float]] | None) -> Matrix:
    return tuple(tuple(map(float, row)) for row in matrix or ())
