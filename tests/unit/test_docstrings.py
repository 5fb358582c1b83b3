"""One voice: the docstring of a function says what it does, as an order."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("cli", "client", "codec", "devtools", "emulator", "facts", "nodes", "proto", "scripts")
MODULES = [
    path
    for floor in FLOORS
    for path in sorted((ROOT / floor).rglob("*.py"))
    if path.name != "generation_config_fbs.py"
]
NOUNS = {"The", "A", "An", "Whether", "What", "How", "Which", "Where", "None", "True", "False"}


def wrong(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        words = (ast.get_docstring(node) or "").split()
        if not words or (node.name == "__init__" and words[0].startswith("`")):
            continue  # nothing to say, or what the parameters mean
        first = words[0]
        third_person = first.endswith("s") and not first.endswith("ss")
        is_order = first[:1].isupper() and first not in NOUNS and not third_person
        if not is_order or words[:2] == ["Say", "whether"]:
            yield f"{node.name}: {' '.join(words[:6])}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstring_of_a_function_is_an_order(path: Path) -> None:
    assert list(wrong(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "text", ["The sum.", "Whether it is.", "Say whether it is.", "Returns it."]
)
def test_the_test_sees_another_voice(text: str) -> None:
    assert list(wrong(ast.parse(f'def f():\n    """{text}"""')))
