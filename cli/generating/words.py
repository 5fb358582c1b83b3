"""The prompts of a generation: from options, from a file, from a picture that tells its own."""

from __future__ import annotations

import argparse
import sys

from ...client.prompt_list import COMMENT, prompts_of
from ..outcome import Usage
from ..text_file import STDIN, read_text
from .configuration import Given


def prompts(options: argparse.Namespace, given: Given) -> list[str]:
    """Return what is to be generated, in order. Raises Usage where that is nothing."""
    found = [*options.prompt]
    if options.prompts is not None:
        lines = prompts_of(read_text(options.prompts, "list of prompts"))
        if not lines:
            name = "stdin" if str(options.prompts) == STDIN else options.prompts
            raise Usage(
                f"There is no prompt in {name}: every line is empty or a comment.",
                f"Write one prompt a line; lines that begin with {COMMENT} are comments.",
            )
        found += lines
    if not found and given.prompt is not None:
        found = [given.prompt]
    if not found:
        raise Usage(
            "No prompt is given.",
            "Give one with --prompt, a file of them with --prompts, or a picture that tells its own"
            " with --configuration.",
        )
    return [_typed(prompt) for prompt in found]


def negative_prompt(options: argparse.Namespace, given: Given, usual: str) -> str:
    """Return what the picture should not show: as somebody says, else what is `usual`."""
    if options.negative_prompt is not None:
        return _typed(options.negative_prompt)
    return usual if given.negative_prompt is None else given.negative_prompt


def _typed(prompt: str) -> str:
    """Return a prompt as it was typed. Raises Usage for bytes that are no text."""
    try:
        prompt.encode()
    except UnicodeEncodeError:
        raise Usage(
            f"The prompt is not written in {sys.getfilesystemencoding()}.",
            "Type it in the terminal's own encoding.",
        ) from None
    return prompt
