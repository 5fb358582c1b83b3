"""The finished pictures that a node shows, in the place of its last preview."""

from __future__ import annotations

import hashlib
import io
import logging
import math

import torch
from PIL import Image

from ...codec.image import to_bytes
from ..host import PREVIEW_PIXELS, temporary_folder

LOG = logging.getLogger(__name__)
MOST_IN_A_ROW = 4
QUALITY = 92  # of JPEG; the pictures themselves go on to other nodes untouched
SHOWN = "drawbridge_finished"  # what web/lib/facts.js looks for


def sheet(images: torch.Tensor) -> Image.Image:
    """Return pictures beside each other as one, which is no larger than a preview.

    `images` is an IMAGE, float32 [batch, height, width, 3], 0 to 1. Those of a batch stand in a
    row, as in its previews; more of them in several.
    """
    count, height, width, _ = images.shape
    columns = count if count <= MOST_IN_A_ROW else math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    scale = min(1.0, PREVIEW_PIXELS / max(columns * width, rows * height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    whole = Image.new("RGB", (columns * size[0], rows * size[1]))
    for number, image in enumerate(images):
        picture = Image.fromarray(to_bytes(image))
        place = number % columns * size[0], number // columns * size[1]
        whole.paste(picture.resize(size, reducing_gap=2.0), place)
    return whole


def keep(picture: Image.Image) -> dict[str, list[str]] | None:
    """Keep a picture where a page can fetch it again; return what the page is told.

    The same picture is kept once. None where nothing can be written: that costs no generation.
    """
    encoded = io.BytesIO()
    picture.save(encoded, format="JPEG", quality=QUALITY)
    content = encoded.getvalue()
    name = f"drawbridge_{hashlib.sha256(content).hexdigest()[:24]}.jpg"
    try:
        path = temporary_folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(content)
    except OSError as error:
        LOG.warning("The finished picture cannot be kept for the page. %s", error)
        return None
    return {SHOWN: [name]}  # names alone: what has a type is listed as a result of the prompt
