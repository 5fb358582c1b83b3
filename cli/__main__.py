"""The program: `python -m cli doctor`, or `drawbridge doctor` once installed."""

from __future__ import annotations

if __package__ == "cli":  # run from a checkout: give the package its name first
    import checkout

    checkout.register()
    from drawbridge.cli.program import run
else:
    from .program import run

if __name__ == "__main__":
    run()
