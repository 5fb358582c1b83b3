"""Keeps locales/ in step with the nodes: `python scripts/translations.py [--write [--keep]]`.

English is what the schemas of the nodes say; locales/en holds what they said when the other
languages were last looked at. Without options the script says what is wrong and changes nothing.
`--write` brings English up to date, takes out every translation of a text that has changed or gone,
and fills in texts that are translated elsewhere in the language. `--keep` leaves translations of
changed texts as they are: for changes of spelling that no translator would notice.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import checkout

    checkout.register()
    sys.path.insert(0, str(checkout.ROOT / "devtools" / "standin"))

if TYPE_CHECKING:
    from comfy_api.latest import io

ROOT = Path(__file__).resolve().parents[1]
LOCALES = ROOT / "locales"
ENGLISH = "en"
# A text's key is where ComfyUI's page finds it: "nodeDefs.NODE.inputs.INPUT.tooltip".
Texts = dict[str, str]
FILES = {"nodeDefs": "nodeDefs.json", "nodeCategories": "main.json"}

SYNTAX = "{}@|"  # the page would take these for instructions
PIXELS = {"de": "Pixel", "ja": "ピクセル", "zh": "像素"}
NUMBER_WORDS = {
    **{"once": 1, "one": 1, "first": 1, "single": 1, "two": 2, "twice": 2, "second": 2},
    **{"eight": 8},
}
# What is called the same in every language.
NAMES = (
    *("Draw Things", "FLUX", "Qwen", "Wan", "Hunyuan", "Kandinsky", "Stable Diffusion", "Linux"),
    *("Stable Cascade", "Fooocus", "Redux", "Trailing", "Scale Alike", "Lab", "Disabled"),
    *("Copy Configuration", "Paste Configuration", "schnell", "turbo", "lightning"),
    *("canny", "lineart", "scribble", "softedge", "mlsd", "lowquality"),
)
# Titles that are also everyday words are not looked for.
TITLES = (
    *("Connect", "Generate", "LoadModel", "LoRAStack", "ControlNetHint", "Moodboard", "Upload"),
    *("ImportConfiguration", "ExportConfiguration"),
)
_QUOTED = re.compile(r"(?<![A-Za-z])'([^']+)'(?![A-Za-z])")
_WORD = re.compile(r"<\w+>|[A-Za-z0-9_.*]+", re.ASCII)
_PECULIAR = re.compile(r"<|_|[A-Z].*[A-Z0-9]|[a-z0-9]\.[a-z]|^\.[a-z]|\d\.\d+\.\d")
_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])-?\d+(?:\.\d+)?(?![0-9A-Za-z_]|\.\d)")


def main() -> int:
    """Report, and write if asked; 1 where something is left to do."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--write", action="store_true", help="bring locales/ up to date")
    options.add_argument("--keep", action="store_true", help="keep translations of changed texts")
    chosen = options.parse_args()
    from drawbridge.nodes import NODES

    english, before = schemas(NODES), read(ENGLISH)
    complaints = outdated(english, before)
    for language in languages():
        texts = read(language)
        if chosen.write:
            if not chosen.keep:
                texts = without_changed(texts, english, before)
            texts = filled(texts, english)
            write(language, texts, english)
        complaints += [f"{language}: {words}" for words in faults(language, texts, english)]
    if chosen.write:
        write(ENGLISH, english, english)
    for words in complaints:
        sys.stdout.write(f"{words}\n")
    return 1 if complaints else 0


def languages() -> list[str]:
    """Return the languages beside English."""
    return sorted(folder.name for folder in LOCALES.iterdir() if folder.name != ENGLISH)


def schemas(nodes: Iterable[type[io.ComfyNode]]) -> Texts:
    """Return every text of the nodes by its key, in the order of menu and node."""
    texts: Texts = {}
    for node in nodes:
        schema = node.GET_SCHEMA()
        texts |= {f"nodeCategories.{part}": part for part in schema.category.split("/")}
        here = f"nodeDefs.{schema.node_id}"
        texts[f"{here}.display_name"] = schema.display_name or schema.node_id
        texts[f"{here}.description"] = schema.description
        for entry in schema.inputs:
            slot = f"{here}.inputs.{entry.id.replace('.', '_')}"  # as the page looks for it
            texts[f"{slot}.name"] = entry.display_name or entry.id
            texts[f"{slot}.tooltip"] = entry.tooltip or ""
        for number, entry in enumerate(schema.outputs):
            texts[f"{here}.outputs.{number}.name"] = entry.display_name or ""
            texts[f"{here}.outputs.{number}.tooltip"] = entry.tooltip or ""
    return texts


def read(language: str) -> Texts:
    """Return the texts of a language by key."""
    texts: Texts = {}
    for part, file in FILES.items():
        texts |= _flat(part, _load(LOCALES / language / file, part))
    return texts


