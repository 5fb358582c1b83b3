"""Pages that the code and the pages themselves cite are there, and so are the sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = {".py", ".pyi", ".js", ".css", ".fbs", ".proto", ".md"}
FOREIGN = {"node_modules", "build", "dist", "demo-output"}

# A citation can go on in the next line, behind the sign of a comment.
GAP = r"(?:[ \t]+|[ \t]*\n[ \t]*(?:#|//|\*)?[ \t]*)"
NUMBER = r"\d+(?:\.\d+)*"
# No name that ends a text, as in ROOT / "docs" / "guide.md".
NAME = r"(?<![\w/.{}*-])(?P<name>(?:\w[\w-]*/)*\w[\w-]*\.md)\b(?!['\"])"
JOINED = rf"(?:,{GAP}|{GAP}(?:to|and|or){GAP})"
SECTIONS = rf"(?:{GAP}(?P<numbers>{NUMBER}(?:{JOINED}{NUMBER})*))?"
# "docs/protocol.md 4.5", "docs/protocol.md 1.8, 4.2", "docs/protocol.md 4.4 to 4.7"
CITATION = re.compile(NAME + SECTIONS)
HEADING = re.compile(rf"^#+ (?P<number>{NUMBER})\.? ", re.MULTILINE)
LINK = re.compile(r"\]\((?P<target>[^)\s#]+)(?:#[^)\s]*)?\)")


def files() -> list[Path]:
    """Return what is ours: no hidden folder, nothing that was installed or made."""
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.suffix in SUFFIXES
        and not any(
            part.startswith(".") or part in FOREIGN for part in path.relative_to(ROOT).parts
        )
    )


@cache
def headings(page: Path) -> frozenset[str]:
    """Return the numbers of a page's headings: "4", "4.5"."""
    text = page.read_text(encoding="utf-8")
    return frozenset(found["number"] for found in HEADING.finditer(text))


def page_of(name: str, citing: Path) -> Path | None:
    """Return the page of that name: from the root, or for a page also from its own folder."""
    places = [ROOT / name]
    if citing.suffix == ".md":
        places.append(citing.parent / name)
    return next((place for place in places if place.is_file()), None)


def wrong(citing: Path, text: str) -> Iterator[str]:
    """Yield what of the citations in a text leads nowhere."""
    for found in CITATION.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        page = page_of(found["name"], citing)
        if page is None:
            yield f"line {line}: there is no page {found['name']}"
            continue
        for number in re.findall(NUMBER, found["numbers"] or ""):
            if number not in headings(page):
                yield f"line {line}: {found['name']} has no section {number}"


def test_citations_lead_somewhere() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): list(wrong(path, path.read_text(encoding="utf-8")))
        for path in files()
        if path != Path(__file__)
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_links_of_pages_lead_somewhere() -> None:
    targets = [
        (page, found["target"])
        for page in files()
        if page.suffix == ".md"
        for found in LINK.finditer(page.read_text(encoding="utf-8"))
        if "://" not in found["target"]
    ]
    assert [
        f"{page.relative_to(ROOT)}: {to}"
        for page, to in targets
        if not (page.parent / unquote(to)).exists()
    ] == []


def test_a_citation_that_leads_nowhere_is_found() -> None:
    code = ROOT / "some.py"
    assert list(wrong(code, "# (docs/protocol.md 4.5)")) == []
    assert (
        list(wrong(code, "# docs/protocol.md 4.4 to 4.7; docs/protocol.md\n    # 1.8, 4.2.")) == []
    )
    assert list(wrong(code, "# (gone.md 4.5)")) == ["line 1: there is no page gone.md"]
    assert list(wrong(code, "#\n# (docs/protocol.md\n# 4.5, 4.99)")) == [
        "line 2: docs/protocol.md has no section 4.99"
    ]
