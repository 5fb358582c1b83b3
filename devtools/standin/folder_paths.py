"""ComfyUI's folders by kind of model, none of them until a test names some."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

supported_pt_extensions = {
    *(".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"),
}
folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = {
    kind: ([], supported_pt_extensions)
    for kind in (
        *("checkpoints", "loras", "vae", "text_encoders", "diffusion_models", "embeddings"),
        *("controlnet", "upscale_models", "clip_vision", "custom_nodes"),
    )
}
_LEGACY = {"unet": "diffusion_models", "clip": "text_encoders"}
_user_directory = str(Path(tempfile.gettempdir()) / "drawbridge-standin-user")

_temp_directory = str(Path(tempfile.gettempdir()) / "drawbridge-standin-temp")


def get_temp_directory() -> str:
    """Return the folder of pictures that are shown and not kept."""
    return _temp_directory


def set_temp_directory(folder: str) -> None:
    """Have those pictures elsewhere."""
    global _temp_directory
    _temp_directory = folder


def get_user_directory() -> str:
    """Return the folder of settings and workflows."""
    return _user_directory


def set_user_directory(folder: str) -> None:
    """Have the settings kept elsewhere."""
    global _user_directory
    _user_directory = folder


def get_filename_list(folder_name: str) -> list[str]:
    """Return the files of a kind, relative to their folders, links followed, sorted.

    Raises KeyError for a kind that does not exist.
    """
    folders, extensions = folder_names_and_paths[_LEGACY.get(folder_name, folder_name)]
    names = set()
    for folder in folders:
        for where, inner, files in os.walk(folder, followlinks=True):
            inner[:] = [name for name in inner if name != ".git"]
            names.update(os.path.relpath(Path(where) / name, folder) for name in files)
    return sorted(
        name for name in names if not extensions or Path(name).suffix.lower() in extensions
    )


def get_full_path(folder_name: str, filename: str) -> str | None:
    """Return where a file of a kind is, the first of its folders that has it; no way leads out."""
    kind = _LEGACY.get(folder_name, folder_name)
    if kind not in folder_names_and_paths:
        return None
    inside = os.path.relpath(Path("/") / filename, "/")
    for folder in folder_names_and_paths[kind][0]:
        path = Path(folder) / inside
        if path.is_file():
            return str(path)
    return None
