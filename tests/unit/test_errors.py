"""Errors carry what they are about, so that no program has to read their sentences."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from drawbridge import errors
from drawbridge.errors import DrawbridgeError, StoreUnusable

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("cli", "client", "codec", "emulator", "facts", "nodes", "proto")
MODULES = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]
KINDS = {
    "Usage",
    "BadRequest",
    *(name for name, one in vars(errors).items() if isinstance(one, type)),
}
SENTENCES = {"problem", "remedy", "on_one_line"}


def is_sentence(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in SENTENCES


def readings(tree: ast.AST) -> Iterator[str]:
    """Yield what looks into a sentence: a method of it, a part of it, a comparison with it."""
    for node in ast.walk(tree):
        looked_at: list[ast.expr] = []
        if isinstance(node, ast.Attribute | ast.Subscript):
            looked_at = [node.value]
        elif isinstance(node, ast.Compare):
            looked_at = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re."):
            looked_at = node.args
        if any(map(is_sentence, looked_at)):
            yield ast.unparse(node)


def mistakes(tree: ast.AST) -> Iterator[str]:
    """Yield errors whose sentences are no constants although they have parts, or lack a part."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or ast.unparse(node.func).split(".")[-1] not in KINDS:
            continue
        parts = {one.arg for one in node.keywords if one.arg} - {"status"}
        texts = [one for arg in node.args for one in ast.walk(arg) if isinstance(one, ast.Constant)]
        named = {name for one in texts for name in re.findall(r"{(\w+)}", str(one.value))}
        if parts and any(isinstance(one, ast.JoinedStr) for arg in node.args for one in [arg]):
            yield f"{node.lineno}: a sentence with parts is put together"
        if not named <= parts:
            yield f"{node.lineno}: nobody fills in {named - parts}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_program_reads_a_sentence(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(readings(tree)) == []
    assert list(mistakes(tree)) == []


@pytest.mark.parametrize(
    "text",
    [
        'error.problem.replace("a", "b")',
        "error.remedy[:3]",
        '"plaintext" in error.problem',
        're.search("x", error.remedy)',
    ],
)
def test_the_test_sees_who_reads(text: str) -> None:
    assert list(readings(ast.parse(text)))


@pytest.mark.parametrize(
    "text", ['UploadFailed(f"{a}", "{b}", b=1)', 'UploadFailed("The {file} is gone.", "No.")']
)
def test_the_test_sees_a_wrong_sentence(text: str) -> None:
    assert list(mistakes(ast.parse(text)))


def test_a_face_words_the_parts() -> None:
    path = Path("a", "b.json")
    error = StoreUnusable("The file {path} is {what}.", "Mend {path}.", path=path, what="{path}")
    assert error.problem == f"The file {path} is {{path}}."
    assert error.in_words(lambda part: "X" if part == path else str(part)) == (
        "The file X is {path}.",
        "Mend X.",
    )
    assert error.parts["path"] == path
    assert str(error) == f"{error.problem}\n\n{error.remedy}"
    assert error.on_one_line == f"{error.problem} {error.remedy}"


def test_what_comes_from_outside_is_never_taken_for_a_part() -> None:
    assert DrawbridgeError("The file {x}{0} is gone.", "No {y}.").problem == (
        "The file {x}{0} is gone."
    )
    error = DrawbridgeError("It says {words}.", "No.", words="{secret}", secret="s")
    assert error.problem == "It says {secret}."


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_copy_keeps_the_parts(again) -> None:  # type: ignore[no-untyped-def]
    error = DrawbridgeError("At {place}.", "Go.", place=Path("x"))
    assert again(error).in_words(repr) == error.in_words(repr)
    assert isinstance(error.become(StoreUnusable), StoreUnusable)
    assert error.become(StoreUnusable).parts == error.parts


def test_more_sentences_leave_kind_and_parts_as_they_are() -> None:
    error = StoreUnusable("The file {path} is damaged.", "Remove it.", path=Path("a"))
    more = error.with_more("Nothing is lost.", "Then go on.")
    assert type(more) is StoreUnusable
    assert more.problem == "The file a is damaged. Nothing is lost."
    assert more.remedy == "Remove it. Then go on."
    assert more.parts == error.parts
    assert error.with_more().problem == error.problem


@pytest.mark.parametrize("part", [False, True])
def test_sentence_repeats_nothing_of_a_megabyte_and_nothing_that_is_obeyed(part: bool) -> None:
    foreign = "m\x00\x1b[2J\u202e\ud800" + "m" * (1 << 20)
    if part:
        error = errors.RequestRejected("The file {file} is none.", "Choose another.", file=foreign)
    else:
        error = errors.RequestRejected(f"The file {foreign} is none.", f"Not {foreign}.")
    for one in (error, error.become(errors.ModelUnavailable), error.with_more(foreign, foreign)):
        for text in (*one.in_words(str), one.problem, one.remedy):
            assert len(text) <= errors.LONGEST_SENTENCE + 3
            assert text.isprintable()
    assert errors.RequestRejected("One\ntwo, 模型.", "Ünd.").problem == "One\ntwo, 模型."
