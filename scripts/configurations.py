"""Says what becomes of configurations: `python scripts/configurations.py FILE OR FOLDER...`.

A file is one configuration, or a list of objects that have one as `configuration` or `text`, as in
tests/vectors; of a folder, every .json below it is read. Each is read, with notes or without, or
refused with its reason; and what is read must be the same after it was written and read again, as
the app's text and as the wire's bytes.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    import checkout

    checkout.register()


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each configuration of a file, or of the files of a folder."""
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            yield from texts(file)
        return
    text = path.read_text(encoding="utf-8")
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = None
    entries = found if isinstance(found, list) else []
    if not entries or not all(isinstance(one, dict) and _parts(one) for one in entries):
        yield str(path), text
        return
    for number, one in enumerate(entries):
        part = _parts(one)
        name = f"{path}: {one.get('name', number)}"
        yield name, part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)


def _parts(entry: dict[str, Any]) -> Any:
    return entry.get("text") or entry.get("configuration")


def outcome(text: str) -> tuple[str, list[str]]:
    """Return what becomes of a text, in a word, and why."""
    from drawbridge.client.configuration import clipboard
    from drawbridge.devtools import configuration_reader
    from drawbridge.errors import RequestRejected

    try:
        imported = clipboard.read(text)
    except RequestRejected as error:
        return "refused", [error.problem]
    config = imported.config()
    again = clipboard.read(clipboard.write(config, imported.unknown))
    if again.config() != config or configuration_reader.read(config.to_bytes()) != config:
        return "changed", ["It is another one when it is written and read again."]
    return ("noted", list(imported.warnings)) if imported.warnings else ("read", [])


def main(places: Sequence[str]) -> int:
    """Print a line for each that is not simply read, and the figures; return 1 if one changed."""
    counts: Counter[str] = Counter()
    for place in places:
        for name, text in texts(Path(place)):
            word, reasons = outcome(text)
            counts[word] += 1
            for reason in reasons:
                sys.stdout.write(f"{word}: {name}: {reason}\n")
    sys.stdout.write(
        f"{counts.total()} configurations: {counts['read'] + counts['noted']} read, of them"
        f" {counts['noted']} with notes; {counts['refused']} refused; {counts['changed']} changed\n"
    )
    return 1 if counts["changed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
