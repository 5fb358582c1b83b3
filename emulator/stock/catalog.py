"""What files an emulated server has and what it knows about them."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from ...facts import custom_lists, official_files
from ...facts.versions import UNSPECIFIED
from . import entries, specifications
from .models import MODELS, models
from .specifications import Specification

_FILE_KEYS = (
    *("file", "autoencoder", "text_encoder", "image_encoder", "clip_encoder", "t5_encoder"),
    *("diffusion_mapping", "alternative_decoder", "preprocessor"),
)
_OFFICIAL_KINDS = {
    "models": "models",
    "loras": "loras",
    "controlNets": "controls",
    "textualInversions": "textual_inversions",
    "upscalers": "upscalers",
}
_STOCK: Mapping[str, tuple[Specification, ...]] = {
    "loras": entries.LORAS,
    "controlNets": entries.CONTROLS,
    "textualInversions": entries.TEXTUAL_INVERSIONS,
    "upscalers": entries.UPSCALERS,
}
_EXTRA_FILES = (
    entries.FACE_RESTORER,
    entries.FACE_PARSER,
    entries.UNSPECIFIED_MODEL,
    "depth_anything_v2.0_f16.ckpt",
)


# What a model needs that names none (docs/protocol.md 1.3).
_AUTOENCODER = "vae_ft_mse_840000_f16.ckpt"
_TEXT_ENCODERS = {UNSPECIFIED: "clip_vit_l14_f16.ckpt"}
_TEXT_ENCODER = "open_clip_vit_h14_f16.ckpt"


def files_of(entry: Specification, kind: str = "models") -> list[str]:
    """Return the files without which a specification is not downloaded (docs/protocol.md 1.3)."""
    if kind == "models":
        encoder = _TEXT_ENCODERS.get(str(entry["version"]), _TEXT_ENCODER)
        entry = {"autoencoder": _AUTOENCODER, "text_encoder": encoder, **entry}
    named = [entry.get(key) for key in _FILE_KEYS]
    for key in ("additional_clip_encoders", "latents_upscalers"):
        listed = entry.get(key)
        for item in listed if isinstance(listed, list) else ():
            named.append(item.get("file") if isinstance(item, Mapping) else item)
    return [name for name in named if isinstance(name, str)]


def _built_in(kind: str) -> tuple[Specification, ...]:
    """Return what every server knows, as it tells it: without files that go without saying, and
    with the numbers that it holds.
    """
    listed = official_files.groups()["built_in"][_OFFICIAL_KINDS[kind]]
    return specifications.whole(kind, [_as_told(entry) for entry in listed])


def _as_told(entry: Specification) -> Specification:
    told = dict(entry)
    if told.get("autoencoder") == _AUTOENCODER:
        del told["autoencoder"]
    if "text_encoder" in told and told["text_encoder"] == _TEXT_ENCODERS.get(str(told["version"])):
        del told["text_encoder"]
    coefficients = told.get("tea_cache_coefficients")
    if isinstance(coefficients, list):
        told["tea_cache_coefficients"] = [
            float(str(np.float32(str(value)))) for value in coefficients
        ]
    return told


def _unlike(known: Iterable[Specification]) -> tuple[Specification, ...]:
    """Return the specifications, of several for one file the first, as a server looks them up."""
    by_file: dict[str, Specification] = {}
    for entry in known:
        by_file.setdefault(str(entry["file"]), entry)
    return tuple(by_file.values())


class Catalog:
    """The files and specifications of one emulated server; `folder` holds uploads and custom lists.

    It knows what every server has built in. With `made_up`, it has the emulator's own files
    besides, of which none is in the folder. The custom lists are read once, as a real server does;
    files are looked for anew at every question.
    """

    def __init__(self, folder: Path, *, made_up: bool = True) -> None:
        self.folder = folder
        stock = (
            {"models": models(), **_STOCK} if made_up else dict.fromkeys(specifications.KINDS, ())
        )
        self._specifications = {
            kind: _unlike((*stock[kind], *_built_in(kind), *self._read_custom(kind)))
            for kind in specifications.KINDS
        }
        needed = (name for kind in stock for entry in stock[kind] for name in files_of(entry, kind))
        self._made_up = tuple(dict.fromkeys([*needed, *_EXTRA_FILES])) if made_up else ()

    def _read_custom(self, kind: str) -> tuple[Specification, ...]:
        path = self.folder / custom_lists.FILES[kind]
        if not path.is_file():
            return ()
        return specifications.read(kind, path.read_bytes()).specifications

    def files(self) -> list[str]:
        """Return the checkpoints as Echo lists them: unsorted, some of them twice."""
        listed = list(self._made_up)
        random.Random("the order in which a file system answers").shuffle(listed)
        if listed:
            # A server walks its own folder, then an external one; what is in both is named twice.
            listed += [str(twice["file"]) for twice in (entries.UPSCALERS[0], MODELS[0])]
        return listed + self._checkpoints_in_folder()

    def _checkpoints_in_folder(self) -> list[str]:
        return [
            path.name
            for path in self.folder.iterdir()
            if path.name.lower().endswith(".ckpt")
            and not path.name.startswith(".")
            and (path.is_dir() or path.stat().st_size > 0)
        ]

    def exists(self, name: str) -> bool:
        """Return whether a path test would find the name; "" finds the folder itself."""
        path = self._inside(name)
        return name in self._made_up or (path is not None and path.exists())

    def _inside(self, name: str) -> Path | None:
        """Return the path of a name below the folder, or None for one that leads out of it.

        A real server follows any path; a stand-in has no business telling what else is on a
        computer.
        """
        path = Path(name)
        if "\0" in name or path.is_absolute() or path.drive or ".." in path.parts:
            return None
        return self.folder / path

    def sha256(self, name: str) -> bytes:
        """Return the SHA-256 of a file, or no bytes where there is nothing to read.

        A made-up file has the made-up content of its own name.
        """
        path = self._inside(name)
        if path is not None and path.is_file():
            digest = hashlib.sha256()
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
            return digest.digest()
        return hashlib.sha256(name.encode()).digest() if name in self._made_up else b""

    def listing(self) -> dict[str, list[Specification]]:
        """Return, for each of the five kinds, the specifications of which every file is there."""
        return {
            kind: [
                entry for entry in known if all(self.exists(name) for name in files_of(entry, kind))
            ]
            for kind, known in self._specifications.items()
        }

    def find(
        self, kind: str, file: str, override: Iterable[Specification] = ()
    ) -> Specification | None:
        """Return what is known about a file; a request's own list comes first."""
        for entry in (*override, *self._specifications[kind]):
            if entry["file"] == file:
                return entry
        return None
