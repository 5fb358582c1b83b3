"""Words the errors about tensors that cannot be read, in the form every error has."""

from __future__ import annotations

import sys

from ..errors import BadTensor, DecoderUnavailable

_REMEDY = (
    "Generate again, and if it keeps happening, update Draw Things and Drawbridge or report it "
    "with both versions."
)


def damaged(fact: str) -> BadTensor:
    """Return a BadTensor for `fact`, a clause with the values that matter, without full stop."""
    return BadTensor(f"A tensor cannot be read: {fact}.", _REMEDY)


def too_large(needed_bytes: int, limit_bytes: int) -> BadTensor:
    """Return a BadTensor for a tensor that would take more memory than it may."""
    return BadTensor(
        f"A tensor cannot be read: it claims {_mib(needed_bytes)} MiB, and at most "
        f"{_mib(limit_bytes)} MiB are accepted.",
        "Ask for a smaller picture, and if it was a small one, report this: its bytes are damaged.",
    )


def out_of_memory(needed_bytes: int) -> BadTensor:
    """Return a BadTensor for a tensor within the limit that this computer has no room for."""
    return BadTensor(
        f"A tensor cannot be read: there is not enough memory for its {_mib(needed_bytes)} MiB.",
        "Close other programs, or ask for a smaller picture or fewer of them.",
    )


def not_unpacked(fact: str) -> BadTensor:
    """Return a BadTensor for a tensor that may be whole: what unpacks it here did not get to."""
    return BadTensor(
        f"A tensor was not unpacked: {fact}.",
        "Close programs that need much memory and generate again; if it keeps happening, switch "
        "off Response Compression in Draw Things (start gRPCServerCLI with "
        "--no-response-compression).",
    )


def unavailable(reason: str) -> DecoderUnavailable:
    """Return the error for an answer that cannot be unpacked here, with both ways out."""
    return DecoderUnavailable(
        f"The server packs its pictures with fpzip, and {reason}.",
        "Switch off Response Compression in Draw Things (start gRPCServerCLI with "
        f'--no-response-compression), or run "{sys.executable or "python"}" -m pip install fpzip.',
    )


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f}"
