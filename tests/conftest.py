"""Gives the checkout its name before any test is imported."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import checkout  # noqa: E402

checkout.register()  # takes the root off sys.path again
