"""Finds the packages: the root of the repository is one, which pyproject.toml cannot say."""

from __future__ import annotations

from setuptools import find_packages, setup

# What a person needs; tests, scripts, devtools and benchmarks stay in the repository.
FLOORS = ("cli", "client", "codec", "emulator", "facts", "nodes", "proto")

found = find_packages(include=[*FLOORS, *(f"{floor}.*" for floor in FLOORS)])
setup(packages=["drawbridge", *(f"drawbridge.{package}" for package in found)])
