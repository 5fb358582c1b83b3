"""Which textual inversions a prompt calls for: `<keyword>` is one (docs/protocol.md 1.5)."""

from __future__ import annotations

import re

from .records import Catalog, TextualInversionSpec

# No spaces: "1 < 2 and 3 > 2" calls for nothing.
_CALL = re.compile(r"<([^<>\s]+)>")


def called(*prompts: str) -> tuple[str, ...]:
    """Return the keywords that the prompts call for, in their order, each once."""
    return tuple(dict.fromkeys(word for prompt in prompts for word in _CALL.findall(prompt)))


def usable(catalog: Catalog, version: str) -> tuple[TextualInversionSpec, ...]:
    """Return the server's embeddings that work with models of that version."""
    return tuple(
        spec for spec in catalog.textual_inversions if spec.version == version and spec.keyword
    )


def used(catalog: Catalog, version: str, *prompts: str) -> tuple[TextualInversionSpec, ...]:
    """Return the specifications that a request with these prompts needs in its override.

    A keyword that no embedding of that version has is left out: a server takes it for an unknown
    word.
    """
    wanted = set(called(*prompts))
    return tuple(spec for spec in usable(catalog, version) if spec.keyword in wanted)
