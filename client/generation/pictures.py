"""Brings a person's pictures to the size and the form in which a request carries them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from ...codec import fit, hint, image, mask
from ...codec.fit import Fit
from .hints import ALPHA_CHANNELS, Form, HintForm
from .request import Hint, WeightedTensor


def has_mask(
    picture: torch.Tensor | None, area: torch.Tensor | None, *, keep_alpha: bool = False
) -> bool:
    """Return whether something of an image will be repainted: a mask says so, or it has holes.

    With `keep_alpha` the holes are part of the picture.
    """
    if picture is None or area is not None:
        return picture is not None
    return not keep_alpha and fit.has_holes(picture)


class Start(NamedTuple):
    """What a request starts from: image and mask as they travel, each None where there is none.

    `whitest` is the highest value of the mask before it became kinds, 0 to 1.
    """

    image: np.ndarray | None
    mask: np.ndarray | None = None
    whitest: float = 0.0

    @property
    def keeps_all(self) -> bool:
        """Return whether there is a mask, and nothing of the image is to be repainted."""
        return self.mask is not None and bool((self.mask == mask.KEEP).all())


def starts(
    pictures: torch.Tensor | None,
    areas: torch.Tensor | None,
    size: tuple[int, int],
    how: Fit | None,
    *,
    from_noise: bool,
    keep_alpha: bool = False,
) -> Iterator[Start]:
    """Yield what each request starts from, one for each picture of the batch.

    `pictures` is an IMAGE [batch, height, width, 3 or 4], `areas` a MASK [batch, height, width],
    white to be repainted; `size` is width and height of the result in pixels, without `how` to fit
    they are cropped around their middle. Images come as
    float16 [1, height, width, 3], -1 to 1, masks as uint8 [height, width] of kinds. With
    `keep_alpha` an image without a mask comes with its alpha, not with a mask of its holes. A mask
    alone is not fitted. Raises RequestRejected for what is no picture or no mask.
    """
    if pictures is None:
        yield Start(None, None if areas is None else mask.to_wire(areas, from_noise=from_noise))
        return
    how = how or Fit.CROP
    for picture, area in fit.pairs(pictures, areas):
        fitted = fit.fit_image(picture, *size, how)
        if keep_alpha and area is None:
            yield Start(image.to_wire(fitted, keep_alpha=True)[0])
            continue
        white = fit.fit_repainted(picture, area, *size, how)
        if white is None:
            yield Start(image.to_wire(fitted)[0])
            continue
        kinds = mask.to_wire(white, from_noise=from_noise)
        yield Start(image.to_wire(fitted)[0], kinds, float(white.max()))


def hint_of(form: HintForm[torch.Tensor], how: Fit | None) -> Hint:
    """Return a hint with its pictures as arrays, each IMAGE as often as it has forms; of a batch
    only a moodboard has room for more than the first.

    Raises RequestRejected for values that are no picture.
    """
    tensors = [
        WeightedTensor(array, carried.weight)
        for carried in form.pictures
        for one in carried.forms
        for array in _arrays(
            carried.picture if form.type == "shuffle" else carried.picture[:1],
            *(one, how or Fit.CROP),
        )
    ]
    return Hint(form.type, tuple(tensors))


def _arrays(picture: torch.Tensor, form: Form, how: Fit) -> list[np.ndarray]:
    if form.channels == ALPHA_CHANNELS and picture.shape[-1] == ALPHA_CHANNELS:
        return image.to_wire(picture, keep_alpha=True)
    return hint.to_wire(
        picture,
        size=form.size,
        fit=how,
        channels=min(form.channels, 3),
        low=form.low,
        inverted=form.inverted,
    )
