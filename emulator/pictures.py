"""Makes the pictures of one job: one per image of a batch or per frame of a video."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .controls import Effects
from .plan import Plan, Route
from .render import Scene, paint
from .request import Request
from .texture import resize, smoothstep

# How much wider than a frame the picture is that a video pans over.
_PAN = 0.2


class Pictures:
    """The paintings of one job; what comes back is made one by one, since a video is large."""

    def __init__(self, request: Request, effects: Effects, plan: Plan) -> None:
        self._plan = plan
        self._video = request.version.is_video and plan.route is not Route.RETURN
        self._layered = effects.transparent
        self._paintings = [
            _paint(request, plan, seed) for seed in further_seeds(request.config.seed, plan.batch)
        ]

    def frames(self, count: int) -> list[np.ndarray]:
        """Return `count` pictures, evenly spread: float32 [height, width, 3], about -1 to 1."""
        if not self._video:
            return self._paintings[:count]
        return [self._frame(index / max(count - 1, 1)) for index in range(count)]

    def results(self) -> Iterator[np.ndarray]:
        """Yield what comes back, enlarged: float32 [1, height, width, 3].

        With alpha there are four channels: A, R, G, B.
        """
        plan = self._plan
        count = plan.frames if self._video else len(self._paintings)
        for index in range(count):
            picture = (
                self._frame(index / max(count - 1, 1)) if self._video else self._paintings[index]
            )
            if plan.scale > 1:
                picture = resize(picture, plan.height * plan.scale, plan.width * plan.scale)
            if self._layered:
                picture = np.concatenate([_alpha(picture, index), picture], axis=-1)
            yield picture[None]

    def _frame(self, time: float) -> np.ndarray:
        panorama = self._paintings[0]
        first = round(time * (panorama.shape[1] - self._plan.width))
        return panorama[:, first : first + self._plan.width]


def _paint(request: Request, plan: Plan, seed: int) -> np.ndarray:
    if plan.route is Route.RETURN and request.image is not None:
        image = request.image[0].astype(np.float32)
        return resize(image, plan.height, plan.width) if request.scale_factor > 1 else image
    config = request.config
    panorama = round(plan.width * (1 + _PAN)) if request.version.is_video else plan.width
    return paint(
        Scene(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            width=panorama,
            height=plan.height,
            seed=seed,
            steps=config.steps,
            guidance=config.guidanceScale,
            model=request.model_file,
            sampler=config.sampler,
            shift=config.shift,
        )
    )


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


def _alpha(picture: np.ndarray, index: int) -> np.ndarray:
    """Return an alpha channel, 0 to 1: opaque within a soft oval, larger in each layer."""
    height, width = picture.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return smoothstep(1.0, 0.8, np.hypot(x, y) - 0.1 * index)[..., None]
