"""Every golden vector through the decoder, in this very process."""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path

import numpy as np
import pytest

from drawbridge.codec.tensor import Codec, decode, encode
from drawbridge.errors import BadTensor

VECTORS = Path(__file__).resolve().parents[2] / "vectors"


def load(kind: str) -> list:
    manifest = json.loads((VECTORS / kind / "manifest.json").read_text(encoding="utf-8"))
    return [pytest.param(VECTORS / kind, v, id=v["name"]) for v in manifest["vectors"]]


def assert_as_described(got: np.ndarray, folder: Path, vector: dict) -> None:
    """The array of the manifest; the payloads of NaNs may differ."""
    assert list(got.shape) == vector["dims"]
    assert got.dtype == np.dtype(vector["dtype"])
    if hashlib.sha256(got.tobytes()).hexdigest() == vector["array_sha256"]:
        return
    assert vector.get("expected"), "values differ"
    np.testing.assert_array_equal(got, np.load(folder / vector["expected"]), strict=True)


@pytest.mark.parametrize(("folder", "vector"), load("valid") + load("corrupt"))
def test_vector_comes_out_as_its_manifest_says(folder: Path, vector: dict) -> None:
    if platform.machine() not in vector.get("platforms", [platform.machine()]):
        pytest.skip("another processor decodes this one differently")
    data = (folder / vector["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == vector["sha256"]
    if vector["outcome"] == "error":
        with pytest.raises(BadTensor):
            decode(data)
        return
    try:
        got = decode(data)
    except BadTensor:
        assert vector["outcome"] == "any"
    else:
        if "array_sha256" in vector:
            assert_as_described(got, folder, vector)


def tensor_identifier(data: bytes) -> int:
    return int.from_bytes(data[:4], "little")


@pytest.mark.parametrize(("folder", "vector"), load("valid"))
def test_encoder_writes_the_very_bytes_of_the_server(folder: Path, vector: dict) -> None:
    data = (folder / vector["file"]).read_bytes()
    array = decode(data)
    codec = Codec(vector["identifier"])
    if (codec is Codec.RAW and "noise" in vector["name"]) or "fallback" in vector["name"]:
        codec = Codec.FPZIP if array.dtype.kind == "f" else Codec.DEFLATE  # tried, and too large
    if codec is Codec.FPZIP and (array.dtype != np.float16 or not np.isfinite(array).all()):
        assert Codec(tensor_identifier(encode(array, codec))) is Codec.RAW  # never packed by us
        return
    if codec is Codec.DEFLATE:  # the stream depends on the build of zlib, its content does not
        assert encode(array, codec)[4:68] == data[4:68]
    else:
        assert encode(array, codec) == data
