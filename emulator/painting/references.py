"""Composes a painting around the pictures that an edit model was given (docs/protocol.md 4.6)."""

from __future__ import annotations

import itertools
import math

import numpy as np

from ...facts import modifiers
from ..understanding.effects import Effects
from ..understanding.request import Request
from .texture import blur, mix, resize, sample, sharpen, smoothstep, to_unit

# How much of a painting the first reference covers, for each kind of model.
_COVERS = {"double": 0.75, "inpainting": 0.3}
_EDITED = 0.82
_INSET = 0.30  # of the shorter side
_MOST_INSETS = 12


def has_first_frame(request: Request, effects: Effects) -> bool:
    """Return whether the image is the first frame of a video rather than a reference."""
    if request.image is None or not request.version.is_video:
        return False
    modifier = modifiers.find(effects.modifier)
    starts = modifier.editing and not modifier.refers
    return request.version.starts_from_image or starts or effects.modifier == "inpainting"


def find_last_frame(request: Request, effects: Effects) -> np.ndarray | None:
    """Return the picture that a video ends with: float32 [height, width, 3], 0 to 1 (16.4)."""
    shuffles = request.hints.get("shuffle")
    if not shuffles or not modifiers.find(effects.modifier).last_frame:
        return None
    used = zip(shuffles.pictures, shuffles.weights, strict=True)
    return next((to_unit(picture) for picture, weight in used if weight > 0), None)


def find_references(request: Request, effects: Effects) -> list[np.ndarray]:
    """Return what the model itself looks at, in order: float32 [height, width, 3], 0 to 1 each.

    The image comes first, then the pictures of the moodboard whose weight is above 0.
    """
    pictures: list[np.ndarray] = []
    modifier = modifiers.find(effects.modifier)
    looks = modifier.editing or effects.modifier in (*_COVERS, "editing")
    if looks and request.image is not None:
        pictures.append(to_unit(request.image))
    shuffles = request.hints.get("shuffle")
    if modifier.reads_moodboard and not modifier.last_frame and shuffles:
        pictures += [
            to_unit(picture)
            for picture, weight in zip(shuffles.pictures, shuffles.weights, strict=True)
            if weight > 0
        ]
    return pictures


def cover_of(request: Request, effects: Effects) -> float:
    """Return how much of a painting the first reference covers, 0 to 1."""
    if request.version.restores_image:
        return 1.0
    if effects.modifier == "editing":
        scale = request.config.imageGuidanceScale
        scale = max(scale, 0.0) if math.isfinite(scale) else 0.0
        return 0.45 + 0.5 * scale / (scale + 1.5)
    return _COVERS.get(effects.modifier, _EDITED)


def arrange(
    painting: np.ndarray, pictures: list[np.ndarray], cover: float, stretched: bool
) -> np.ndarray:
    """Return a painting of the references: the first fills it, the others are framed insets.

    `painting`, float32 [height, width, 3], 0 to 1, gives light and colour. A first picture that is
    not `stretched` keeps its proportions and is cropped. Insets stand from left to right in their
    order, and carry as many ticks as the number of the picture that they are.
    """
    height, width = painting.shape[:2]
    first = pictures[0] if stretched else _crop(pictures[0], height / width)
    ground = resize(first, height, width)
    if cover == 1:  # nothing but restored
        ground = sharpen(ground, 0.6, 1.5)
    else:
        # The words tint the picture: their light lies over it, and their land shimmers through.
        light = blur(resize(painting, 16, 16), 2.0)
        tinted = ground * resize(light / max(float(light.mean()), 0.05), height, width)
        ground = mix(painting, mix(ground, np.clip(tinted, 0, 1), 0.4), cover)
    for index, picture in enumerate(pictures[1 : _MOST_INSETS + 1]):
        _inset(ground, picture, index, min(len(pictures) - 1, _MOST_INSETS))
    return ground


def _crop(picture: np.ndarray, proportion: float) -> np.ndarray:
    rows, columns = picture.shape[:2]
    inner_rows = min(rows, max(1, round(columns * proportion)))
    inner_columns = min(columns, max(1, round(rows / proportion)))
    top, left = (rows - inner_rows) // 2, (columns - inner_columns) // 2
    return picture[top : top + inner_rows, left : left + inner_columns]


def _inset(ground: np.ndarray, picture: np.ndarray, index: int, count: int) -> None:
    """Paint one framed picture into the lower part of the ground."""
    height, width = ground.shape[:2]
    margin = max(2, round(0.025 * min(height, width)))
    box = min(_INSET * min(height, width), (width - margin) / count - margin)
    rows, columns = picture.shape[:2]
    scale = box / max(rows, columns)
    tall, wide = max(1, round(rows * scale)), max(1, round(columns * scale))
    left = margin + round(index * (box + margin))
    top = height - margin - tall
    frame = max(1, margin // 4)
    if box < 4 or top < frame or left + wide + frame > width:
        return
    ground[top - frame : top + tall + frame, left - frame : left + wide + frame] = 0.97
    ground[top : top + tall, left : left + wide] = resize(picture, tall, wide)
    for tick in range(index + 2):
        place = left + frame + 3 * frame * tick
        area = ground[top + frame : top + 4 * frame, place : min(place + 2 * frame, left + wide)]
        area[...] = 0.97
        area[-1:] = 0.1


def first_frame(image: np.ndarray, scenery: np.ndarray, time: float) -> np.ndarray:
    """Return a frame of a video that starts with an image and drifts into a scenery.

    `image`, `scenery`: float32 [height, width, 3], 0 to 1; the frame at time 0 is the image.
    """
    height, width = image.shape[:2]
    rows, columns = (  # a slow move towards the middle
        np.arange(side, dtype=np.float32) * (1 - 0.10 * time) + 0.05 * time * (side - 1)
        for side in (height, width)
    )
    moved = sample(image, rows, columns)
    # Fades in from one side, at most to a half.
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    share = 0.5 * time * smoothstep(0.0, 1.0, x + 2 * time - 1)
    return mix(moved, scenery, share)


def last_frame(image: np.ndarray, frame: np.ndarray, time: float) -> np.ndarray:
    """Return a frame of a video that ends with an image: the frame itself for its first half.

    `image`, `frame`: float32 [height, width, 3], 0 to 1, the image of any size; the frame at time 1
    is the image.
    """
    share = float(smoothstep(0.5, 1.0, np.asarray(time, np.float32)))
    return mix(frame, resize(image, *frame.shape[:2]), share) if share > 0 else frame


def layers(picture: np.ndarray, count: int) -> list[np.ndarray]:
    """Return the alpha of layers that make up a picture: float32 [height, width, 1] each, 0 to 1.

    The first is the whole ground; each further one holds the next lighter part, softly cut.
    """
    grey = blur(picture.mean(axis=-1), 1.0)
    covers = [np.ones((*picture.shape[:2], 1), np.float32)]
    edges = np.quantile(grey[::4, ::4], np.linspace(0, 1, count + 1))
    for low, high in itertools.pairwise(edges[1:]):
        soft = max(0.15 * float(high - low), 1e-3)
        cover = smoothstep(float(low) - soft, float(low) + soft, grey)
        if high < edges[-1]:
            cover = cover * smoothstep(float(high) + soft, float(high) - soft, grey)
        covers.append(cover[..., None].astype(np.float32))
    return covers
