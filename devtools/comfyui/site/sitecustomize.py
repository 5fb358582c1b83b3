"""Lets torchvision and torchaudio import beside a torch that their compiled parts do not fit.

On PYTHONPATH of the ComfyUI that the tests start: it imports both at once and uses little of them.
Where their compiled parts load, and until somebody imports them, nothing is changed.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

OPERATORS = ("nms", "qnms")
SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_kept: list[object] = []  # an operator's definition lasts as long as its library object


def _define_operators() -> None:
    """Give torchvision's missing operators their names.

    It forgives a compiled part that does not load, but then describes two operators of that part
    by their names.
    """
    import torch

    missing = [name for name in OPERATORS if not hasattr(torch.ops.torchvision, name)]
    if missing:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in missing:
            library.define(name + SIGNATURE)
        _kept.append(library)


class _ForgivingLoader(Loader):
    """Lets torchaudio do without a compiled part that does not load, as without a missing one."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        load: Callable[[str], bool] = module._load_lib

        def load_or_do_without(name: str) -> bool:
            try:
                return load(name)
            except OSError:
                return False

        vars(module)["_load_lib"] = load_or_do_without


class _AtFirstUse(MetaPathFinder):
    """Acts on the two modules in which torchvision and torchaudio meet their compiled parts."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "torchvision._meta_registrations":
            _define_operators()
        elif fullname == "torchaudio._extension.utils":
            spec = PathFinder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _ForgivingLoader(spec.loader)
            return spec
        return None


def _run_the_one_behind() -> None:
    """Run the sitecustomize that this one hides, if there is one."""
    here = Path(__file__).resolve().parent
    rest = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
    spec = PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


sys.meta_path.insert(0, _AtFirstUse())
_run_the_one_behind()
