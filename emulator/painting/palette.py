"""Chooses the colours and the things of an emulated picture from the words of its prompt."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

# Colours of the light: zenith, middle sky, horizon, sun or moon, lit cloud, shaded cloud.
_LIGHTS = {
    "day": "2a66ad 79b0dc e9efdf fff6da fffaf0 9db6cf",
    "sunset": "27305f b0537c ffad5e fff1c0 ffc48c 5d4274",
    "dawn": "4a72a8 c8a0bd ffdab4 fff3dd ffe3d0 7f83ab",
    "night": "060a20 12234d 33528c f4f2e2 4c6494 0d1736",
    "aurora": "050b1f 0d2c46 1f6a6a f0f5e8 3a6a78 0b1a30",
    "storm": "28313b 52616e aab4ae eef0e4 b9c2c4 3a444e",
    "golden": "5f81a6 dcb083 ffe0a2 fff8d8 fff0cc 9a8a88",
    "mist": "8fa6b2 bccbd0 ecefe8 ffffff f8faf6 b4c2c8",
    "teal": "1c5c74 6fb7b5 ffdcae fff3d6 fff0d8 5d8f9c",
    "rose": "4b4a8c c98bb4 ffd3bf fff2e4 ffe2da 84709f",
    "mint": "2f7f86 9ed3b8 fdf0c3 fffbe6 fbfbe8 78aaa6",
}
_CALM_LIGHTS = ("teal", "rose", "mint", "golden", "dawn", "day")

# Colours of the land: near and lit.
_LANDS = {
    "valley": "12303a 5f8f7a",
    "forest": "0d2a1e 4f8a4e",
    "autumn": "43200f d8813a",
    "desert": "5e2c18 e0a063",
    "snow": "24405c f2f7fb",
    "lavender": "2c1f4f a184cf",
    "meadow": "1d4a26 a3c657",
    "rock": "22252e 8b8f99",
    "city": "141829 5b678c",
}

_LIGHT_WORDS = {
    "sunset": "sunset", "dusk": "sunset", "evening": "sunset", "twilight": "sunset",
    "fire": "sunset",
    "sunrise": "dawn", "dawn": "dawn", "morning": "dawn", "spring": "dawn", "blossom": "dawn",
    "night": "night", "moon": "night", "moonlight": "night", "stars": "night", "starry": "night",
    "midnight": "night", "space": "night", "galaxy": "night", "neon": "night", "cyberpunk": "night",
    "aurora": "aurora", "storm": "storm", "rain": "storm", "thunder": "storm", "gloomy": "storm",
    "golden": "golden", "gold": "golden", "autumn": "golden", "desert": "golden", "summer": "day",
    "day": "day", "noon": "day", "sunny": "day", "sky": "day", "fog": "mist", "mist": "mist",
    "misty": "mist", "foggy": "mist", "snow": "mist", "winter": "mist",
}  # fmt: skip
_LAND_WORDS = {
    "forest": "forest", "wood": "forest", "woods": "forest", "tree": "forest", "trees": "forest",
    "jungle": "forest", "pine": "forest", "autumn": "autumn", "fall": "autumn", "desert": "desert",
    "dune": "desert", "dunes": "desert", "sand": "desert", "canyon": "desert", "snow": "snow",
    "winter": "snow", "ice": "snow", "arctic": "snow", "lavender": "lavender", "meadow": "meadow",
    "field": "meadow", "grass": "meadow", "hill": "meadow", "hills": "meadow", "garden": "meadow",
    "rock": "rock", "cliff": "rock", "city": "city", "town": "city", "skyline": "city",
    "street": "city", "cyberpunk": "city", "tokyo": "city",
}  # fmt: skip
_WATER_WORDS = frozenset(
    {
        *("ocean", "sea", "lake", "river", "water", "beach", "coast", "bay", "island", "boat"),
        *("harbour", "harbor"),
    }
)
_SOFT_LANDS = frozenset({"desert", "meadow", "lavender"})
_DRY_WORDS = frozenset(["desert", "dune", "dunes", "canyon", "city", "street", "field", "meadow"])
_TREE_WORDS = frozenset(["forest", "wood", "woods", "tree", "trees", "pine", "jungle", "autumn"])
_PEAK_WORDS = frozenset({"mountain", "mountains", "alps", "alpine", "peak", "peaks", "glacier"})
_STAR_LIGHTS = frozenset({"night", "aurora"})

_COLOURS = {
    "red": "d8342c", "orange": "f08a24", "yellow": "f4cf3a", "green": "3f9c4a", "teal": "1f9a94",
    "cyan": "33c3d6", "blue": "2f64d0", "purple": "7a3fb0", "violet": "7f4fd0", "pink": "f07fb0",
    "magenta": "d032a0", "brown": "7b4b2a", "grey": "8a8f96", "gray": "8a8f96", "white": "f4f4f0",
    "black": "14151a", "turquoise": "2fc0b0", "crimson": "b8143a", "emerald": "149a5a",
}  # fmt: skip


@dataclass(frozen=True)
class Palette:
    """Colours, float32 [3] each, 0 to 1, and what stands in the scene."""

    zenith: np.ndarray
    middle: np.ndarray
    horizon: np.ndarray
    sun: np.ndarray
    cloud: np.ndarray
    shade: np.ndarray
    near: np.ndarray
    lit: np.ndarray
    light: str
    land: str
    water: float
    trees: bool
    stars: bool
    snowy: bool
    ruggedness: float


def choose(prompt: str, negative_prompt: str, flavour: str) -> Palette:
    """Return the palette of a prompt.

    Known words choose light, land and tints; every other word nudges hue and shape a little. What
    the negative prompt names is left out; `flavour`, any text, tilts the colours slightly.
    """
    unwanted = set(_words(negative_prompt))
    words = [word for word in _words(prompt) if word not in unwanted]
    chance = number_of(" ".join(words) or "an empty page")
    lights = [_LIGHT_WORDS[word] for word in words if word in _LIGHT_WORDS]
    lands = [_LAND_WORDS[word] for word in words if word in _LAND_WORDS]
    light = lights[0] if lights else _CALM_LIGHTS[int(chance * 1e6) % len(_CALM_LIGHTS)]
    land = lands[0] if lands else ("valley", "forest", "rock", "meadow")[int(chance * 1e4) % 4]
    wet = any(word in _WATER_WORDS for word in words)
    dry = any(word in _DRY_WORDS for word in words) and not wet
    soft = land in _SOFT_LANDS
    peaks = any(word in _PEAK_WORDS for word in words)
    sea = any(word in ("ocean", "sea", "coast", "beach", "island") for word in words)
    zenith, middle, horizon, sun, cloud, shade = map(_colour, _LIGHTS[light].split())
    near, lit = map(_colour, _LANDS[land].split())
    palette = Palette(
        zenith, middle, horizon, sun, cloud, shade, near, lit,
        light=light,
        land=land,
        water=0.0 if dry else 1.0 if sea else 0.6,
        trees=any(word in _TREE_WORDS for word in words),
        stars=light in _STAR_LIGHTS,
        snowy=land == "snow" or peaks,
        ruggedness=1.4 if peaks else 0.3 if soft else 0.7 + 0.4 * (chance * 13 % 1),
    )  # fmt: skip
    for word in words:
        if word in _COLOURS:
            palette = _tint(palette, _colour(_COLOURS[word]))
    turn = 0.35 * (number_of(" ".join(words) + "|hue") - 0.5)
    turn += 0.25 * (number_of(negative_prompt) - 0.5) if negative_prompt else 0.0
    turn += 0.25 * (number_of(flavour) - 0.5)
    return _turn_hues(palette, turn)


def number_of(text: str) -> float:
    """Return a number in 0..1 that depends on every letter of the text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2.0**48


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _colour(text: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(text), np.uint8).astype(np.float32) / 255


_TINTED: Mapping[str, float] = {
    "zenith": 0.30, "middle": 0.45, "horizon": 0.35, "cloud": 0.25, "shade": 0.4,
    "near": 0.15, "lit": 0.5,
}  # fmt: skip


def _tint(palette: Palette, colour: np.ndarray) -> Palette:
    changed: dict[str, np.ndarray] = {}
    for name, share in _TINTED.items():
        old: np.ndarray = getattr(palette, name)
        # Keep the lightness of the old colour, so that a tint never turns night into day.
        toned = colour * (old.mean() + 0.05) / (colour.mean() + 0.05)
        changed[name] = np.clip(old + share * (toned - old), 0, 1)
    return replace(palette, **changed)


def _turn_hues(palette: Palette, angle: float) -> Palette:
    axis = np.full(3, 1 / np.sqrt(3), np.float32)
    cross = np.array(
        [[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]], np.float32
    )
    turn = (
        np.eye(3) * np.cos(angle)
        + np.outer(axis, axis) * (1 - np.cos(angle))
        + cross * np.sin(angle)
    )
    changed = {
        name: np.clip(turn.astype(np.float32) @ getattr(palette, name), 0, 1)
        for name in (*_TINTED, "sun")
    }
    return replace(palette, **changed)
