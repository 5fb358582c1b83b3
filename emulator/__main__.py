"""Runs an emulated server: `python -m emulator`, or `drawbridge-emulator` once installed."""

from __future__ import annotations

import sys

if __package__ == "emulator":  # run from a checkout: give the package its name first
    import checkout

    checkout.register()
    from drawbridge.emulator.command import main
else:
    from .command import main

if __name__ == "__main__":
    sys.exit(main())
