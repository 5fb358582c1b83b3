"""The help pages say what the nodes have, and quote errors that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from comfy_api.latest import io

from drawbridge import errors
from drawbridge.nodes import NODES
from drawbridge.nodes.servers import upload_sources
from drawbridge.scripts import translations

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "web" / "docs"
SECTIONS = {
    "en": ("Wiring", "Inputs", "Outputs", "Recipes", "When it goes wrong", "See also"),
    "de": ("Verbinden", "Eingänge", "Ausgänge", "Rezepte", "Wenn etwas nicht klappt", "Siehe auch"),
    "ja": ("つなぎ方", "入力", "出力", "使い方の例", "うまくいかないとき", "関連"),
    "zh": ("连接方式", "输入", "输出", "常用做法", "出错时", "另请参阅"),
}
SCHEMAS = {node.GET_SCHEMA().node_id: node.GET_SCHEMA() for node in NODES}
# Words in code that are no names of inputs, outputs or choices.
EXAMPLES = {"studio", "hne", "lne", "fpzip"}
LEAST_LETTERS = 12
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type)}
CODE = re.compile(r"`([^`]+)`")
NUMBERED = re.compile(r"(.*?)(\d+)")


def pages() -> list[tuple[str, str]]:
    """Return every page as node id and language."""
    english = [(path.stem, "en") for path in DOCS.glob("*.md")]
    return sorted(english + [(path.parent.name, path.stem) for path in DOCS.glob("*/*.md")])


def read(node: str, language: str) -> str:
    path = DOCS / f"{node}.md" if language == "en" else DOCS / node / f"{language}.md"
    return path.read_text(encoding="utf-8")


def section(text: str, language: str, number: int) -> str:
    """Return what stands under one of the headings."""
    found = re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", text, re.MULTILINE)
    assert [title for title, _ in found] == list(SECTIONS[language])
    return found[number][1]


def listed(text: str) -> list[str]:
    """Return what the list explains, "`a_1` to `a_3`:" as all three."""
    found: list[str] = []
    for entry in re.findall(r"^- (`.+?`)[:\uff1a]", text, re.MULTILINE):
        spans = CODE.findall(entry)
        ends = [NUMBERED.fullmatch(span) for span in spans]
        if len(spans) == 2 and ends[0] and ends[1] and ends[0][1] == ends[1][1]:
            numbers = range(int(ends[0][2]), int(ends[1][2]) + 1)
            found += [f"{ends[0][1]}{number}" for number in numbers]
        else:
            found += spans
    return found


def names(node: str, language: str) -> tuple[list[str], list[str]]:
    """Return what inputs and outputs of a node are called in a language."""
    texts = translations.read(language)
    here = f"nodeDefs.{node}"
    schema = SCHEMAS[node]
    ins = [texts[f"{here}.inputs.{entry.id}.name"] for entry in schema.inputs]
    outs = [texts[f"{here}.outputs.{i}.name"] for i in range(len(schema.outputs))]
    return ins, outs


def choices(schema: io.Schema) -> set[str]:
    listed = [entry.as_dict().get("options") or [] for entry in schema.inputs]
    return {option for options in listed for option in options}


def test_every_node_has_a_page_and_every_page_a_node() -> None:
    assert {node for node, language in pages() if language == "en"} == set(SCHEMAS)
    assert {node for node, _ in pages()} == set(SCHEMAS)


@pytest.mark.parametrize(("node", "language"), pages())
def test_page_explains_all_inputs_and_outputs(node: str, language: str) -> None:
    text = read(node, language)
    ins, outs = names(node, language)
    assert sorted(listed(section(text, language, 1))) == sorted(ins)
    assert sorted(listed(section(text, language, 2))) == sorted(outs)


@pytest.mark.parametrize(("node", "language"), pages())
def test_page_is_titled_and_refers_as_the_menu_does(node: str, language: str) -> None:
    text = read(node, language)
    texts = translations.read(language)
    titles = {
        one: texts[f"nodeDefs.{one}.display_name"].removeprefix("Draw Things ") for one in SCHEMAS
    }
    assert text.startswith(f"# {titles[node]}\n")
    others = re.findall(r"\*\*(.+?)\*\*", section(text, language, 5))
    assert others
    assert set(others) <= set(titles.values()) - {titles[node]}


@pytest.mark.parametrize(("node", "language"), pages())
def test_page_names_nothing_that_does_not_exist(node: str, language: str) -> None:
    known = set(EXAMPLES)
    for one, schema in SCHEMAS.items():
        known.update(*names(one, language), choices(schema))
    text = read(node, language)
    spoken = {word for word in CODE.findall(text) if re.fullmatch(r"[^\W\d]\w*", word)}
    variables = {word for word in spoken if word.startswith("DRAWBRIDGE_")}
    sold = {word for word in spoken if word in ("gRPCServerCLI",)}
    assert spoken - known - variables - sold == set()


@cache
def templates() -> tuple[re.Pattern[str], ...]:
    """Return what the sources can say of an error, with holes where values go."""
    found: list[str] = []
    for folder in ("client", "codec", "nodes"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found += _problems(node)
    return tuple(re.compile(pattern) for pattern in found)


def _problems(node: ast.AST) -> Iterator[str]:
    said: ast.expr | None = None
    if isinstance(node, ast.Call) and node.args:
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        noted = isinstance(node.func, ast.Attribute) and node.func.attr == "append"
        said = node.args[0] if noted or called in ERRORS else None
    elif isinstance(node, ast.Yield):
        said = node.value
    elif isinstance(node, ast.Tuple) and len(node.elts) > 1:  # a row of a table of errors
        kind = node.elts[0]
        said = node.elts[1] if isinstance(kind, ast.Name) and kind.id in ERRORS else None
    elif isinstance(node, ast.Return):
        several = isinstance(node.value, ast.Tuple) and node.value.elts
        said = several[0] if several else node.value
    elif isinstance(node, ast.Assign):
        said = node.value if isinstance(node.value, ast.Constant | ast.JoinedStr) else None
    parts = said.values if isinstance(said, ast.JoinedStr) else [said]
    plain = [
        str(part.value) if isinstance(part, ast.Constant) else None
        for part in parts
        if part is not None
    ]
    if sum(char.isalpha() for text in plain if text for char in text) >= LEAST_LETTERS:
        pattern = "".join(".*" if text is None else re.escape(text) for text in plain)
        yield re.sub(r"\\{\w+\\}", ".*", pattern)  # parts, which errors fill in themselves


def forbidden() -> str:
    """Return the error for a file that may not be sent: too much of it is a value."""
    with pytest.raises(errors.RequestRejected) as caught:
        upload_sources.find("/home/me/model.ckpt", {})
    return caught.value.problem


def quoted(text: str) -> list[str]:
    return re.findall(r"^> (.+)$", text, re.MULTILINE)


@pytest.mark.parametrize(("node", "language"), pages())
def test_page_quotes_real_errors(node: str, language: str) -> None:
    for words in quoted(read(node, language)):
        real = words == forbidden() or any(each.fullmatch(words) for each in templates())
        assert real, words


def test_invented_error_is_noticed() -> None:
    assert not any(each.fullmatch("The model is tired.") for each in templates())
    assert not any(each.fullmatch("Nothing listens here.") for each in templates())
    assert len(templates()) > 100
