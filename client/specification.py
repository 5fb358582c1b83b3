"""A model's specification as a person gives it: checked, as a server drops a bad one silently."""

from __future__ import annotations

import json

from ..errors import RequestRejected
from .catalog import Catalog, ModelSpec, missing_keys

_REMEDY = (
    "Paste the JSON object of the model, as custom.json of Draw Things has it between its outermost"
    " brackets."
)


def read_model(text: str) -> ModelSpec:
    """Return the specification that a JSON object is; a list of one object is taken for it.

    Raises RequestRejected with the keys that are missing or of another type than a server reads
    (protocol.md 1.4).
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise RequestRejected(f"The specification is not JSON{where}.", _REMEDY) from error
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise RequestRejected("The specification is not one JSON object.", _REMEDY)
    raw = json.dumps(value, separators=(",", ":"))
    missing = missing_keys("models", raw)
    if missing:
        raise RequestRejected(
            f"The specification lacks {', '.join(missing)}, and a server would ignore it.",
            "Add what is missing.",
        )
    wrong = [f"{key} ({kind})" for key, kind in _wrong(value)]
    if wrong:
        raise RequestRejected(
            f"The specification has values of another type than a server reads:"
            f" {', '.join(wrong)}.",
            "Give them as they are named in brackets.",
        )
    [spec] = Catalog.from_json(models=f"[{raw}]".encode()).models or [None]
    if spec is None:
        raise RequestRejected("The specification has an empty file or version.", _REMEDY)
    return spec


def _wrong(value: dict[str, object]) -> list[tuple[str, str]]:
    """Return keys of another type, and the type it should be."""
    found = []
    for key, entry in value.items():
        plain = key.replace("_", "").lower()
        if plain in ("name", "file", "prefix", "version") and not isinstance(entry, str):
            found.append((key, "text"))
        if plain == "upcastattention" and not isinstance(entry, bool):
            found.append((key, "true or false"))
        is_size = isinstance(entry, int) and not isinstance(entry, bool) and 0 < entry < 1 << 16
        if plain == "defaultscale" and not is_size:
            found.append((key, "a whole number of 64 pixels, such as 8 or 16"))
    return found
