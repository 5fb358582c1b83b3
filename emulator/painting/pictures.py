"""Makes the pictures of one job: one per image of a batch or per frame of a video."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...facts import modifiers
from ..understanding.effects import Effects
from ..understanding.plan import Plan, Route
from ..understanding.request import Request
from .compose import Composer
from .references import layers
from .texture import resize, smoothstep, without_alpha


class Pictures:
    """The pictures of one job; what comes back is made one by one, since a video is large."""

    def __init__(self, request: Request, effects: Effects, plan: Plan) -> None:
        self._request, self._effects, self._plan = request, effects, plan
        self._returned = plan.route is Route.RETURN
        self._video = request.version.is_video and not self._returned
        self._layered = modifiers.find(effects.modifier).layered and not self._returned
        # Layers are parts of one picture, not pictures of their own.
        count = 1 if self._layered else plan.batch
        self._seeds = further_seeds(request.config.seed, count)
        self._composer = Composer(request, effects, plan)
        self._paintings = (
            [] if self._returned else [self._composer.paint(seed) for seed in self._seeds]
        )
        self._stills: list[np.ndarray] = []
        if self._returned:
            self._stills = [_given(request, plan)]
        elif not self._video:
            self._stills = [self._composer.finish(painting) for painting in self._paintings]
        if self._layered:
            self._stills *= plan.batch

    def frames(self, count: int) -> list[np.ndarray]:
        """Return `count` pictures, evenly spread: float32 [height, width, 3], about -1 to 1."""
        if not self._video:
            return self._stills[:count]
        return [self._frame(self._composer, index / max(count - 1, 1)) for index in range(count)]

    def first_pass_frames(self, count: int) -> list[np.ndarray]:
        """Return the same for the first pass, which is smaller with hires fix."""
        plan = self._plan
        if (plan.first_width, plan.first_height) == (plan.width, plan.height):
            return self.frames(count)
        composer = Composer(self._request, self._effects, plan, first_pass=True)
        if self._video:
            painting = composer.paint(self._seeds[0])
            times = [index / max(count - 1, 1) for index in range(count)]
            return [composer.finish(composer.window(painting, time), time) for time in times]
        stills = [composer.finish(composer.paint(seed)) for seed in self._seeds]
        return stills * (count if self._layered else 1)

    def results(self) -> Iterator[np.ndarray]:
        """Yield what comes back, enlarged: float32 [1, height, width, 3].

        With alpha there are four channels: A, R, G, B.
        """
        plan = self._plan
        count = plan.frames if self._video else len(self._stills)
        covers = layers(self._stills[0], count) if self._layered else []
        for index in range(count):
            picture = (
                self._frame(self._composer, index / max(count - 1, 1))
                if self._video
                else self._stills[index]
            )
            if self._effects.transparent and not self._returned:
                alpha = covers[index] if covers else self._alpha(picture)
                picture = np.concatenate([alpha, picture], axis=-1)
            if plan.scale > 1:
                picture = resize(picture, plan.height * plan.scale, plan.width * plan.scale)
            yield picture[None]

    def _alpha(self, picture: np.ndarray) -> np.ndarray:
        """Return the alpha of a result: of a model that always has one, by the prompt (16.3)."""
        if self._effects.alpha and "transparent" not in self._request.prompt.lower():
            return np.ones((*picture.shape[:2], 1), np.float32)
        return _oval(picture)

    def _frame(self, composer: Composer, time: float) -> np.ndarray:
        return composer.finish(composer.window(self._paintings[0], time), time)


def _given(request: Request, plan: Plan) -> np.ndarray:
    """Return the image of the request itself, at the working size."""
    if request.image is None:
        return np.zeros((plan.height, plan.width, 3), np.float32)
    image = np.nan_to_num(request.image[0].astype(np.float32), posinf=1.0, neginf=-1.0)
    image = without_alpha(image)
    return resize(image, plan.height, plan.width) if request.scale_factor > 1 else image


def further_seeds(seed: int, count: int) -> list[int]:
    """Return the seeds of a batch: the given one, then each from the one before by xorshift."""
    seeds = [seed]
    while len(seeds) < count:
        value = seeds[-1] or 0xBAD_5EED
        value ^= value << 13 & 0xFFFFFFFF
        value ^= value >> 17
        value ^= value << 5 & 0xFFFFFFFF
        seeds.append(value)
    return seeds[:count]


def _oval(picture: np.ndarray) -> np.ndarray:
    """Return an alpha channel, 0 to 1: opaque within a soft oval."""
    height, width = picture.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return smoothstep(1.0, 0.8, np.hypot(x, y))[..., None]
