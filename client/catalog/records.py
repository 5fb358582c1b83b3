"""What a server has: typed records of its models, LoRAs, controls, embeddings and upscalers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from ...facts.sizes import BLOCK_PX
from ...facts.snake_case import snake_keys
from . import json_values
from .json_values import Keys, files, flag, identity, number, text, texts

if TYPE_CHECKING:
    from ..connection.endpoint import Endpoint

R = TypeVar("R")
Named = tuple[str, str, str]  # file, name, version


@dataclass(frozen=True)
class ModelSpec:
    """A model: `raw` is the server's own JSON object, which a request repeats untouched.

    Sizes are pixels, 0 where the specification says none; `files` are those that the model needs
    besides.
    """

    file: str
    name: str
    version: str
    prefix: str = ""
    default_size_px: int = 0
    modifier: str = "none"
    default_refiner: str = ""
    hires_fix_size_px: int = 0
    guidance_embed: bool = False
    is_consistency_model: bool = False
    deprecated: bool = False
    frames_per_second: float = 0
    note: str = ""
    files: tuple[str, ...] = ()
    stage_models: tuple[str, ...] = ()
    raw: str = field(default="", repr=False)


@dataclass(frozen=True)
class LoRASpec:
    """A LoRA; `weight` is what the app starts with, between its slider's ends.

    `files` are those that it needs besides.
    """

    file: str
    name: str
    version: str
    prefix: str = ""
    modifier: str = "none"
    is_consistency_model: bool = False
    deprecated: bool = False
    weight: float = 0.6
    lowest_weight: float = -1.5
    highest_weight: float = 2.5
    transparent: bool = False
    note: str = ""
    files: tuple[str, ...] = ()
    raw: str = field(default="", repr=False)


@dataclass(frozen=True)
class ControlSpec:
    """A control: `kind` is the one picture it takes, empty for a union of several.

    `files` are those that it needs besides.
    """

    file: str
    name: str
    version: str
    type: str = ""
    kind: str = ""
    global_average_pooling: bool = True
    deprecated: bool = False
    note: str = ""
    files: tuple[str, ...] = ()
    raw: str = field(default="", repr=False)


@dataclass(frozen=True)
class TextualInversionSpec:
    """An embedding, called for by `<keyword>` in a prompt."""

    file: str
    name: str
    version: str
    keyword: str = ""
    deprecated: bool = False
    raw: str = field(default="", repr=False)


@dataclass(frozen=True)
class UpscalerSpec:
    """An upscaler and its factor."""

    file: str
    name: str
    scale_factor: int = 0
    raw: str = field(default="", repr=False)


@dataclass(frozen=True)
class Catalog:
    """Five lists of specifications: all that a server has, or those that one request is about.

    Not `complete` is what is known of a server that does not tell: it may have other files. `files`
    are the names of all files that are known to be there, with a specification or without.
    """

    models: tuple[ModelSpec, ...] = ()
    loras: tuple[LoRASpec, ...] = ()
    controls: tuple[ControlSpec, ...] = ()
    textual_inversions: tuple[TextualInversionSpec, ...] = ()
    upscalers: tuple[UpscalerSpec, ...] = ()
    complete: bool = True
    files: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def from_json(
        cls,
        models: bytes = b"",
        loras: bytes = b"",
        controls: bytes = b"",
        textual_inversions: bytes = b"",
        upscalers: bytes = b"",
    ) -> Catalog:
        """Read five JSON arrays, with snake_case or camelCase keys.

        Like a server it drops what it cannot read: an element without a file that can be, bytes
        that are no array. Of a list beyond all measure the first elements are read, and it is not
        `complete`. Texts for people are without control characters and of bounded length.
        """
        found = (
            _records(models, _model),
            _records(loras, _lora),
            _records(controls, _control),
            _records(textual_inversions, _textual_inversion),
            _records(upscalers, _upscaler, versions=False),
        )
        lists = (found[0][0], found[1][0], found[2][0], found[3][0], found[4][0])
        return cls(*lists, complete=all(whole for _, whole in found))

    def model(self, file: str) -> ModelSpec | None:
        """Return the specification of a model file."""
        return next((spec for spec in self.models if spec.file == file), None)

    def lora(self, file: str) -> LoRASpec | None:
        """Return the specification of a LoRA file."""
        return next((spec for spec in self.loras if spec.file == file), None)

    def control(self, file: str) -> ControlSpec | None:
        """Return the specification of a control file."""
        return next((spec for spec in self.controls if spec.file == file), None)

    def upscaler(self, file: str) -> UpscalerSpec | None:
        """Return the specification of an upscaler file."""
        return next((spec for spec in self.upscalers if spec.file == file), None)

    def __bool__(self) -> bool:
        return any(
            (self.models, self.loras, self.controls, self.textual_inversions, self.upscalers)
        )


@dataclass(frozen=True)
class Thresholds:
    """Compute units that a cloud account may use; a server of one's own has none."""

    community: float
    plus: float
    expire_at: int


