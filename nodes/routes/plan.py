"""What a Generate would send if it ran now, and which of its widgets would not count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from ...client.address import Address
from ...client.catalog import lookup, official
from ...client.catalog.lookup import ModelFile
from ...client.catalog.names import find
from ...client.catalog.records import Catalog
from ...client.configuration.fields import SEEDS, GenerationConfig
from ...client.generation.assemble import Wishes, configuration
from ...client.generation.relevance import relevant
from ...client.threads import in_thread
from ...errors import DrawbridgeError, RequestRejected
from ...facts import versions
from ..checks import AUTOMATIC
from ..control import controls_of
from ..generating.widget_fields import FIELDS
from ..generating.widgets import Widgets
from ..servers import specifications
from ..servers.catalogs import SHELF
from ..settings.fields import label
from .chains import Told, follow
from .guard import Answer, Body
from .server import named_server
from .wiring import Wiring

_ADDRESS = str(Address("localhost"))
_APART = ("model", "loras", "controls")
_SHIFTS = ("shift", "resolution_dependent_shift")


@dataclass(frozen=True)
class Plan:
    """The configuration that Generate would send, with what settings say that the model does not
    read; `unknown` are Generate's widgets that only a run knows, `notes` what else is not certain.
    """

    config: GenerationConfig
    told: Told
    other_keys: Mapping[str, object]
    version: str
    unknown: tuple[str, ...]
    notes: tuple[str, ...]


async def overruled(body: Body) -> Answer:
    """Return which widgets of Generate do not count, each with the value that does.

    A value is null where only a run knows it; `by` is the node that it comes from.
    """
    plan = await make(Wiring.of(body))
    return {"wins": _wins(plan), "notes": list(plan.notes)}


async def write(body: Body) -> Answer:
    """Return the text that the app pastes for a Generate and all that is wired to it.

    `notes` name what only a run knows, which is written as it is shown, and what a run would be
    refused for.
    """
    from ...client.configuration import clipboard  # pulls in generated code

    wiring = Wiring.of(body)
    plan = await make(wiring)
    text = await in_thread(lambda: clipboard.write(plan.config, plan.other_keys))
    return {"text": text, "unknown": [*plan.unknown, *sorted(wiring.ends)], "notes": [*plan.notes]}


async def make(wiring: Wiring) -> Plan:
    """Return what would be sent. Raises RequestRejected for widgets that cannot be."""
    catalog = await in_thread(lambda: _catalog(wiring.server))
    model = _model(wiring, catalog)
    told = await follow(wiring.settings, wiring.loras, wiring.controls, model)
    return await in_thread(lambda: _plan(wiring, model, catalog, told))


def _catalog(server: Mapping[str, Any] | None) -> Catalog:
    """Return what is known of the server without asking it."""
    nothing = Catalog(complete=False)
    if server is None:
        return nothing
    try:
        last = SHELF.cache().last(named_server(dict(server)))
    except (DrawbridgeError, KeyError, TypeError, AttributeError):
        return nothing
    return nothing if last is None or last.info.catalog is None else last.info.catalog


def _model(wiring: Wiring, catalog: Catalog) -> ModelFile:
    name = wiring.model
    spec = find(catalog.models, name) or official.known(name)
    if spec is None:
        return ModelFile(name, wiring.version)
    return ModelFile(spec.file, wiring.version or spec.version, spec)


def _plan(wiring: Wiring, model: ModelFile, catalog: Catalog, told: Told) -> Plan:
    generate = wiring.generate
    usual = widgets_of(generate.values).fields(model.file, model.version)
    usual["batch_count"] = int(generate.values.get("batch_count", 1))
    for widget, (name, allowed) in FIELDS.items():
        if name != "seed" and not allowed.bears(usual[name]):
            raise RequestRejected(f"Generate's {widget} is {usual[name]}.", f"Set it to {allowed}.")
    wishes = Wishes(model, "", settings=told.values, usual=usual, loras=told.loras)
    config, notes = configuration(wishes, model), list(told.notes)
    config = replace(config, seed=max(config.seed, -1) if config.seed < 0 else config.seed % SEEDS)
    config = replace(config, controls=(*config.controls, *controls_of(told.hinted)))
    known = replace(
        specifications.catalog(told.loras, told.hinted), models=(model.spec,) if model.spec else ()
    )
    catalog = lookup.beside(known, catalog)
    try:
        config = lookup.with_files(config, model.version, catalog, _ADDRESS)
    except DrawbridgeError as error:
        notes.append(error.on_one_line)
    sent, _ = relevant(config, model.version)
    said: dict[str, Any] = {name: getattr(config, name) for name in told.values}
    config = replace(sent, **said)
    config, keys = _with_kept(config, wiring.kept, told, model.version)
    unknown = tuple(name for name in generate.values if name in generate.unknown)
    return Plan(config, told, keys, model.version, unknown, tuple(notes))


def widgets_of(values: Mapping[str, Any]) -> Widgets:
    """Return what Generate's widgets say; missing ones are as they come. Raises BadRequest."""
    given = Body(values)
    sampler = given.text("sampler", AUTOMATIC)
    return Widgets(
        width=given.whole("width", GenerationConfig.start_width),
        height=given.whole("height", GenerationConfig.start_height),
        steps=given.whole("steps", GenerationConfig.steps),
        guidance=float(given.number("guidance", GenerationConfig.guidance_scale)),
        seed=given.whole("seed", 0),
        sampler="" if sampler == AUTOMATIC else sampler,
        shift=float(given.number("shift", 0.0)),
        batch_size=given.whole("batch_size", 1),
        strength=float(given.number("strength", 1.0)),
    )


