"""Paints what an emulated server answers with: a landscape that follows words and numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import palette as palettes
from .palette import Palette
from .texture import field, fractal, line, mix, resize, shifted, smoothstep

# Larger pictures are painted at this size and enlarged.
_LARGEST_PAINTED = 2 * 1024 * 1024

_RIDGES = 5
_CLOUDINESS = {"storm": 0.35, "mist": 0.1, "night": -0.12, "aurora": -0.25}

_GREEN = np.array([0.25, 0.95, 0.6], np.float32)
_VIOLET = np.array([0.55, 0.35, 0.95], np.float32)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Scene:
    """Everything that a picture depends on; `width` and `height` in pixels."""

    prompt: str
    width: int
    height: int
    seed: int
    steps: int
    guidance: float
    negative_prompt: str = ""
    model: str = ""
    sampler: int = 0
    shift: float = 1.0


def paint(scene: Scene) -> np.ndarray:
    """Return the picture of a scene: float32 [height, width, 3], about -1 to 1.

    The same scene gives the same picture. Words steer light, land and colours; the seed moves the
    composition; steps add detail; guidance raises contrast and saturation.
    """
    return paint_unit(scene) * 2 - 1


def paint_unit(scene: Scene) -> np.ndarray:
    """Return the same picture, about 0 to 1."""
    shrink = min(1.0, (_LARGEST_PAINTED / (scene.width * scene.height)) ** 0.5)
    height, width = max(int(scene.height * shrink), 1), max(int(scene.width * shrink), 1)
    unit_picture = _Painter(scene, height, width).run()
    if (height, width) != (scene.height, scene.width):
        unit_picture = resize(unit_picture, scene.height, scene.width)
    return unit_picture


class _Painter:
    """Paints one picture from back to front; lengths are in units of the picture's mean side."""

    def __init__(self, scene: Scene, height: int, width: int) -> None:
        self.scene = scene
        self.height, self.width = height, width
        unit = (height * width) ** 0.5
        self.tall, self.wide = height / unit, width / unit
        self.pixel = 1 / unit
        self.y = ((np.arange(height, dtype=np.float32) + 0.5) / unit)[:, None]
        self.x = ((np.arange(width, dtype=np.float32) + 0.5) / unit)[None, :]
        flavour = f"{scene.model} {scene.sampler} {scene.shift:.3f}"
        self.palette: Palette = palettes.choose(scene.prompt, scene.negative_prompt, flavour)
        # 0..1: how far the sampler has got; the octaves of every texture follow it.
        self.detail = 1 - float(np.exp(-max(scene.steps, 1) / 9.0))
        self.octaves = 2 + round(5 * self.detail)
        place = self._rng("composition")
        self.horizon = self.tall * place.uniform(0.50, 0.62)
        self.waterline = (
            self.tall * place.uniform(0.66, 0.74) - 0.06 * self.tall * self.palette.water
        )
        self.sun_x = self.wide * place.uniform(0.22, 0.78)
        low = self.palette.light in ("sunset", "dawn", "golden", "teal", "rose")
        self.sun_y = self.horizon - self.tall * (
            place.uniform(0.12, 0.24) if low else place.uniform(0.22, 0.36)
        )

    def _rng(self, what: str) -> np.random.Generator:
        """Return random numbers for one part of the picture, so that parts stay independent."""
        return np.random.default_rng([self.scene.seed, int(palettes.number_of(what) * 2**32)])

    def run(self) -> np.ndarray:
        """Return the finished picture: float32 [height, width, 3], about 0 to 1."""
        picture = self._sky()
        picture = self._ridges(picture)
        if self.palette.water:
            picture = self._water(picture)
        picture = self._foreground(picture)
        return self._finish(picture)

    def _sky(self) -> np.ndarray:
        colours = self.palette
        rng = self._rng("sky")
        bend = field(rng, self.height, self.width, 2 * self.tall, 2 * self.wide)
        t = np.clip(self.y / self.horizon + 0.05 * bend, 0, 1)[..., None]
        sky = mix(colours.zenith, colours.middle, smoothstep(0.0, 0.68, t))
        sky = mix(sky, colours.horizon, smoothstep(0.45, 1.0, t))
        distance = np.hypot(self.x - self.sun_x, self.y - self.sun_y)
        sky = mix(sky, colours.sun, 0.6 * np.exp(-((distance / 0.30) ** 1.2))[..., None])
        if colours.stars:
            sky = self._stars(sky)
        radius = 0.045
        disc = smoothstep(radius + 1.5 * self.pixel, radius - 1.5 * self.pixel, distance)[..., None]
        sky = mix(sky, np.minimum(colours.sun * 1.05, 1), disc)
        if colours.light == "aurora":
            sky = self._aurora(sky)
        return self._clouds(sky, distance)

    def _stars(self, sky: np.ndarray) -> np.ndarray:
        rng = self._rng("stars")
        count = int(260 * self.wide * self.tall)
        rows = (rng.random(count) ** 1.3 * self.horizon / self.tall * self.height).astype(int)
        columns = (rng.random(count) * self.width).astype(int)
        glow = np.zeros((self.height, self.width), np.float32)
        radius = max(1, round(0.0016 / self.pixel))
        for row, column, light in zip(rows, columns, rng.random(count) ** 3, strict=True):
            glow[
                max(row - radius, 0) : row + radius, max(column - radius, 0) : column + radius
            ] += light
        return np.clip(sky + 0.9 * glow[..., None] * self.palette.sun, 0, 1)

    def _aurora(self, sky: np.ndarray) -> np.ndarray:
        rng = self._rng("aurora")
        for colour, base in (
            (_GREEN, 0.62),
            (_VIOLET, 0.42),
        ):
            foot = self.horizon * (base + 0.25 * line(rng, self.width, 2 * self.wide, 3))[None, :]
            rays = 0.55 + 0.45 * line(rng, self.width, 24 * self.wide, 3)[None, :]
            above = foot - self.y
            curtain = np.where(above > 0, np.exp(-above / 0.2), np.exp(above / 0.02)) * rays
            sky = sky + 0.6 * np.clip(curtain, 0, 1)[..., None] * colour * (1 - sky)
        return sky

    def _clouds(self, sky: np.ndarray, distance: np.ndarray) -> np.ndarray:
        colours = self.palette
        rng = self._rng("clouds")
        density = fractal(
            rng, self.height, self.width, 5.0 * self.tall, 2.2 * self.wide, self.octaves
        )
        density = self._bend(density, rng, 0.10)
        cover = self._rng("cover").uniform(-0.20, 0.06)
        cover += _CLOUDINESS.get(colours.light, 0.0)
        # Thin towards the zenith and gone at the horizon, where the land begins.
        height = np.clip(self.y / self.horizon, 0, 1)
        thick = smoothstep(0.0, 0.4, density + cover - 0.5 * (height - 0.45) ** 2 - 0.06)
        lift = max(1, round(0.014 / self.pixel))
        towards = lift if self.sun_y > 0.3 * self.tall else -lift
        relief = density - shifted(density, -towards, 0)
        near_sun = np.exp(-distance / 0.5)
        lit = np.clip(0.36 + 2.4 * relief + 0.5 * near_sun, 0, 1)[..., None]
        cloud = mix(colours.shade, colours.cloud, lit)
        return mix(sky, cloud, (0.88 * thick)[..., None])

    def _bend(self, texture: np.ndarray, rng: np.random.Generator, reach: float) -> np.ndarray:
        """Return a texture whose lattice does not show: every place is fetched from beside it."""
        rows = field(rng, self.height, self.width, 3.5 * self.tall, 3.5 * self.wide)
        columns = field(rng, self.height, self.width, 3.5 * self.tall, 3.5 * self.wide)
        return self._fetch(texture, reach * 0.5 * rows, reach * columns)

    def _fetch(self, picture: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
        """Return the picture with every pixel taken from a distance, in units, away."""
        rows = np.arange(self.height, dtype=np.float32)[:, None] + down / self.pixel
        columns = np.arange(self.width, dtype=np.float32)[None, :] + across / self.pixel
        return picture[
            np.clip(np.rint(rows), 0, self.height - 1).astype(np.int32),
            np.clip(np.rint(columns), 0, self.width - 1).astype(np.int32),
        ]

    def _ridges(self, picture: np.ndarray) -> np.ndarray:
        colours = self.palette
        rng = self._rng("ridges")
        relief = fractal(rng, self.height, self.width, 9 * self.tall, 7 * self.wide, self.octaves)
        relief = self._bend(relief, rng, 0.06)
        floor = self.waterline if colours.water else self.tall
        sea = colours.water == 1.0
        for layer in range(_RIDGES):
            depth = (layer + 1) / _RIDGES
            base = self.horizon + (floor - self.horizon) * (0.1 + 0.8 * depth**1.3)
            reach = (0.30 - 0.19 * depth) * colours.ruggedness * (0.5 if sea else 1.0)
            top = base - reach * self._outline(rng, layer, depth)
            if sea and layer in (1, 2):  # an open sea has fewer coasts
                continue
            if colours.land == "city":
                top = self._skyline(rng, top, depth)
            elif colours.trees and layer >= 2:
                top = self._treetops(rng, top, depth, 46 - 18 * depth, 0.035 + 0.085 * depth**1.6)
            # The same rock, seen from elsewhere, does for every ridge.
            turned = (relief, relief[:, ::-1], relief[::-1], relief[::-1, ::-1])[layer % 4]
            self._cover(picture, top, self._ridge_colours(turned, depth))
        return picture

    def _outline(self, rng: np.random.Generator, layer: int, depth: float) -> np.ndarray:
        waves = line(rng, self.width, (1.6 + 1.1 * layer) * self.wide, self.octaves) + 0.3
        sharp = 1 - 2.6 * np.abs(line(rng, self.width, (1.7 + layer) * self.wide, self.octaves + 1))
        if self.palette.ruggedness < 0.5:
            return 1.2 * waves
        return 0.5 * waves + 0.75 * sharp * (1.15 - 0.8 * depth)

    def _cover(
        self,
        picture: np.ndarray,
        top: np.ndarray,
        colours: Callable[[slice, np.ndarray], np.ndarray],
    ) -> None:
        """Paint everything below an outline, into the picture; only the rows that it reaches."""
        first = int(np.clip(top.min() / self.pixel - 2, 0, self.height - 1))
        rows = slice(first, self.height)
        below = self.y[rows] - top[None, :]
        cover = smoothstep(-self.pixel, self.pixel, below)[..., None]
        picture[rows] = mix(picture[rows], colours(rows, below), cover)

    def _ridge_colours(
        self, relief: np.ndarray, depth: float
    ) -> Callable[[slice, np.ndarray], np.ndarray]:
        palette = self.palette
        haze = mix(palette.horizon, palette.middle, 0.35)
        # Rock is lit from the side where the sun stands.
        step = max(1, round(0.006 / self.pixel))
        slope = 5.0 * (relief - shifted(relief, step, 1))
        slope = slope * np.tanh((self.sun_x - self.x) / 0.12)

        def colours(rows: slice, below: np.ndarray) -> np.ndarray:
            rough = relief[rows]
            shade = np.clip(0.62 + 0.3 * depth - 0.55 * slope[rows] + 0.4 * rough, 0, 1)
            ground = mix(palette.lit, palette.near, shade[..., None])
            if palette.snowy:
                reach = 0.13 if palette.land == "snow" else 0.10 * (1.1 - depth)
                snow = smoothstep(reach, 0.4 * reach, below + 1.3 * reach * rough)[..., None]
                white = np.clip(0.35 - 0.9 * slope[rows] + 0.3 * rough, 0, 1)[..., None]
                white = mix(palette.shade, palette.cloud, white)
                ground = mix(ground, white, (0.9 if palette.land == "snow" else 1.0 - depth) * snow)
            ground = mix(haze, ground, 0.25 + 0.75 * depth**1.1)
            crest = np.exp(-np.clip(below, 0, None) / 0.010)
            crest = crest * np.exp(-np.abs(self.x - self.sun_x) / 0.35)
            ground = mix(ground, palette.sun, (0.4 * crest * (1.1 - depth))[..., None])
            mist = smoothstep(0.0, 0.2, below + 0.05 * rough) * (0.72 - 0.6 * depth)
            return mix(ground, haze, np.clip(mist, 0, 1)[..., None])

        return colours

    def _treetops(
        self, rng: np.random.Generator, top: np.ndarray, depth: float, count: float, tall: float
    ) -> np.ndarray:
        """Return an outline with conifers on it: about `count` in a unit, about `tall` high."""
        number = int(count * self.wide) + 4
        centres = np.sort(rng.uniform(-0.05, self.wide + 0.05, number)).astype(np.float32)
        heights = tall * rng.uniform(0.55, 1.25, number).astype(np.float32)
        widths = heights * rng.uniform(0.20, 0.30, number).astype(np.float32)
        away = np.abs(self.x - centres[:, None]) / widths[:, None]
        # Branches: the outline steps outwards on its way down.
        steps = 0.10 * (np.abs(((away * 5.0) % 1.0) - 0.5) - 0.25) * np.clip(away * 4, 0, 1)
        outline = heights[:, None] * np.clip(1 - away + steps, 0, None)
        return top - outline.max(axis=0)

    def _skyline(self, rng: np.random.Generator, top: np.ndarray, depth: float) -> np.ndarray:
        edges = np.cumsum(rng.uniform(0.018, 0.06, int(80 * self.wide)) * (0.6 + depth))
        floors = rng.gamma(2.0, 0.035 + 0.035 * depth, len(edges) + 1)
        return top - floors[np.searchsorted(edges, self.x[0])].astype(np.float32)

    def _water(self, picture: np.ndarray) -> np.ndarray:
        palette = self.palette
        rng = self._rng("water")
        first = int(self.waterline / self.pixel)
        count = self.height - first
        if count < 1:
            return picture
        far = (np.arange(count, dtype=np.float32) * self.pixel)[:, None]
        waves = fractal(rng, count, self.width, 26 * self.tall, 5 * self.wide, self.octaves)
        # Seen at a slant, waves crowd together towards the far shore.
        crowded = np.sqrt(np.linspace(0, 1, count)) * (count - 1)
        waves = waves[np.rint(crowded).astype(np.int32)]
        swell = waves * (0.006 + 0.10 * far) / self.pixel
        mirrored_rows = first - 0.9 * np.arange(count, dtype=np.float32)[:, None] - 1.6 * swell
        mirrored_columns = np.arange(self.width, dtype=np.float32)[None, :] + 0.7 * swell
        mirrored = picture[
            np.clip(mirrored_rows, 0, max(first - 1, 0)).astype(np.int32),
            np.clip(mirrored_columns, 0, self.width - 1).astype(np.int32),
        ]
        deep = mix(palette.zenith, palette.near, 0.4) * 0.85
        share = np.clip(0.12 + 0.85 * far + 0.22 * waves, 0, 0.8)[..., None]
        water = mix(mirrored, deep, share)
        away = np.abs(self.x - self.sun_x)
        shine = np.exp(-((away / (0.05 + 0.4 * far)) ** 1.5))
        glitter = smoothstep(0.10, 0.34, waves + 0.22 * shine - 0.06) * shine
        water = mix(water, palette.sun, (0.8 * glitter)[..., None])
        shore = np.exp(-far / 0.005)[..., None]
        picture[first:] = mix(water, palette.horizon, 0.3 * shore)
        return picture

    def _foreground(self, picture: np.ndarray) -> np.ndarray:
        palette = self.palette
        rng = self._rng("foreground")
        side = 1.0 if rng.random() < 0.5 else -1.0
        slope = np.clip(0.5 + side * (self.x[0] / self.wide - 0.5), 0, 1)
        bank = self.tall * (1.03 - 0.17 * slope**2.2)
        bank = bank - 0.03 * line(rng, self.width, 5 * self.wide, self.octaves)
        grass = self._treetops(rng, bank, 1.0, 190, 0.035)
        top = bank + (grass - bank) * (0.25 + 0.75 * slope)
        if palette.trees:
            trees = self._treetops(rng, top + 0.02, 1.0, 11, 0.26) + 0.22 * (1 - slope)
            top = np.minimum(top, trees)
        relief = fractal(
            rng, self.height, self.width, 14 * self.tall, 14 * self.wide, min(self.octaves, 4)
        )

        def colours(rows: slice, below: np.ndarray) -> np.ndarray:
            shade = np.clip(0.25 + 0.9 * relief[rows] - 1.4 * below, 0, 1)[..., None]
            return mix(palette.near * 0.5, mix(palette.near, palette.lit, 0.45), shade)

        self._cover(picture, top, colours)
        return picture

    def _finish(self, picture: np.ndarray) -> np.ndarray:
        """Turn the scene into paint: dabs and a canvas, then softness, contrast and colour."""
        scene = self.scene
        rng = np.random.default_rng(
            [scene.sampler, int(palettes.number_of(f"{scene.shift:.3f}") * 2**32)]
        )
        picture = self._dabs(picture, rng)
        softness = 1 - self.detail
        if softness > 0.12:  # up to about 20 steps
            share = 0.02 + 0.5 * self.detail**1.5
            rows, columns = (max(2, round(side * share)) for side in (self.height, self.width))
            soft = resize(resize(picture, rows, columns), self.height, self.width)
            picture = mix(picture, soft, min(1.0, 1.6 * softness))
        strength = max(0.0, min(1000.0, scene.guidance))  # in this order, also of what is no number
        push = strength / (strength + 5.0)  # 0..1, about a half at common values
        grey = picture @ _LUMA
        picture = mix(grey[..., None], picture, 0.78 + 0.58 * push)
        return 0.5 + (picture - 0.5) * (0.88 + 0.32 * push)

    def _dabs(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the picture in brush strokes, each in the colour of its middle."""
        for length, breadth in ((0.030, 0.0065), (0.014, 0.0034)):
            if breadth < 2.5 * self.pixel:  # thinner than what can be seen
                continue
            down = 0.05 * field(rng, self.height, self.width, 5 * self.tall, 4 * self.wide)
            across = 0.03 * field(rng, self.height, self.width, 9 * self.tall, 9 * self.wide)
            q = (self.y + down) / breadth
            row = np.floor(q)
            # Strokes of neighbouring rows begin at different places.
            p = (self.x + across) / length + (row * 0.618034) % 1.0
            column = np.floor(p)
            to_row, to_column = (row + 0.5 - q) * breadth, (column + 0.5 - p) * length
            stroke = self._fetch(picture, to_row, to_column) - picture
            # A painter who comes to an edge takes a finer brush.
            share = 0.75 * np.exp(-12 * np.abs(stroke).max(axis=-1))
            tone = 0.014 * np.sin(row * 12.9898 + column * 78.233)
            picture = picture + share[..., None] * (stroke + tone[..., None])
        return picture