@dataclass(frozen=True)
class ServerInfo:
    """Who answered: `server_identifier` changes when the server restarts.

    `files` and `catalog` are what it lets a client see; with model browsing off `catalog` is None.
    """

    message: str
    server_identifier: int
    files: tuple[str, ...] = ()
    catalog: Catalog | None = None
    thresholds: Thresholds | None = None


@dataclass(frozen=True)
class RemoteFile:
    """A file asked for by name; `sha256` is its hash in hex where it was asked for and known."""

    name: str
    exists: bool
    sha256: str = ""


class FileServer(Protocol):
    """Whoever can be asked which files a server has: the client."""

    @property
    def endpoint(self) -> Endpoint:
        """Return where the server is."""
        ...

    async def files_exist(self, files: Sequence[str]) -> list[RemoteFile]:
        """Return, for each name, whether the server has the file."""
        ...


def _records(
    data: bytes, read: Callable[[Named, Keys, str], R], *, versions: bool = True
) -> tuple[tuple[R, ...], bool]:
    """Return what `read` makes of each object that can be named, and whether these are all."""
    objects, whole = json_values.objects(data)
    records = (
        read(named, keys, raw)
        for keys, raw in objects
        if (named := identity(keys, version=versions)) is not None
    )
    return tuple(records), whole


def _model(named: Named, keys: Keys, raw: str) -> ModelSpec:
    parts = (
        *("text_encoder", "autoencoder", "image_encoder", "clip_encoder", "t5_encoder"),
        "diffusion_mapping",
    )
    companions = [*files(keys, *parts), *texts(keys, "additional_clip_encoders")]
    upscalers = keys.get("latents_upscalers")
    for row in upscalers if isinstance(upscalers, list) else []:
        companions.extend(files(row, "file") if isinstance(row, dict) else ())
    return ModelSpec(
        *named,
        prefix=text(keys, "prefix"),
        default_size_px=int(number(keys, "default_scale")) * BLOCK_PX,
        modifier=text(keys, "modifier") or "none",
        default_refiner=text(keys, "default_refiner"),
        hires_fix_size_px=int(number(keys, "hires_fix_scale")) * BLOCK_PX,
        guidance_embed=flag(keys, "guidance_embed"),
        is_consistency_model=flag(keys, "is_consistency_model"),
        deprecated=flag(keys, "deprecated"),
        frames_per_second=number(keys, "frames_per_second"),
        note=text(keys, "note"),
        files=tuple(companions),
        stage_models=texts(keys, "stage_models"),
        raw=raw,
    )


def _lora(named: Named, keys: Keys, raw: str) -> LoRASpec:
    weight = keys.get("weight")
    slider = snake_keys(weight) if isinstance(weight, dict) else {}
    return LoRASpec(
        *named,
        prefix=text(keys, "prefix"),
        modifier=text(keys, "modifier") or "none",
        is_consistency_model=flag(keys, "is_consistency_model"),
        deprecated=flag(keys, "deprecated"),
        weight=number(slider, "value", 0.6),
        lowest_weight=number(slider, "lower_bound", -1.5),
        highest_weight=number(slider, "upper_bound", 2.5),
        transparent=text(keys, "alternative_decoder_version") == "transparent",
        note=text(keys, "note"),
        files=files(keys, "alternative_decoder"),
        raw=raw,
    )


def _control(named: Named, keys: Keys, raw: str) -> ControlSpec:
    return ControlSpec(
        *named,
        type=text(keys, "type"),
        kind=text(keys, "modifier"),
        global_average_pooling=flag(keys, "global_average_pooling", True),
        deprecated=flag(keys, "deprecated"),
        note=text(keys, "note"),
        files=files(keys, "image_encoder", "autoencoder", "preprocessor"),
        raw=raw,
    )


def _textual_inversion(named: Named, keys: Keys, raw: str) -> TextualInversionSpec:
    keyword, deprecated = text(keys, "keyword"), flag(keys, "deprecated")
    return TextualInversionSpec(*named, keyword=keyword, deprecated=deprecated, raw=raw)


def _upscaler(named: Named, keys: Keys, raw: str) -> UpscalerSpec:
    return UpscalerSpec(*named[:2], scale_factor=int(number(keys, "scale_factor")), raw=raw)
