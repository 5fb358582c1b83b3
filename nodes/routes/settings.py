"""The page asks what models can do, which settings suit them, and for the app's configurations."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from ...client.catalog import official
from ...client.configuration.fields import GenerationConfig
from ...client.generation import advice
from ...client.generation.relevance import matters_for, reads, relevant
from ...client.generation.sizes import sizes
from ...client.threads import in_thread
from ...facts import versions
from ...facts.app_settings import recommended
from ...facts.model_version import ModelVersion
from ...facts.versions import VERSIONS, takes_lora, takes_refiner
from ..generating.widgets import as_widgets
from ..settings.fields import label
from . import plan
from .guard import Answer, Body


async def model_versions(body: Body) -> Answer:
    """Return what each version can do, what it takes along, and for which ones a field matters."""
    return {
        "versions": {version: _version(known) for version, known in VERSIONS.items()},
        "matters_for": {name: sorted(readers) for name, readers in matters_for().items()},
        "compatible": {
            "loras": {version: _taken(version, _takes_lora) for version in VERSIONS},
            "refiners": {version: _taken(version, takes_refiner) for version in VERSIONS},
        },
    }


def _taken(version: str, takes: Callable[[str, str], bool]) -> list[str]:
    return [other for other in VERSIONS if takes(version, other)]


def _takes_lora(version: str, lora_version: str) -> bool:
    """Return whether a LoRA can take effect, be it on a refiner of the model."""
    return takes_lora(version, lora_version) or takes_refiner(version, lora_version)


def _version(known: ModelVersion) -> dict[str, Any]:
    return {
        "name": known.name,
        "kind": known.kind.value,
        "flow": known.flow,
        "default_size_px": known.default_size_px,
        "sizes": [
            {"label": size.label, "width": size.width, "height": size.height}
            for size in sizes(known.id)
        ],
        "samplers": [sampler.label for sampler in sorted(known.samplers)],
        "needs_image": known.needs_image,
        "guidance_embed": known.guidance_embed,
        "negative_prompt": known.negative_prompt,
        "frames_per_second": known.frames_per_second if known.is_video else 0,
    }


async def recommend(body: Body) -> Answer:
    """Return what suits a model, as Generate's widgets and as settings that are none's default."""
    file, version = body.text("model", "").strip(), body.text("version", "").strip()
    return await in_thread(lambda: _recommend(file, version))


def _recommend(file: str, version: str) -> Answer:
    spec = official.known(file)
    version = version or (spec.version if spec else "")
    if versions.find(version) is None and recommended(file, version) is None:
        return {"widgets": {}, "settings": {}}
    values = advice.advise(file, version, spec)
    widgets, rest, _ = as_widgets(values, file, version)
    defaults = GenerationConfig()
    others = {name: value for name, value in rest.items() if value != getattr(defaults, name)}
    return {"widgets": widgets, "settings": {name: _plain(value) for name, value in others.items()}}


def _official_version(file: str) -> str:
    spec = official.known(file)
    return spec.version if spec else ""


async def read_configuration(body: Body) -> Answer:
    """Return the app's text as Generate's widgets, a model, LoRAs, and the names of what is left.

    `version` is that of `model`, which is wired; it does not count where the text names another
    model. What is left are fields that are not as Generate would send them anyway, and that the
    model reads; `rest_text` is the part of the text that says them, "" if there are none.
    `kept_text` says what has no effect with this model, and what a newer app says: a copy has it
    again.
    """
    text, version, model = body.text("text"), body.text("version", ""), body.text("model", "")
    return await in_thread(lambda: read(text, version, model))


async def read_picture(body: Body) -> Answer:
    """Return what `read_configuration` does for the description in a picture of the app, with its
    `text` and its `prompts`: Generate's widgets, none where it tells no prompt.

    `data` is the PNG in base64, of which the chunks that tell something are enough.
    """
    data, version, model = body.text("data"), body.text("version", ""), body.text("model", "")
    return await in_thread(lambda: _read_picture(data, version, model))


def _read_picture(data: str, version: str, model: str) -> Answer:
    from ...client.configuration import json_text, picture_file
    from ...client.configuration.picture_metadata import NEGATIVE_PROMPT, PROMPT

    try:
        text = picture_file.description(base64.b64decode(data, validate=True))
    except ValueError:  # no base64, so no picture
        text = picture_file.description(b"")
    said, told = json_text.texts(text), read(text, version, model)
    if PROMPT not in said:
        return {**told, "text": text, "prompts": {}}
    taken = json_text.prompts(said)
    return {
        **told,
        "text": text,
        "prompts": {"prompt": said[PROMPT], "negative_prompt": said.get(NEGATIVE_PROMPT, "")},
        "warnings": [words for words in told["warnings"] if words not in taken],
    }


def read(text: str, version: str, wired: str = "") -> Answer:
    """Return what `read_configuration` does, with the `version` that counts; `wired` is the model
    that the given one is of. Raises RequestRejected for no configuration.
    """
    from ...client.configuration import clipboard

    imported = clipboard.read(text)
    values = dict(imported.values)
    model = str(values.pop("model", ""))
    loras: Any = values.pop("loras", ())
    if wired and model not in ("", wired):
        version = ""  # that of another model, which does not read the same settings
    version = version or _official_version(model)
    widgets, rest, warnings = as_widgets(values, model, version)
    config, defaults = imported.config(), GenerationConfig()
    _, unread = relevant(config, version)
    usual = plan.widgets_of(widgets).fields(model, version)

    def changes(name: str) -> bool:
        default = getattr(defaults, name)
        if name in unread or (rest[name] == default and not reads(version, name)):
            return False
        return rest[name] != usual.get(name, default)

    left = [name for name in rest if changes(name)]
    said = clipboard.part(config, left)
    kept = [name for name in unread if name in imported.values]
    if widgets.get("shift") == 0:  # the size decides, and the app still shows the number
        kept += [name for name in ("shift",) if name in values]
    silent = {**clipboard.part(config, kept), **imported.unknown}
    silent = {**clipboard.part(config, ["id"]), **silent} if silent else {}  # never unknown alone
    return {
        "widgets": widgets,
        "model": model,
        "version": version,
        "loras": [
            {"file": lora.file, "weight": lora.weight, "mode": lora.mode.name.lower()}
            for lora in loras
        ],
        "rest": left,
        "rest_text": json.dumps(said, ensure_ascii=False, indent=2) if said else "",
        "kept_text": json.dumps(silent, ensure_ascii=False) if silent else "",
        "warnings": [*imported.warnings, *warnings],
    }


def _plain(value: Any) -> Any:
    return label(value) if isinstance(value, IntEnum) else value
