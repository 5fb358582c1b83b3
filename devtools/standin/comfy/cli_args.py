"""How ComfyUI was started."""

from __future__ import annotations

from argparse import Namespace

args = Namespace(enable_cors_header=None)
