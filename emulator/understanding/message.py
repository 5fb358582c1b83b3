"""Reads the message of a generation request as a server does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np

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
from .tensors import HASH_BYTES, misread, read_tensor, to_float16

# The enums of the schema; an unknown value reads as the default (docs/configuration.md 2).
_ENUMS: Mapping[str, type] = {
    "sampler": SamplerType,
    "seedMode": SeedMode,
    "compressionArtifacts": CompressionMethod,
    "colorCalibration": ColorCalibration,
}


def read(message: pb2.ImageGenerationRequest, catalog: Catalog) -> Request:
    """Read a request. Raise ServerDies where a real server would crash on reading it, ServerHangs
    where it would never be done.
    """
    remarks: list[str] = []
    try:
        config = configuration.read(message.configuration)
    except ValueError as error:
        raise ServerDies(f"configuration is no GenerationConfiguration: {error}") from error
    _settle_enums(config, remarks)
    contents = {hashlib.sha256(blob).digest(): blob for blob in message.contents}
    override = _read_override(message.override, remarks)
    model_file, model = _choose_model(config.model or "", override["models"], catalog, remarks)
    image = read_tensor(message.image, contents, "image")
    if image is None and len(message.image) == HASH_BYTES and config.strength < 1:
        remarks.append("the image's hash is not among the contents, so there is no image")
    elif image is None and len(message.image) > HASH_BYTES:
        remarks.append("the image cannot be read, its header or its stream, so there is no image")
    mask = read_tensor(message.mask, contents, "mask")
    if len(message.mask) and mask is None:
        remarks.append("the mask is not among the contents or cannot be read, so there is no mask")
    elif mask is not None and mask.dtype != np.uint8:
        remarks.append(f"the mask is of {mask.dtype} instead of uint8, so it is misread")
    return Request(
        prompt=message.prompt,
        negative_prompt=message.negativePrompt,
        config=config,
        scale_factor=message.scaleFactor,
        image=None if image is None else to_float16(image, "image"),
        mask=None if mask is None else misread(mask),
        hints=_read_hints(message.hints, contents, remarks),
        override=override,
        model_file=model_file,
        model=model,
        version=VERSIONS[str(model["version"])],
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
) -> tuple[str, Specification]:
    """Return the file that will be used, and what is known about it.

    A missing file means the first built-in model, which hardly any server has (docs/protocol.md
    1.8). The emulator paints as if it had it.
    """
    if not file or not catalog.exists(file):
        remarks.append(f"model '{file}' is not there, so '{FALLBACK_MODEL}' is used instead")
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
            picture = read_tensor(entry.tensor, contents, f"hint '{kind}'")
            if picture is None:
                remarks.append(
                    f"a tensor of hint '{kind}' is missing or cannot be read, so it is dropped"
                )
                continue
            whole = picture if kind == "scribble" else to_float16(picture, f"hint '{kind}'")
            pictures.append(whole)
            weights.append(entry.weight)
        hints[kind] = Hint(kind, tuple(pictures), tuple(weights))
    return hints
