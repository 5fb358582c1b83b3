"""Pictures of several requests as one IMAGE, into which each is converted as it comes."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ...codec import image
from ...codec.borrow import room
from ...errors import GenerationFailed
from .events import Picture
from .request import GenerationRequest


@dataclass(frozen=True, eq=False, repr=False)
class Placed:
    """A picture that has become part of an IMAGE: `image` is float32 [1, height, width, 3 or 4].

    `index` and `scale_factor` are the picture's own. `is_half` says that it came as float16.
    """

    image: torch.Tensor
    index: int
    scale_factor: int
    is_half: bool

    @property
    def size_bytes(self) -> int:
        """Return what `alone` takes in memory."""
        return self.image.numel() * (2 if self._fits_half else 4)

    def alone(self) -> Picture | Placed:
        """Return the picture in memory of its own: as it came, if that takes less."""
        if not self._fits_half:
            return Placed(self.image.clone(), self.index, self.scale_factor, self.is_half)
        [array] = image.to_wire(self.image)
        return Picture(array, self.index, self.scale_factor)

    @property
    def _fits_half(self) -> bool:
        return self.is_half and self.image.shape[-1] == 3  # what is transparent would lose colour


def expected(request: GenerationRequest) -> int:
    """Return how many pictures will probably come back: a server may round a video's frames."""
    least = request.least_pictures
    return max(least, request.config.num_frames) if request.makes_video else least


class Images:
    """One IMAGE in the making, for requests that are known.

    Each picture is converted straight to its place: neither the pictures as they came nor a second
    copy of the whole are ever in memory beside it. Any thread may do that.
    """

    def __init__(self, requests: Sequence[GenerationRequest]) -> None:
        counts = [expected(request) for request in requests]
        ends = itertools.accumulate(counts)
        self._places = [range(end - n, end) for n, end in zip(counts, ends, strict=True)]
        self._taken: set[int] = set()
        self._whole: torch.Tensor | None = None
        self._lock = threading.Lock()

    def place(self, item: int, picture: Picture) -> Placed:
        """Convert a picture of request `item`; one that was not expected, or comes a second time
        from another server, gets a place of its own.

        Raises GenerationFailed for values that are not finite, BadTensor for what is no picture.
        """
        dims = image.dims_of(picture.array)
        target = self._place(item, picture.index, dims)
        unit = image.from_wire(picture.array, out=target)
        is_half = picture.array.dtype == np.float16
        return Placed(unit, picture.index, picture.scale_factor, is_half)

    def whole(self, pictures: Sequence[Picture | Placed]) -> torch.Tensor:
        """Return these pictures as IMAGE, float32 [count, height, width, 3 or 4], 0 to 1.

        Where they lie in that order already, nothing is copied. Raises GenerationFailed where they
        differ in kind, and what `place` raises for those that have none.
        """
        units = [
            one.image if isinstance(one, Placed) else image.from_wire(one.array) for one in pictures
        ]
        kinds = list(dict.fromkeys(tuple(unit.shape[1:]) for unit in units))
        if len(kinds) > 1:
            raise GenerationFailed(
                f"The server's pictures differ, {' and '.join(map(_kind, kinds))}, and a"
                " batch holds those of one kind only.",
                "Generate one at a time: set batch_size to 1, and batch_count too.",
            )
        whole = self._whole
        if whole is not None and 2 * len(units) >= len(whole) and _are_first(units, whole):
            return whole[: len(units)]
        return torch.cat(units, out=room(len(units), *kinds[0]))

    def _place(self, item: int, index: int, dims: tuple[int, ...]) -> torch.Tensor | None:
        if index >= len(self._places[item]) or dims[0] != 1:
            return None
        place = self._places[item][index]
        with self._lock:
            if self._whole is None:
                self._whole = room(self._places[-1].stop, *dims[1:])
            if place in self._taken or self._whole.shape[1:] != dims[1:]:
                return None
            self._taken.add(place)
        return self._whole[place : place + 1]


def _are_first(units: Sequence[torch.Tensor], whole: torch.Tensor) -> bool:
    """Return whether the pictures are the first of the whole, in order."""
    places = whole[: len(units)]
    return len(units) == len(places) and all(
        unit.data_ptr() == place.data_ptr() for unit, place in zip(units, places, strict=True)
    )


def _kind(dims: tuple[int, ...]) -> str:
    height, width, channels = dims
    return f"{width} x {height} {'with' if channels == 4 else 'without'} alpha"
