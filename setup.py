"""Finds the packages: the root of the repository is one, which pyproject.toml cannot say."""

from __future__ import annotations

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

# What a person needs; tests, scripts, devtools and benchmarks stay in the repository.
FLOORS = ("cli", "client", "codec", "emulator", "facts", "graphs", "nodes", "proto")
# What the root holds for a checkout alone.
NOT_SHIPPED = frozenset({"checkout", "setup"})


class Build(build_py):
    """Leaves out what a checkout alone needs."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        """Return package, name and file of the modules that ship."""
        found = super().find_package_modules(package, package_dir)
        return [entry for entry in found if package != "drawbridge" or entry[1] not in NOT_SHIPPED]


found = find_packages(include=[*FLOORS, *(f"{floor}.*" for floor in FLOORS)])
setup(
    packages=["drawbridge", *(f"drawbridge.{package}" for package in found)],
    cmdclass={"build_py": Build},
)
