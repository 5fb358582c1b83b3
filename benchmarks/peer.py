"""What the official plugin takes for the same work: its figures, or those measured here and now.

The figures are those of version 1.9.3 on an idle computer with two cores (Python 3.11, torch 2.13,
numpy 2.4). With OFFICIAL_PLUGIN_PATH, a folder with that plugin, they are measured anew.
"""

from __future__ import annotations

import importlib
import os
import statistics
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from samples import SIDE, picture

from drawbridge.codec.tensor import Codec, encode

VARIABLE = "OFFICIAL_PLUGIN_PATH"
_ROUNDS = 3

IMAGE_OUT, MASK_OUT, RAW_IN, FPZIP_IN, PREVIEW = "image", "mask", "raw", "fpzip", "preview"
MILLISECONDS = {IMAGE_OUT: 1229, MASK_OUT: 516, RAW_IN: 49.5, FPZIP_IN: 168.5, PREVIEW: 152.9}


def milliseconds() -> dict[str, float]:
    """Return the plugin's milliseconds for one megapixel of each kind of work."""
    folder = os.environ.get(VARIABLE)
    return dict(MILLISECONDS) if not folder else _measured(Path(folder))


def _measured(folder: Path) -> dict[str, float]:
    """Measure the plugin in that folder; raises ImportError where it does not load here."""
    handlers = _load(folder)
    image = (torch.from_numpy(picture()).float() + 1) / 2
    latents = torch.randn(1, 128, 128, 16).half().numpy()
    raw, packed = encode(picture()), encode(picture(), Codec.FPZIP)
    works: dict[str, Callable[[], Any]] = {
        IMAGE_OUT: lambda: handlers.convert_image_for_request(image),
        MASK_OUT: lambda: handlers.convert_mask_for_request(torch.rand(1, SIDE, SIDE)),
        RAW_IN: lambda: handlers.convert_response_image(raw),
        FPZIP_IN: lambda: handlers.convert_response_image(packed),
        PREVIEW: lambda: handlers.decode_preview(encode(latents), "flux1"),
    }
    return {name: _median_ms(work) for name, work in works.items()}


def _load(folder: Path) -> Any:
    """Load the plugin's conversions without its nodes, which want a ComfyUI."""
    for name, path in (("official_plugin", folder), ("official_plugin.src", folder / "src")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
    return importlib.import_module("official_plugin.src.image_handlers")


def _median_ms(work: Callable[[], Any]) -> float:
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)
