"""Reads the message of a generation request as a server does."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping

import numpy as np

from ...codec import tensor
from ...errors import BadTensor
from ...facts.hints import types
from ...facts.versions import UNSPECIFIED, VERSIONS
from ...proto import configuration
from ...proto import image_service_pb2 as pb2
from ...proto.generation_config_fbs import (
    ColorCalibration,
    CompressionMethod,
    GenerationConfigurationT,
    SamplerType,
    SeedMode,
)
from ..stock import specifications
from ..stock.catalog import Catalog, files_of
from ..stock.entries import FALLBACK_MODEL, FALLBACK_SPECIFICATION
from ..stock.specifications import Specification
from .request import Hint, Request, ServerDies

HEADER = struct.Struct("<17I")
HASH_BYTES = 32
_DEFLATE = 0x217
_FLOAT16 = 0x20000

# The enums of the schema; an unknown value reads as the default (docs/configuration.md 2).
_ENUMS: Mapping[str, type] = {
    "sampler": SamplerType,
    "seedMode": SeedMode,
    "compressionArtifacts": CompressionMethod,
    "colorCalibration": ColorCalibration,
}


def read(message: pb2.ImageGenerationRequest, catalog: Catalog) -> Request:
    """Read a request. Raise ServerDies where a real server would crash on reading it."""
    remarks: list[str] = []
    try:
        config = configuration.read(message.configuration)
    except ValueError as error:
        raise ServerDies(f"configuration is no GenerationConfiguration: {error}") from error
    _settle_enums(config, remarks)
    contents = {hashlib.sha256(blob).digest(): blob for blob in message.contents}
    override = _read_override(message.override, remarks)
    model_file, model = _choose_model(config.model or "", override["models"], catalog, remarks)
    image = _read_tensor(message.image, contents, "image")
    if len(message.image) == HASH_BYTES and image is None and config.strength < 1:
        remarks.append("the image's hash is not among the contents, so there is no image")
    mask = _read_tensor(message.mask, contents, "mask")
    if len(message.mask) and mask is None:
        remarks.append("the mask is not among the contents or cannot be read, so there is no mask")
    return Request(
        prompt=message.prompt,
        negative_prompt=message.negativePrompt,
        config=config,
        scale_factor=message.scaleFactor,
        image=None if image is None else _to_float16(image),
        mask=mask,
        hints=_read_hints(message.hints, contents, remarks),
        override=override,
        model_file=model_file,
        model=model,
        version=VERSIONS[str(model["version"])] if model else VERSIONS[UNSPECIFIED],
        chunked=message.chunked,
        remarks=tuple(remarks),
    )


def _settle_enums(config: GenerationConfigurationT, remarks: list[str]) -> None:
    for name, kind in _ENUMS.items():
        values = {value for value in vars(kind).values() if isinstance(value, int)}
        if getattr(config, name) not in values:
            remarks.append(f"{name} {getattr(config, name)} does not exist, so 0 is used")
            setattr(config, name, 0)


def _read_override(
    message: pb2.MetadataOverride, remarks: list[str]
) -> dict[str, tuple[Specification, ...]]:
    override = {}
    for kind in specifications.KINDS:
        reading = specifications.read(kind, getattr(message, kind))
        remarks.extend(f"{reason}, so it is dropped" for reason in reading.dropped)
        override[kind] = reading.specifications
    return override


def _choose_model(
    file: str, override: Iterable[Specification], catalog: Catalog, remarks: list[str]
) -> tuple[str, Specification | None]:
    """Return the file that will be used, and what is known about it.

    A missing file means the first built-in model, which hardly any server has (docs/protocol.md
    1.8).
    """
    if not file or not catalog.exists(file):
        remarks.append(f"model '{file}' is not there, so '{FALLBACK_MODEL}' is used instead")
        if not catalog.exists(FALLBACK_MODEL):
            return FALLBACK_MODEL, None
        known = catalog.find("models", FALLBACK_MODEL, override)
        return FALLBACK_MODEL, known or FALLBACK_SPECIFICATION
    entry = catalog.find("models", file, override)
    if entry is None:
        remarks.append(
            f"model '{file}' has no specification, so it is taken for version {UNSPECIFIED}"
        )
        entry = {"name": file, "file": file, "version": UNSPECIFIED, "prefix": ""}
    for name in files_of(entry):
        if not catalog.exists(name):
            remarks.append(f"model '{file}' needs '{name}', which is not there")
    return file, entry


def _read_hints(
    messages: Iterable[pb2.HintProto], contents: Mapping[bytes, bytes], remarks: list[str]
) -> dict[str, Hint]:
    hints: dict[str, Hint] = {}
    for message in messages:
        kind = message.hintType
        if kind not in types():
            remarks.append(f"there is no hint type '{kind}', so the hint is ignored")
            continue
        if kind in hints:
            remarks.append(f"only the first hint of type '{kind}' is used")
            continue
        pictures: list[np.ndarray] = []
        weights: list[float] = []
        for entry in message.tensors:
            picture = _read_tensor(entry.tensor, contents, f"hint '{kind}'")
            if picture is None:
                remarks.append(
                    f"a tensor of hint '{kind}' is missing or cannot be read, so it is dropped"
                )
                continue
            pictures.append(picture if kind == "scribble" else _to_float16(picture))
            weights.append(entry.weight)
        hints[kind] = Hint(kind, tuple(pictures), tuple(weights))
    return hints


def _read_tensor(data: bytes, contents: Mapping[bytes, bytes], what: str) -> np.ndarray | None:
    """Return the array of an inline tensor or of a hash; None where there is none to read."""
    if len(data) == HASH_BYTES:
        data = contents.get(data, b"")
    if len(data) < HEADER.size:
        return None
    identifier, memory, form, *_ = HEADER.unpack_from(data)
    if memory != 1:
        raise ServerDies(f"{what}: memory type {memory} instead of 1 (CPU)")
    if form not in (1, 2, 4):
        raise ServerDies(f"{what}: format {form} instead of 1, 2 or 4")
    try:
        return tensor.decode(data)
    except BadTensor as error:
        if identifier == _DEFLATE:
            raise ServerDies(
                f"{what}: a damaged deflate stream, which a server reads for ever"
            ) from error
        return None


def _to_float16(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return array.astype(np.float16)
