"""Makes a plain checkout importable as `drawbridge`, whatever its folder is called."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def register() -> None:
    """Load the package under its own name and take the root off the import path.

    With the root on the path, `import nodes` would find our folder where ComfyUI means its own
    module.
    Raises ImportError where another copy of the package is loaded already.
    """
    loaded = sys.modules.get("drawbridge")
    if loaded is None:
        spec = importlib.util.spec_from_file_location("drawbridge", ROOT / "__init__.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["drawbridge"] = module
        spec.loader.exec_module(module)
    elif Path(str(loaded.__file__)).resolve().parent != ROOT:
        raise ImportError(f"drawbridge is already loaded from {loaded.__file__}, not from {ROOT}")
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
