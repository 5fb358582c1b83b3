"""What a run must have come to, and what it gave."""

from __future__ import annotations

import re
from typing import Any

from drawbridge.errors import DrawbridgeError

from .executor import Outcome

SECRET = "correct horse battery staple"  # what no error may say


def results(outcome: Outcome, node: str = "stack") -> list[Any]:
    """Return the first value of each output of a node; the run must have succeeded."""
    assert outcome.status == "success", outcome.exception_message
    return [values[0] for values in outcome.outputs[node]]


def assert_failed(outcome: Outcome, node: str, kind: str, words: str) -> None:
    """Hold that a node said one sentence of fact, with `words` in it, and one of remedy."""
    assert outcome.status == "error", f"the run came to {outcome.status}"
    said = (outcome.node_id, outcome.exception_type)
    assert said == (node, f"drawbridge.{kind}"), f"{said}: {outcome.exception_message}"
    error = outcome.exception
    assert isinstance(error, DrawbridgeError), repr(error)
    assert re.search(words, error.problem), error.problem
    for text in (error.problem, error.remedy):
        assert text.endswith((".", "?")), text
    assert outcome.exception_message == f"{error.problem}\n\n{error.remedy}"
    everything = repr(error) + str(error) + repr(error.__cause__)
    assert SECRET not in everything, everything
