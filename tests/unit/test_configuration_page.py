"""docs/configuration.md has every field of the schema, with its slot, type and default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = (ROOT / "proto" / "generation_config.fbs").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
TABLES = {
    "GenerationConfiguration": "field",
    "Control": "field of Control",
    "LoRA": "field of LoRA",
}
FIELD = re.compile(r"^  (\w+):(\[?\w+\]?)(?: = ([\w.-]+))?", re.MULTILINE)


def enums() -> dict[str, dict[str, str]]:
    """Return the numbers of each enum's names."""
    found = re.findall(r"^enum (\w+) : byte \{(.*?)\}", SCHEMA, re.MULTILINE | re.DOTALL)
    return {name: dict(re.findall(r"(\w+) = (\d+)", body)) for name, body in found}


def declared(table: str) -> list[tuple[str, str, str]]:
    """Return name, type and default of the fields of a table, in the order of their slots."""
    body = re.search(rf"^table {table} \{{(.*?)^\}}", SCHEMA, re.MULTILINE | re.DOTALL)
    assert body is not None
    return [(name, kind, value) for name, kind, value in FIELD.findall(body[1])]


def told(title: str) -> list[list[str]]:
    """Return the cells of the rows of the table whose second column has this title."""
    rows = PAGE.split(f"| slot | {title} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def number(kind: str, value: str) -> str:
    """Return a default as the page tells it."""
    if kind in enums():
        return enums()[kind][value] if value else "0"
    if kind == "string" or kind.startswith("["):
        return "none"
    if kind == "bool":
        return value or "false"
    return f"{float(value or 0):g}"


@pytest.mark.parametrize(("table", "title"), TABLES.items())
def test_page_has_every_field(table: str, title: str) -> None:
    rows = told(title)
    assert [row[0] for row in rows] == [str(slot) for slot in range(len(rows))]
    fields = declared(table)
    assert [(row[1], row[2].split(",")[0], row[3].split(";")[0]) for row in rows][
        : len(fields)
    ] == [(name, kind, number(kind, value)) for name, kind, value in fields]


def test_page_has_every_choice() -> None:
    for name, numbers in enums().items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))
        assert re.findall(r"[|,] (\d+) ", row) == list(numbers.values())
