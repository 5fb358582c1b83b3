"""Composes the pictures of one pass from everything that a request brings along."""

from __future__ import annotations

import numpy as np

from ..understanding.effects import Effects
from ..understanding.plan import Plan, Route
from ..understanding.request import Request
from ..understanding.schedule import uses_negative_prompt
from .colour import match
from .marks import mark
from .references import (
    arrange,
    cover_of,
    find_last_frame,
    find_references,
    first_frame,
    has_first_frame,
    last_frame,
)
from .regions import Regions, find_regions, paste_back
from .render import Scene, paint_unit
from .steering import Guides
from .texture import blur, mix, resize, sharpen, without_alpha

# How much wider than a frame the picture is that a video pans over.
_PAN = 0.2
_MOST_BLUR_PX = 100.0


class Composer:
    """Paints the pictures of one pass of a job, at the size of the pass.

    A request without anything but words and numbers gives the bare painting.
    """

    def __init__(
        self, request: Request, effects: Effects, plan: Plan, *, first_pass: bool = False
    ) -> None:
        self._request, self._effects, self._plan = request, effects, plan
        two_passes = (plan.first_width, plan.first_height) != (plan.width, plan.height)
        small = first_pass and two_passes
        self._second_steps = plan.second_steps if two_passes and not small else 0
        self._width = plan.first_width if small else plan.width
        self._height = plan.first_height if small else plan.height
        second_pass = two_passes and not small
        self._guides = Guides(
            request,
            effects,
            self._height,
            self._width,
            steps=range(plan.start, plan.start + plan.steps),
            from_picture=second_pass or plan.route in (Route.IMAGE, Route.MASK),
        )
        # Under a mask an inpainting model is shown what is kept, not what it is to replace.
        masked = plan.route is Route.MASK and effects.modifier == "inpainting"
        self._references = [] if masked else find_references(request, effects)
        self._first_frame = has_first_frame(request, effects)
        self._last_frame = find_last_frame(request, effects)
        self._moving = request.image is not None and request.image.shape[0] > 1
        self._original = None if request.image is None else self._fit(request.image, 0.0)
        self._regions = self._find_regions()

    def paint(self, seed: int) -> np.ndarray:
        """Return a painting by words and numbers, with the marks of LoRAs and settings.

        It is float32 [height, width, 3], about 0 to 1; wider than a frame for a video.
        """
        request, config = self._request, self._request.config
        negative = request.negative_prompt if uses_negative_prompt(request, self._effects) else ""
        width = round(self._width * (1 + _PAN)) if request.version.is_video else self._width
        scene = Scene(
            prompt=request.prompt,
            negative_prompt=negative,
            width=width,
            height=self._height,
            seed=seed,
            steps=config.steps,
            guidance=config.guidanceScale,
            model=request.model_file,
            sampler=config.sampler,
            shift=config.shift,
        )
        picture = mark(paint_unit(scene), request, self._effects)
        if self._second_steps:  # which find detail that a first pass has no room for
            picture = sharpen(picture, 1.2 * self._second_steps / config.steps, 0.8)
        return picture

    def window(self, painting: np.ndarray, time: float) -> np.ndarray:
        """Return the part of a painting that a video shows at a time, 0 to 1."""
        first = round(time * (painting.shape[1] - self._width))
        return painting[:, first : first + self._width]

    def finish(self, picture: np.ndarray, time: float = 0.0) -> np.ndarray:
        """Return a picture of the job, made of a painting: float32 [height, width, 3], -1 to 1."""
        original = self._original
        if self._moving and self._request.image is not None:
            original = self._fit(self._request.image, time)
        image = None if original is None else np.clip((original + 1) / 2, 0, 1)
        if self._first_frame and image is not None:
            start = image if self._moving else first_frame(image, picture, time)
            picture = start if self._plan.route is not Route.MASK else picture
        elif self._references:
            stretched = self._request.image is not None
            cover = cover_of(self._request, self._effects)
            picture = arrange(picture, self._references, cover, stretched)
        if self._last_frame is not None:
            picture = last_frame(self._last_frame, picture, time)
        picture = self._guides.draw(picture, time)
        if image is not None and self._plan.route is Route.IMAGE and not self._first_frame:
            picture = mix(image, picture, self._share)
        if image is not None and self._regions is not None:
            picture = self._repaint(picture, image, self._regions)
        if image is not None and self._request.config.colorCalibration:
            picture = self._calibrate(picture, image)
        picture = picture * 2 - 1
        if original is not None and self._regions is not None:
            picture = self._paste_back(picture, original)
        return picture

    @property
    def _share(self) -> float:
        """Return how much of the painting covers the image; 0 at strength 0, 1 at strength 1."""
        if self._request.version.restores_image:
            return 1.0  # the image is what it restores, at any strength
        return self._request.config.strength**1.5

    def _fit(self, image: np.ndarray, time: float) -> np.ndarray:
        """Return a frame of the image at the pass's size: float32 [height, width, 3], -1 to 1."""
        frame = image[round(time * (image.shape[0] - 1))].astype(np.float32)
        frame = without_alpha(np.nan_to_num(frame, posinf=1.0, neginf=-1.0))
        if frame.shape[:2] == (self._height, self._width):
            return frame
        return resize(frame, self._height, self._width)

    def _find_regions(self) -> Regions | None:
        request = self._request
        if self._plan.route is not Route.MASK or request.mask is None:
            return None
        config, transparent = request.config, self._effects.transparent
        if self._effects.modifier == "inpainting" and not config.preserveOriginalAfterInpaint:
            everywhere = np.ones(request.mask.shape, bool)  # the model alone knows what to keep
            return Regions(~everywhere, everywhere)
        return find_regions(
            request.mask,
            request.version.mask_cell_px,
            config.maskBlurOutset,
            transparent=transparent,
        )

    def _repaint(self, picture: np.ndarray, image: np.ndarray, regions: Regions) -> np.ndarray:
        """Return the image, slightly soft as from a decoder, painted over where the mask says."""
        soft = mix(image, blur(image, 0.8), 0.5)
        mixed = mix(image, picture, self._share)
        repainted = np.where(regions.repaint[..., None], mixed, soft)
        return np.where(regions.noise[..., None], picture, repainted)

    def _calibrate(self, picture: np.ndarray, image: np.ndarray) -> np.ndarray:
        """Return the picture in the image's colours."""
        if self._regions is None:
            return match(picture, image)
        sampled = (self._regions.noise | self._regions.repaint)[..., None]
        return np.where(sampled, match(picture, image), picture) if not sampled.all() else picture

    def _paste_back(self, picture: np.ndarray, original: np.ndarray) -> np.ndarray:
        config, mask = self._request.config, self._request.mask
        if mask is None or not config.preserveOriginalAfterInpaint:
            return picture
        sigma = float(np.nan_to_num(config.maskBlur))
        return paste_back(
            picture,
            original,
            mask,
            sigma=min(sigma, _MOST_BLUR_PX),
            outset=config.maskBlurOutset,
            strength=config.strength,
            transparent=self._effects.transparent,
        )