def _with_kept(
    config: GenerationConfig, text: str, told: Told, version: str
) -> tuple[GenerationConfig, dict[str, object]]:
    """Return the configuration with what was pasted once and has no place in the graph: values that
    the model does not read, and keys of a newer app.
    """
    from ...client.configuration import clipboard

    keys = dict(told.other_keys)
    if not text.strip():
        return config, keys
    try:
        kept = clipboard.read(text, draw=lambda: 0)
    except DrawbridgeError:  # nobody but the page writes it
        return config, keys
    values: dict[str, Any] = {
        name: value for name, value in kept.values.items() if name not in (*told.values, *_APART)
    }
    _, unread = relevant(replace(config, **values), version)
    taken = {name: value for name, value in values.items() if name in unread}
    if _is_by_size(config, version) and "shift" in values:
        taken["shift"] = values["shift"]
    return replace(config, **taken), {**kept.unknown, **keys}


def _is_by_size(config: GenerationConfig, version: str) -> bool:
    """Return whether the size decides on the shift, and not the number."""
    known = versions.find(version)
    return config.resolution_dependent_shift and (known is None or known.resolution_dependent_shift)


def _wins(plan: Plan) -> dict[str, dict[str, Any]]:
    last = {one.name: one for one in plan.told.said}
    config, known = plan.config, versions.find(plan.version)
    fields = {widget: name for widget, (name, _) in FIELDS.items()}
    fields["sampler"] = "sampler"
    if (
        "guidance_scale" not in last
        and known is not None
        and known.guidance_embed
        and config.speed_up_with_guidance_embed
    ):
        fields["guidance"] = "guidance_embed"  # which is all that such a model reads
    wins: dict[str, dict[str, Any]] = {}
    for widget, name in fields.items():
        if name in last:
            value = _shown(getattr(config, name)) if last[name].known else None
            wins[widget] = {"value": value, "by": last[name].by}
    by_size = _is_by_size(config, plan.version)
    said = [last[name] for name in _SHIFTS if name in last]
    if said and ("shift" in last or by_size):
        value = AUTOMATIC if by_size else config.shift
        sure = all(one.known for one in said)
        wins["shift"] = {"value": value if sure else None, "by": said[0].by}
    return wins


def _shown(value: Any) -> Any:
    return label(value) if isinstance(value, IntEnum) else value
