"""Turns what is wired into a Generate's `controls` into controls and hints of a request."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from ...client.catalog.records import Catalog
from ...client.configuration.fields import Control, GenerationConfig
from ...client.generation.hints import Carried, Guide, plan
from ...client.generation.request import Hint, WeightedTensor
from ...codec import hint
from ...codec.fit import Fit
from ..sockets import Hinted


def build(
    hinted: Iterable[Hinted],
    config: GenerationConfig,
    catalog: Catalog,
    version: str,
    has_image: bool,
    has_mask: bool = False,
    fit: Fit = Fit.CROP,
) -> tuple[tuple[Control, ...], tuple[Hint, ...]]:
    """Return controls, with files for display names, and hints as they are sent.

    `config` says model, LoRAs and sizes; an empty or incomplete catalogue says nothing about other
    files.
    `has_image` and `has_mask` tell about the init image, which `fit` was brought to its size with.
    Raises ModelUnavailable for a control that the server does not have, RequestRejected for what
    it would ignore, misread or crash on.
    """
    pictures: list[torch.Tensor] = []
    guides = [_guide(one, pictures) for one in hinted]
    planned = plan(guides, config, catalog, version, has_image=has_image, has_mask=has_mask)
    hints = []
    for row in planned.hints:
        tensors = [
            WeightedTensor(array, carried.weight)
            for carried in row.pictures
            for array in _arrays(pictures[carried.picture], carried, fit)
        ]
        hints.append(Hint(row.type, tuple(tensors)))
    return planned.controls, tuple(hints)


def _guide(one: Hinted, pictures: list[torch.Tensor]) -> Guide:
    """Number the pictures: one that is wired twice has one number."""
    if one.image is None:
        return Guide(one.control, one.kind, weight=one.weight)
    number = next((i for i, known in enumerate(pictures) if known is one.image), len(pictures))
    if number == len(pictures):
        pictures.append(one.image)
    return Guide(one.control, one.kind, number, len(one.image), one.weight)


def _arrays(picture: torch.Tensor, carried: Carried, fit: Fit) -> list[np.ndarray]:
    arrays = []
    for form in carried.forms:
        arrays += hint.to_wire(
            picture,
            size=form.size,
            fit=fit,
            channels=form.channels,
            low=form.low,
            inverted=form.inverted,
        )
    return arrays