def write(language: str, texts: Texts, order: Iterable[str]) -> None:
    """Write texts in the order of the keys given; what else main.json holds stays."""
    for part, name in FILES.items():
        path = LOCALES / language / name
        tree: dict[str, Any] = {}
        for key in order:
            if key in texts and key.startswith(f"{part}."):
                _put(tree, key.split(".")[1:], texts[key])
        if name == "main.json":
            others = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            tree = {**others, part: tree}
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(tree, indent=2, ensure_ascii=False)
        path.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def outdated(english: Texts, before: Texts) -> list[str]:
    """Say which texts of locales/en are not what the nodes say."""
    changed = [key for key in english if before.get(key) != english[key]]
    gone = [key for key in before if key not in english]
    return [f"en: {key} is now: {english[key]}" for key in changed] + [
        f"en: {key} is gone" for key in gone
    ]


def without_changed(texts: Texts, english: Texts, before: Texts) -> Texts:
    """Return the translations of what is in English as it was."""
    return {key: text for key, text in texts.items() if before.get(key) == english.get(key)}


def filled(texts: Texts, english: Texts) -> Texts:
    """Return translations for all texts, where the language has the same one elsewhere."""
    known: dict[tuple[str, str], str] = {}
    for key, text in texts.items():
        if key in english:
            known.setdefault((_field(key), english[key]), text)
    return {
        key: texts.get(key) or known[_field(key), text]
        for key, text in english.items()
        if texts.get(key) or (_field(key), text) in known
    }


def faults(language: str, texts: Texts, english: Texts) -> list[str]:
    """Say what is wrong with a language, text by text."""
    found = [f"{key} is translated and does not exist" for key in texts if key not in english]
    titles = _titles(texts)
    for key, original in english.items():
        text = texts.get(key, "")
        if not text.strip():
            found.append(f"{key} is missing: {original}")
            continue
        found += [f"{key} {words}: {text}" for words in _complaints(language, key, text, original)]
        for name, title in _titles(english).items():
            mentioned = re.search(rf"\b{title}\b", original) and name in titles
            if mentioned and titles[name] not in text:
                found.append(f"{key} does not call {title} {titles[name]!r}: {text}")
    return found


def _complaints(language: str, key: str, text: str, original: str) -> list[str]:
    """Return what a text lacks or has too much; facts must be the same in every language."""
    found = [f"contains {mark!r}" for mark in SYNTAX if mark in text]
    if text != text.strip():
        found.append("has blanks around it")
    if original.endswith(".") and not text.endswith((".", "。")):
        found.append("has no full stop")
    if _field(key) != "name" and original.count(" ") > 2 and text == original:
        found.append("is not translated")
    if _field(key) == "name":
        return found
    spaced = text.replace("-", " ")  # German writes Draw-Things-Server
    found += [
        f"lacks {mark!r}"
        for mark in sorted(marks(original))
        if mark not in text and mark not in spaced
    ]
    if re.search(r"\bpixels?\b", original, re.IGNORECASE) and PIXELS.get(language, "") not in text:
        found.append(f"lacks {PIXELS[language]!r}")
    wanted, given = set(_NUMBER.findall(original)), set(_NUMBER.findall(text))
    in_words = {
        str(number)
        for word, number in NUMBER_WORDS.items()
        if re.search(rf"\b{word}\b", original, re.IGNORECASE)
    }
    found += [f"lacks the number {number}" for number in sorted(wanted - given)]
    return found + [
        f"has the number {number} of its own" for number in sorted(given - wanted - in_words)
    ]


def marks(text: str) -> set[str]:
    """Return what must stay as it is: quoted choices, file names, abbreviations, proper names."""
    words = (word.rstrip(".") for word in _WORD.findall(text))
    peculiar = {word for word in words if _PECULIAR.search(word) and not _NUMBER.fullmatch(word)}
    plain = {re.sub(r"(?<=[A-Z])s$", "", word) for word in peculiar}  # LoRAs
    named = {name for name in NAMES if re.search(rf"\b{name}\b", text)}
    return {*_QUOTED.findall(text), *plain, *named}


def _titles(texts: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in TITLES:
        title = texts.get(f"nodeDefs.Drawbridge_{name}.display_name")
        if title:
            found[name] = title.removeprefix("Draw Things ")
    return found


def _field(key: str) -> str:
    """Return what kind of text it is: a name of an input may read otherwise than a sentence."""
    return key.rpartition(".")[2]


def _load(path: Path, part: str) -> dict[str, Any]:
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return found.get(part, {}) if path.name == "main.json" else found


def _flat(prefix: str, tree: Mapping[str, Any]) -> Texts:
    texts: Texts = {}
    for name, value in tree.items():
        key = f"{prefix}.{name}"
        texts |= {key: value} if isinstance(value, str) else _flat(key, value)
    return texts


def _put(tree: dict[str, Any], path: list[str], text: str) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = text


if __name__ == "__main__":
    sys.exit(main())
