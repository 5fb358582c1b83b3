"""The page asks which presets there are for a model, takes one, and manages those of the person."""

from __future__ import annotations

import json
from typing import Any

from ...client.catalog import official
from ...client.catalog.lookup import ModelFile
from ...client.configuration.fields import GenerationConfig
from ...client.configuration.preset import Preset, of_text
from ...client.generation import presets
from ...client.store.presets import SavedPresets
from ...client.threads import in_thread
from ...facts import app_presets, versions
from ...facts.app_settings import recommended
from .. import host
from ..settings.presets import chosen, own_presets
from .guard import Answer, Body
from .settings import read


async def offered(body: Body) -> Answer:
    """Return the presets that go with a model, each with its name and what it sets, in short.

    First what the app recommends, which has no name; then the app's with LoRAs, and one's own:
    those for this model before those for any, and for others at the end.
    """
    file, version = body.text("model", "").strip(), body.text("version", "")
    return await in_thread(lambda: {"presets": _offered(_model(file, version))})


async def take(body: Body) -> Answer:
    """Return a preset for a model as a configuration that was read, with its negative prompt.

    `drops` are LoRAs that it replaces: those of the app's other presets; null for all. So are the
    negative prompts of `stale` where it has none.
    """
    name, file, version = (
        body.text("name", ""),
        body.text("model", "").strip(),
        body.text("version", ""),
    )

    def taken() -> Answer:
        preset = chosen(name, _model(file, version))
        told = read(json.dumps(preset.configuration()), version, file)
        told["widgets"].pop("seed", None)  # which is the person's own
        told["warnings"] = [one for one in told["warnings"] if "seed" not in one]
        is_own = name.strip() and preset in own_presets()
        drops = None if is_own else sorted(app_presets.loras())
        stale = sorted({*app_presets.negative_prompts().values()})
        about = {"name": preset.name, "negative_prompt": preset.negative_prompt, "drops": drops}
        return {**told, **about, "stale": stale}

    return await in_thread(lambda: taken())


async def save(body: Body) -> Answer:
    """Save a configuration's text, or a preset's file, under a name, and say what it lost.

    Without `name` its own counts, and `otherwise` where it has none.
    """
    text, name, otherwise = body.text("text"), body.text("name", ""), body.text("otherwise", "")
    negative = body.text("negative_prompt") if "negative_prompt" in body else None

    def keep() -> Answer:
        preset = of_text(text, name, negative, otherwise)
        SavedPresets(host.user_folder()).put(preset)
        return {"name": preset.name, "names": _names(), "warnings": [*preset.warnings]}

    return await in_thread(lambda: keep())


async def remove(body: Body) -> Answer:
    """Forget a preset."""
    name = body.text("name")

    def forget() -> Answer:
        SavedPresets(host.user_folder()).remove(name)
        return {"names": _names()}

    return await in_thread(lambda: forget())


async def share(body: Body) -> Answer:
    """Return the file's text of one's own preset, which the app pastes."""
    name = body.text("name")
    found = await in_thread(lambda: SavedPresets(host.user_folder()).find(name))
    return {"name": found.name, "text": await in_thread(lambda: found.text())}


def _names() -> list[str]:
    return [one.name for one in own_presets()]


def _model(file: str, version: str) -> ModelFile:
    spec = official.known(file)
    return ModelFile(file, version or (spec.version if spec else ""), spec)


def _offered(model: ModelFile) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    known = versions.find(model.version) is not None
    if known or recommended(model.file, model.version) is not None:
        best = presets.recommended(model.file, model.version, model.spec)
        rows.append(_row("recommended", "", best))
    rows += [_row("app", one.name, one) for one in presets.with_loras(model.file, model.spec)]
    own = own_presets()
    fitting = [one for one in own if one.model in ("", model.file)]
    rows += [_row("own", one.name, one) for one in sorted(fitting, key=lambda one: not one.model)]
    rows += [_row("other", one.name, one) for one in own if one not in fitting]
    return rows


def _row(kind: str, name: str, preset: Preset) -> dict[str, Any]:
    config = GenerationConfig(**preset.values)
    return {
        "kind": kind,
        "name": name,
        "model": preset.model,
        "steps": config.steps,
        "guidance": config.guidance_scale,
        "loras": len(preset.loras),
        "negative_prompt": bool(preset.negative_prompt),
    }
