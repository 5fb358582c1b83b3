"""Finds the pictures that controls follow and draws them into a painting (docs/protocol.md 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ...facts import modifiers
from ...facts.hints import KINDS, REFERENCE_TYPES
from ...facts.sizes import BLOCK_PX
from ..understanding.effects import ActiveControl, Effects
from ..understanding.request import Request
from .colour import brightness, match
from .texture import blur, mix, resize, shifted, smoothstep, to_unit

_MOST_WEIGHT = 2.0
# Balanced, Prompt, Control: whom a model believes more.
_MODE_FACTORS = {1: 0.75, 2: 1.2}
_UNDERLAYS = frozenset({"tile", "blur", "lowquality", "custom", "inpaint", "ip2p"})
_PROMPTS = frozenset({*REFERENCE_TYPES, "shuffle"})
_PADDING = 1.0  # white


@dataclass(frozen=True)
class Guide:
    """One picture that a painting follows.

    `picture`: float32 [height, width, 3], 0 to 1, at the painting's size but for palettes and
    picture prompts. `amount` is 0 to about 2.
    """

    kind: str
    picture: np.ndarray
    amount: float
    shapes: bool = True  # whether it says where things are, not only in which colours
    known: np.ndarray | None = None  # where the picture says anything, if not everywhere


class Guides:
    """The guides of one pass of a job, with its size and the steps that it samples.

    `from_picture` says whether the pass starts from a picture instead of from noise.
    """

    def __init__(
        self,
        request: Request,
        effects: Effects,
        height: int,
        width: int,
        *,
        steps: range,
        from_picture: bool,
    ) -> None:
        self._request = request
        self._height, self._width = height, width
        # Of several poses the last is for image to image and for second passes.
        self._pose = -1 if from_picture else 0
        self._controls = [
            (control, amount)
            for control in effects.controls
            if (amount := _amount(control, request.config.steps, steps)) > 0
        ]
        self._modifier = modifiers.find(effects.modifier).hint
        self._fixed = list(self._find(0.0))
        moving = [*(hint.pictures[0] for hint in request.hints.values() if hint.pictures)]
        if request.image is not None:
            moving.append(request.image)
        self._moves = any(picture.ndim == 4 and picture.shape[0] > 1 for picture in moving)

    def draw(self, picture: np.ndarray, time: float) -> np.ndarray:
        """Return a painting, float32 [height, width, 3], 0 to 1, with every guide drawn into it."""
        guides = list(self._find(time)) if self._moves else self._fixed
        # Colours first and lines last, so that nothing covers what a line says.
        for guide in sorted(guides, key=lambda guide: _rank(guide.kind)):
            picture = _draw(picture, guide)
        return picture

    def _find(self, time: float) -> Iterator[Guide]:
        if self._modifier:
            places = KINDS[self._modifier].controlnet
            source = next((name for name in places if self._has(name)), None)
            if source:
                picture = self._picture(self._modifier, source, time)
                yield Guide(self._modifier, picture, 1.0)
        for control, amount in self._controls:
            if control.source == "shuffle":
                yield from self._shuffles(control, amount)
            elif control.source in ("image", "custom") and control.kind in _PROMPTS:
                picture = self._load(control.source, time)
                yield Guide(control.kind, picture, amount, _shapes(control))
            elif control.source:
                picture = self._picture(control.kind, control.source, time)
                picture = self._degrade(picture, control)
                yield Guide(control.kind, picture, amount, known=self._known(control.kind))
            vace = self._request.version.vace and control.kind == "shuffle"
            if vace and control.source != "image" and self._has("image"):
                yield Guide("custom", self._fit(self._load("image", time)), amount)

    def _has(self, source: str) -> bool:
        hint = self._request.hints.get(source)
        return (
            self._request.image is not None if source == "image" else bool(hint and hint.pictures)
        )

    def _load(self, source: str, time: float) -> np.ndarray:
        if source == "image" and self._request.image is not None:
            return to_unit(self._request.image, time)
        hint = self._request.hints[source]
        picture = hint.pictures[self._pose if source == "pose" else 0]
        if source == "scribble":
            return np.clip(np.nan_to_num(picture[0].astype(np.float32)), 0, 1)
        if source == "pose" and not self._request.version.flow:  # passed on as it is, 0 to 1
            return np.clip(np.nan_to_num(picture[0].astype(np.float32)), 0, 1)
        if source == "depth":  # whatever its range
            depth = np.nan_to_num(picture[0].astype(np.float32))
            return (depth - depth.min()) / max(float(np.ptp(depth)), 1e-6)
        return to_unit(picture, time)

    def _picture(self, kind: str, source: str, time: float) -> np.ndarray:
        """Return what the control sees, derived from the image where it asks for that."""
        loaded = self._load(source, time)
        if loaded.shape[-1] != 3:
            loaded = np.repeat(loaded[..., :1], 3, axis=-1)
        if kind == "color":
            return resize(
                loaded, *(max(1, side // BLOCK_PX) for side in (self._height, self._width))
            )
        picture = self._fit(loaded)
        if source == "image":
            if _has_lines(kind):
                return np.repeat(_edges(picture), 3, axis=-1)
            if kind == "depth":
                return np.repeat(_guess_depth(picture), 3, axis=-1)
        return 1 - picture if kind == "lineart" else picture

    def _known(self, kind: str) -> np.ndarray | None:
        if kind != "inpaint" or self._request.mask is None:
            return None
        return ~_resize_mask(self._request.mask, self._height, self._width)

    def _fit(self, picture: np.ndarray) -> np.ndarray:
        height, width = self._height, self._width
        if picture.shape[:2] == (height, width):
            return picture
        if not self._request.version.fits_hints:
            return resize(picture, height, width)
        rows, columns, channels = picture.shape
        scale = min(height / rows, width / columns)
        inner = [min(max(round(side * scale), 1), most)
                 for side, most in ((rows, height), (columns, width))]  # fmt: skip
        canvas = np.full((height, width, channels), _PADDING, np.float32)
        top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
        canvas[top : top + inner[0], left : left + inner[1]] = resize(picture, *inner)
        return canvas

    def _degrade(self, picture: np.ndarray, control: ActiveControl) -> np.ndarray:
        rate = float(np.nan_to_num(control.row.downSamplingRate))
        if control.kind in ("tile", "blur", "lowquality", "gray") and rate > 1.1:
            small = [max(1, round(side / rate)) for side in picture.shape[:2]]
            picture = resize(resize(picture, *small), *picture.shape[:2])
        return picture

    def _shuffles(self, control: ActiveControl, amount: float) -> Iterator[Guide]:
        hint = self._request.hints["shuffle"]
        plain = self._request.version.vace  # which does not look at the weights
        for picture, weight in zip(hint.pictures, hint.weights, strict=True):
            share = amount * (1.0 if plain else float(np.nan_to_num(weight)))
            if share > 0:
                shapes = plain or _shapes(control)
                yield Guide(control.kind, to_unit(picture), min(share, _MOST_WEIGHT), shapes)


def _amount(control: ActiveControl, total: int, steps: range) -> float:
    """Return how much a control counts: its weight, times the share of steps in which it acts."""
    active = control.active_steps(total)
    inside = len(range(max(active.start, steps.start), min(active.stop, steps.stop)))
    factor = _MODE_FACTORS.get(control.row.controlMode, 1.0)
    weight = min(max(float(np.nan_to_num(control.row.weight)), 0.0), _MOST_WEIGHT)
    return weight * factor * inside / max(len(steps), 1)


def _shapes(control: ActiveControl) -> bool:
    """Return whether a picture prompt hands on more than its style."""
    if control.kind == "shuffle":
        return not control.row.globalAveragePooling
    blocks = control.row.targetBlocks
    return not blocks or len(blocks) > 1


def _has_lines(kind: str) -> bool:
    return kind in KINDS and KINDS[kind].lines


def _rank(kind: str) -> int:
    if kind in _PROMPTS or kind in ("color", "seg"):
        return 0
    return 1 if kind in _UNDERLAYS or kind == "gray" else 3 if _has_lines(kind) else 2


def _draw(picture: np.ndarray, guide: Guide) -> np.ndarray:
    drawing = _DRAWINGS.get(guide.kind)
    if drawing is None:
        drawing = _draw_lines if _has_lines(guide.kind) else _draw_underlay
        drawing = _draw_prompt if guide.kind in _PROMPTS else drawing
    return drawing(picture, guide)


def _draw_lines(picture: np.ndarray, guide: Guide) -> np.ndarray:
    """Light lines with dark rims, which show on any ground."""
    lines = guide.picture.max(axis=-1, keepdims=True)
    sigma = max(0.003 * (lines.shape[0] * lines.shape[1]) ** 0.5, 0.7)
    rim = np.clip(3 * blur(lines, sigma), 0, 1) * (1 - lines)
    share = min(0.8 * guide.amount, 1.0)
    darkened = picture * (1 - 0.8 * share * rim)
    light = 0.6 * np.array([1.0, 0.97, 0.88], np.float32) + 0.4 * picture
    return mix(darkened, light, share * lines)


def _draw_pose(picture: np.ndarray, guide: Guide) -> np.ndarray:
    cover = smoothstep(0.05, 0.35, guide.picture.max(axis=-1, keepdims=True))
    return mix(picture, guide.picture, min(0.85 * guide.amount, 1.0) * cover)


def _draw_depth(picture: np.ndarray, guide: Guide) -> np.ndarray:
    """Near is light and warm, far is dim and hazy, and where depth jumps there is an edge."""
    near = guide.picture[..., :1]
    share = min(0.8 * guide.amount, 1.0)
    haze = picture.mean(axis=(0, 1)) * 0.55 + np.array([0.02, 0.05, 0.11], np.float32)
    lit = picture * (0.35 + 0.95 * near) + np.array([0.10, 0.05, 0.0], np.float32) * near
    shaped = mix(lit, haze, 0.65 * (1 - near))
    edges = Guide("canny", _edges(guide.picture), 0.6 * guide.amount)
    return _draw_lines(mix(picture, shaped, share), edges)


def _draw_normals(picture: np.ndarray, guide: Guide) -> np.ndarray:
    normals = guide.picture * 2 - 1
    light = np.clip(normals @ np.array([-0.5, 0.6, 0.6], np.float32), 0, 1)[..., None]
    return mix(picture, picture * (0.3 + light), min(0.8 * guide.amount, 1.0))


def _draw_colours(picture: np.ndarray, guide: Guide) -> np.ndarray:
    """Take each place's colour from the guide and its light from the painting."""
    colours = resize(guide.picture, *picture.shape[:2])
    tinted = colours + 0.6 * (brightness(picture) - brightness(picture).mean())
    return mix(picture, tinted, min(0.75 * guide.amount, 1.0))


