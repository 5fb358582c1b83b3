"""The program: `python -m cli doctor`, or `drawbridge doctor` once installed."""

from __future__ import annotations

import sys

if __package__ == "cli":  # run from a checkout: give the package its name first
    import checkout

    checkout.register()
    from drawbridge.cli.main import main
else:
    from .main import main

if __name__ == "__main__":
    sys.exit(main())
