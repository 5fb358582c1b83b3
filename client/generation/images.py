"""Pictures of several requests as one IMAGE, into which each is converted as it comes."""

from __future__ import annotations

import torch

from ...codec import image
from ...codec.borrow import room
from ...errors import GenerationFailed
from .events import Picture
from .request import GenerationRequest


def expected(request: GenerationRequest) -> int:
    """Return how many pictures will probably come back: a server may round a video's frames."""
    least = request.least_pictures
    return max(least, request.config.num_frames) if request.makes_video else least


class Images:
    """One IMAGE in the making; `pictures` is how many it will probably hold.

    Each picture is converted straight to its place: neither the pictures as they came nor a second
    copy of the whole are ever in memory beside it. For one thread at a time.
    """

    def __init__(self, pictures: int) -> None:
        self._expected = max(pictures, 1)
        self._whole: torch.Tensor | None = None
        self._kinds: list[tuple[int, ...]] = []
        self.count = 0

    def add(self, picture: Picture) -> torch.Tensor:
        """Convert a picture and return it: IMAGE [1, height, width, 3 or 4], part of the whole.

        Raises GenerationFailed for values that are not finite and for a picture of another kind
        than those before, BadTensor for what is no picture.
        """
        dims = image.dims_of(picture.array)[1:]
        if dims not in self._kinds:
            self._kinds.append(dims)
        if len(self._kinds) > 1:
            raise GenerationFailed(
                f"The server's pictures differ, {' and '.join(map(_kind, self._kinds))}, and a"
                " batch holds those of one kind only.",
                "Generate one at a time: set batch_size to 1, and batch_count too.",
            )
        if self._whole is None:
            self._whole = room(self._expected, *dims)
        elif self.count == len(self._whole):  # more than was to be expected
            self._whole = torch.cat((self._whole, room(*self._whole.shape)))
        place = self._whole[self.count : self.count + 1]
        image.from_wire(picture.array, out=place)
        self.count += 1
        return place

    def whole(self) -> torch.Tensor:
        """Return all pictures: IMAGE, float32 [count, height, width, 3 or 4], 0 to 1."""
        assert self._whole is not None
        if self.count < len(self._whole) // 2:  # much less than was to be expected
            return self._whole[: self.count].clone()
        return self._whole[: self.count]


def _kind(dims: tuple[int, ...]) -> str:
    height, width, channels = dims
    return f"{width} x {height} {'with' if channels == 4 else 'without'} alpha"