def _draw_grey(picture: np.ndarray, guide: Guide) -> np.ndarray:
    change = brightness(guide.picture) - brightness(picture)
    return picture + min(0.75 * guide.amount, 1.0) * change


def _draw_underlay(picture: np.ndarray, guide: Guide) -> np.ndarray:
    share = min(0.6 * guide.amount, 0.95)
    return mix(picture, guide.picture, share if guide.known is None else share * guide.known)


def _draw_prompt(picture: np.ndarray, guide: Guide) -> np.ndarray:
    """Take over the colours of a picture and, if it shapes, roughly where they are."""
    share = min(0.7 * guide.amount, 1.0)
    drawn = mix(picture, match(picture, guide.picture), share)
    if not guide.shapes:
        return drawn
    rough = resize(resize(guide.picture, 24, 24), *picture.shape[:2])
    return mix(drawn, rough, 0.6 * share)


_DRAWINGS: dict[str, Callable[[np.ndarray, Guide], np.ndarray]] = {
    "pose": _draw_pose,
    "depth": _draw_depth,
    "normalbae": _draw_normals,
    "color": _draw_colours,
    "seg": _draw_colours,
    "gray": _draw_grey,
}


def _edges(picture: np.ndarray) -> np.ndarray:
    """Return where a picture changes: float32 [height, width, 1], 0 to 1."""
    sigma = max(0.002 * (picture.shape[0] * picture.shape[1]) ** 0.5, 0.8)
    grey = blur(brightness(picture)[..., 0], sigma)
    step = max(1, round(sigma))
    slope = np.hypot(
        shifted(grey, -step, 0) - shifted(grey, step, 0),
        shifted(grey, -step, 1) - shifted(grey, step, 1),
    )
    return smoothstep(0.06, 0.18, slope)[..., None]


def _guess_depth(picture: np.ndarray) -> np.ndarray:
    """Return a depth, 0 to 1: what is low in the picture and what is light is near."""
    rows = np.linspace(0, 1, picture.shape[0], dtype=np.float32)[:, None]
    sigma = 0.01 * (picture.shape[0] * picture.shape[1]) ** 0.5
    depth = 0.5 * rows + 0.5 * blur(brightness(picture)[..., 0], sigma)
    depth -= depth.min()
    return (depth / max(float(depth.max()), 1e-6))[..., None]


def _resize_mask(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return where a mask asks for something new: boolean [height, width, 1]."""
    rows = np.arange(height) * mask.shape[0] // height
    columns = np.arange(width) * mask.shape[1] // width
    return np.isin(mask[rows][:, columns] & 7, (1, 2, 4))[..., None]
