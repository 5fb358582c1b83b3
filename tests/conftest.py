"""Gives the checkout its name, and node classes a host, before any test is imported."""

import sys
from pathlib import Path

import hypothesis

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import checkout

checkout.register()  # takes the root off sys.path again
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "devtools" / "standin"))
# How long an example takes says how busy the computer is.
hypothesis.settings.register_profile("drawbridge", deadline=None)
hypothesis.settings.load_profile("drawbridge")
