"""What a server has: typed records of its models, LoRAs, controls, embeddings and upscalers."""

from __future__ import annotations

import contextlib
import difflib
import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from ...facts.sizes import BLOCK_PX
from ...facts.specifications import SPECIFICATIONS, snake_keys
from .. import safe_text
from . import json_array

if TYPE_CHECKING:
    from ..connection.endpoint import Endpoint

R = TypeVar("R")
MOST_ELEMENTS = 20_000  # of a list; the official ones are some hundreds together
_LEAST_PART = 3  # letters; less is a part of everything
Keys = Mapping[str, object]


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
        that are no array or one beyond all measure. Texts for people are without control characters
        and of bounded length.
        """
        return cls(
            _records(models, _model),
            _records(loras, _lora),
            _records(controls, _control),
            _records(textual_inversions, _textual_inversion),
            _records(upscalers, _upscaler),
        )

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


class Named(Protocol):
    """What every specification has: the file that a request names and the name that people see."""

    @property
    def file(self) -> str: ...

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def find(records: Iterable[N], name: str) -> N | None:
    """Return the specification of that file, else of that file or display name in any case.

    An umlaut of one code point and one of two are the same letter: macOS writes either.
    """
    known = list(records)
    wanted = _folded(name)
    return next((spec for spec in known if spec.file == name), None) or next(
        (spec for spec in known if wanted in (_folded(spec.file), _folded(spec.name))), None
    )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).casefold()


def alike(name: str, records: Iterable[Named]) -> str:
    """Return "Did you mean ...?" with the most similar files and names, "" where none is."""
    found = nearest(name, [label for spec in records for label in (spec.file, spec.name)])
    return f"Did you mean {' or '.join(found)}?" if found else ""


def nearest(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """Return up to `count` of the names that look most like `name`, best first, then those that it
    is a part of: real names are long.
    """
    by_key: dict[str, str] = {}
    for candidate in names:
        by_key.setdefault(_folded(candidate), candidate)
    wanted = _folded(name)
    found = difflib.get_close_matches(wanted, by_key, n=count, cutoff=0.5)
    if len(wanted) >= _LEAST_PART:
        found += sorted((key for key in by_key if wanted in key and key not in found), key=len)
    return [by_key[key] for key in found[:count]]


def missing_keys(kind: str, raw: str) -> list[str]:
    """Return the required keys that a specification of that kind (a field of Catalog) lacks."""
    try:
        keys = snake_keys(json.loads(raw))
    except (ValueError, AttributeError):
        keys = {}
    return sorted(SPECIFICATIONS[kind].required.keys() - keys.keys())


def _records(data: bytes, read: Callable[[Keys, str], R | None]) -> tuple[R, ...]:
    try:
        elements = json_array.elements(data.decode("utf-8"), MOST_ELEMENTS) if data else []
    except (ValueError, RecursionError):
        return ()
    records = []
    for element in elements:
        if isinstance(element, dict):
            with contextlib.suppress(ValueError, RecursionError):  # can be read, and not written
                raw = json.dumps(element, separators=(",", ":"))
                records.append(read(snake_keys(element), raw))
    return tuple(record for record in records if record is not None)


def _text(keys: Keys, key: str, default: str = "") -> str:
    value = keys.get(key)
    return safe_text.lines(value) if isinstance(value, str) else default


def _flag(keys: Keys, key: str, default: bool = False) -> bool:
    value = keys.get(key)
    return value if isinstance(value, bool) else default


def _number(keys: Keys, key: str, default: float = 0) -> float:
    value = keys.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        return default
    return value


def _texts(keys: Keys, key: str) -> tuple[str, ...]:
    value = keys.get(key)
    texts = value if isinstance(value, list) else []
    return tuple(text for text in texts if safe_text.is_file_name(text))


def _files(keys: Keys, *names: str) -> tuple[str, ...]:
    return tuple(file for file in map(keys.get, names) if safe_text.is_file_name(file))


def _named(keys: Keys, *, version: bool = True) -> tuple[str, str, str] | None:
    """Return file, name (the file's, if it has none) and version; None where it cannot be used."""
    file, its_version = keys.get("file"), safe_text.one_line(_text(keys, "version"))
    if not safe_text.is_file_name(file) or (version and not its_version):
        return None
    return file, safe_text.one_line(_text(keys, "name")) or file, its_version


def _model(keys: Keys, raw: str) -> ModelSpec | None:
    named = _named(keys)
    if named is None:
        return None
    parts = (
        *("text_encoder", "autoencoder", "image_encoder", "clip_encoder", "t5_encoder"),
        "diffusion_mapping",
    )
    files = [*_files(keys, *parts), *_texts(keys, "additional_clip_encoders")]
    upscalers = keys.get("latents_upscalers")
    for row in upscalers if isinstance(upscalers, list) else []:
        files.extend(_files(row, "file") if isinstance(row, dict) else ())
    return ModelSpec(
        *named,
        prefix=_text(keys, "prefix"),
        default_size_px=int(_number(keys, "default_scale")) * BLOCK_PX,
        modifier=_text(keys, "modifier") or "none",
        default_refiner=_text(keys, "default_refiner"),
        hires_fix_size_px=int(_number(keys, "hires_fix_scale")) * BLOCK_PX,
        guidance_embed=_flag(keys, "guidance_embed"),
        is_consistency_model=_flag(keys, "is_consistency_model"),
        deprecated=_flag(keys, "deprecated"),
        frames_per_second=_number(keys, "frames_per_second"),
        note=_text(keys, "note"),
        files=tuple(files),
        stage_models=_texts(keys, "stage_models"),
        raw=raw,
    )


def _lora(keys: Keys, raw: str) -> LoRASpec | None:
    named = _named(keys)
    if named is None:
        return None
    weight = keys.get("weight")
    slider = snake_keys(weight) if isinstance(weight, dict) else {}
    return LoRASpec(
        *named,
        prefix=_text(keys, "prefix"),
        modifier=_text(keys, "modifier") or "none",
        is_consistency_model=_flag(keys, "is_consistency_model"),
        deprecated=_flag(keys, "deprecated"),
        weight=_number(slider, "value", 0.6),
        lowest_weight=_number(slider, "lower_bound", -1.5),
        highest_weight=_number(slider, "upper_bound", 2.5),
        transparent=_text(keys, "alternative_decoder_version") == "transparent",
        note=_text(keys, "note"),
        files=_files(keys, "alternative_decoder"),
        raw=raw,
    )


def _control(keys: Keys, raw: str) -> ControlSpec | None:
    named = _named(keys)
    if named is None:
        return None
    return ControlSpec(
        *named,
        type=_text(keys, "type"),
        kind=_text(keys, "modifier"),
        global_average_pooling=_flag(keys, "global_average_pooling", True),
        deprecated=_flag(keys, "deprecated"),
        note=_text(keys, "note"),
        files=_files(keys, "image_encoder", "autoencoder", "preprocessor"),
        raw=raw,
    )


def _textual_inversion(keys: Keys, raw: str) -> TextualInversionSpec | None:
    named = _named(keys)
    if named is None:
        return None
    keyword, deprecated = _text(keys, "keyword"), _flag(keys, "deprecated")
    return TextualInversionSpec(*named, keyword=keyword, deprecated=deprecated, raw=raw)


def _upscaler(keys: Keys, raw: str) -> UpscalerSpec | None:
    named = _named(keys, version=False)
    if named is None:
        return None
    return UpscalerSpec(*named[:2], scale_factor=int(_number(keys, "scale_factor")), raw=raw)
