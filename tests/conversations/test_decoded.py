"""What the emulator understands of each recorded request: what a server handed its generator."""

from __future__ import annotations

import math
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawbridge.devtools.recordings import recording
from drawbridge.emulator.stock.catalog import Catalog
from drawbridge.emulator.understanding import message as reading
from drawbridge.proto import image_service_pb2 as pb2

NAMES = [row["name"] for row in recording("index") if "decoded" in recording(row["name"])]
# The generator's own words for the numbers of the wire, as far as the recordings have them.
WORDS: dict[str, list[str | None]] = {
    "sampler": [None] * 10 + ["Euler A Trailing"] + [None] * 8 + ["TCD Trailing"],
    "seedMode": ["legacy", "torchCpuCompatible", "scaleAlike", "nvidiaGpuCompatible"],
    "compressionArtifacts": ["disabled", "H264", "H265", "jpeg"],
    "colorCalibration": ["disabled", "lab"],
    "controlMode": ["balanced", "prompt", "control"],
    "mode": ["all", "base", "refiner"],
    "inputOverride": [None] * 4 + ["Scribble"] + [None] * 13 + ["Gray"],
}
DTYPES = {"Float16": np.float16, "Float32": np.float32, "UInt8": np.uint8}
# The database's own, which is not on the wire.
HIDDEN = {"_rowid", "_changesTimestamp"}


@pytest.fixture(scope="module")
def catalog(small: Path) -> Catalog:
    return Catalog(small, made_up=False)


@pytest.mark.parametrize("name", NAMES)
def test_request_is_understood_as_recorded(catalog: Catalog, name: str) -> None:
    recorded = recording(name)
    message = pb2.ImageGenerationRequest.FromString(b64decode(recorded["requests"][0]))
    understood, decoded = reading.read(message, catalog), recorded["decoded"]
    assert understood.prompt == decoded["text"]
    assert understood.negative_prompt == decoded["negativeText"]
    assert understood.scale_factor == decoded["scaleFactor"]
    assert list(message.keywords) == decoded["keywords"]
    assert {kind: list(listed) for kind, listed in understood.override.items()} == {
        **{kind: decoded["overrides"][kind] for kind in ("models", "loras", "upscalers")},
        "controlNets": decoded["overrides"]["controls"],
        "textualInversions": decoded["overrides"]["ti"],
    }
    _compare_table(understood.config, decoded["configuration"])
    _compare_tensor(understood.image, decoded["image"])
    _compare_tensor(understood.mask, decoded["mask"])
    assert list(understood.hints) == [hint["type"] for hint in decoded["hints"]]
    for hint, other in zip(understood.hints.values(), decoded["hints"], strict=True):
        assert len(hint.pictures) == len(other["tensors"])
        for picture, weight, row in zip(hint.pictures, hint.weights, other["tensors"], strict=True):
            assert weight == pytest.approx(row["weight"])
            _compare_tensor(picture, row["t"])


def _compare_table(table: Any, expected: dict[str, Any]) -> None:
    compared = 0
    for key, value in expected.items():
        if key in HIDDEN:
            continue
        mine = getattr(table, key)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            assert len(mine) == len(value)
            for row, other in zip(mine, value, strict=True):
                _compare_table(row, other)
        elif isinstance(value, list):
            assert list(mine or ()) == value, key
        elif key in WORDS:
            assert WORDS[key][mine] == value, key
        elif isinstance(value, float):
            assert mine == pytest.approx(value, rel=1e-6), key
        else:
            assert mine == value, key
        compared += 1
    assert compared == len(expected.keys() - HIDDEN)


def _compare_tensor(mine: np.ndarray | None, expected: dict[str, Any] | None) -> None:
    if expected is None:
        assert mine is None
        return
    assert mine is not None
    assert list(mine.shape) == expected["shape"]
    if "histogram" in expected:
        # A mask of another type is handed on as it is, and then read byte by byte.
        values, counts = np.unique(mine, return_counts=True)
        assert mine.dtype == np.uint8
        assert dict(zip(map(str, values), counts.tolist(), strict=True)) == expected["histogram"]
        return
    assert mine.dtype == DTYPES[expected["dtype"]]
    values = mine.astype(np.float64).ravel()
    assert values.size == expected["n"]
    assert int(np.isnan(values).sum()) == expected["nan"]
    assert [values.min(), values.max()] == pytest.approx([expected["min"], expected["max"]])
    assert math.isclose(values.mean(), expected["mean"], rel_tol=1e-4, abs_tol=1e-6)
    assert values[: len(expected["first"])] == pytest.approx(expected["first"], rel=1e-4)


def test_enough_is_compared() -> None:
    assert len(NAMES) == 32
