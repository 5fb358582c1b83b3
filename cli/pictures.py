"""Picture files that a person names: what Pillow reads becomes IMAGE and MASK."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DrawbridgeError
from .outcome import Usage

if TYPE_CHECKING:
    import torch
    from PIL import Image


class PackageMissing(DrawbridgeError):
    """Pictures need packages that the other commands do without."""


def require() -> None:
    """Raise PackageMissing where pictures can be neither read nor written."""
    for module, package in (("torch", "torch"), ("PIL", "pillow")):
        try:
            __import__(module)
        except ImportError as error:
            raise PackageMissing(
                f"Pictures need the Python package {package}, which is not installed here.",
                f"Install it (python -m pip install {package}), or run the"
                " command with ComfyUI's Python.",
            ) from error


def read_image(path: Path) -> torch.Tensor:
    """Return a picture file as float32 [1, height, width, 3 or 4], 0 to 1.

    Raises Usage for a file that is no picture.
    """
    picture = _open(path)
    if picture.mode.startswith("I"):  # 16-bit grey, which Pillow would cut off at 255
        return _deep(picture)[..., None].repeat(1, 1, 1, 3)
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    return _unit(picture.convert("RGBA" if has_alpha else "RGB"))


def read_mask(path: Path) -> torch.Tensor:
    """Return a picture file as float32 [1, height, width], 0 black to 1 white, to be repainted.

    Raises Usage for a file that is no picture.
    """
    picture = _open(path)
    return _deep(picture) if picture.mode.startswith("I") else _unit(picture.convert("L"))


def check_place(out: Path) -> None:
    """Raise Usage where no PNG can be written, before anything is generated for it."""
    if out.suffix.lower() != ".png":
        raise Usage(f"The file {out} is not called .png.", "Give a name that ends in .png.")
    if not out.parent.is_dir():
        raise Usage(f"There is no folder {out.parent}.", "Make it, or name another.")
    if out.is_dir():
        raise Usage(f"{out} is a folder.", "Give the name of a file.")


def _open(path: Path) -> Image.Image:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            return ImageOps.exif_transpose(opened)
    except FileNotFoundError:
        raise Usage(f"There is no file {path}.", "Check its path.") from None
    except (
        *(OSError, ValueError, SyntaxError),
        *(UnidentifiedImageError, Image.DecompressionBombError),
    ) as error:
        raise Usage(
            f"The file {path} cannot be read as a picture.", "Give a PNG, JPEG or WebP file."
        ) from error


def _unit(picture: Image.Image) -> torch.Tensor:
    import numpy as np
    import torch

    return torch.from_numpy(np.array(picture, dtype=np.float32))[None] / 255


def _deep(picture: Image.Image) -> torch.Tensor:
    import numpy as np
    import torch

    return torch.from_numpy(np.array(picture, dtype=np.float32))[None].clamp(0, 65535) / 65535
