"""The command generate: pictures from words, straight into PNG files."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..client.catalog.lookup import beside
from ..client.catalog.records import Catalog
from ..client.threads import in_thread
from ..errors import ModelUnavailable, ServerBusy, ServerUnreachable
from . import pictures, request
from .command import Command
from .connection import chosen, each_way, endpoint, open_client, timeout_seconds
from .generating import configuration, presets, steering, wishes, words
from .generating.options import add_options
from .generating.previews import Previews
from .outcome import OK
from .output import Output

if TYPE_CHECKING:
    from ..client.client import DrawThingsClient
    from ..client.generation.request import GenerationRequest
    from ..client.pool.member import Member
    from .generating.plan import Plan


async def generate(options: argparse.Namespace, output: Output) -> int:
    """Generate, and write what comes. When the task is cancelled the server stops, too."""
    given = await in_thread(lambda: configuration.read(options))
    spec = request.read_specification(options)
    prompts, seeds = words.prompts(options, given), wishes.seeds(options, given)
    preset = await in_thread(lambda: presets.find(options))
    specified = steering.specified(options)
    wishes.check(options, given, preset, spec)
    pictures.check_place(options.out)
    previews = Previews.wanted(options.preview)
    await in_thread(lambda: pictures.require())
    everyone = await each_way(options)

    async def at(one: argparse.Namespace, planned: list[Plan], demand_all: bool) -> int:
        from .generating import plan

        async with open_client(one, output) as client:
            catalog = await client.catalog(timeout_seconds=timeout_seconds(options))
            model = await wishes.model(client, catalog, options, given, preset, spec)
            known = beside(specified, catalog)
            wanted = await in_thread(
                lambda: wishes.read(options, given, preset, model, specified, known)
            )
            made = await plan.make(client, wanted, catalog, prompts, seeds, demand_all=demand_all)
            planned.append(made)
            for note in (*given.warnings, *planned[0].notes):
                output.note(note)
            return await _run(one, everyone, client, catalog, planned[0], previews, output)

    # Of several servers one that has all that is wished makes the plan, if there is one.
    turns = [(one, False) for one in everyone]
    if len(everyone) > 1:
        turns = [(one, True) for one in everyone] + turns
    away: list[argparse.Namespace] = []
    for turn, (one, demand_all) in enumerate(turns, 1):
        planned: list[Plan] = []
        if one in away and turn < len(turns):
            continue
        try:
            return await at(one, planned, demand_all)
        except (ServerUnreachable, ServerBusy, ModelUnavailable) as error:
            if planned or turn == len(turns):
                raise
            if isinstance(error, ModelUnavailable) and demand_all:
                continue  # the last word on it has not been spoken
            away.append(one)
            output.note(f"Left out: {_name(one)}. {error.problem}")
    raise AssertionError("there is always a server")


async def _run(
    options: argparse.Namespace,
    everyone: Sequence[argparse.Namespace],
    client: DrawThingsClient,
    catalog: Catalog,
    planned: Plan,
    previews: Previews | None,
    output: Output,
) -> int:
    from .generating.files import Files
    from .generating.run import Run

    files = Files(options.out, planned.pictures)
    run = Run(client, catalog, planned, files, output)
    if len(everyone) > 1 or chosen(options).at_once > 1:
        from .generating.shared_run import SharedRun

        run = SharedRun(client, catalog, planned, files, output)
        run.members = [_member(one, output) for one in everyone]
    try:
        failure = await run.run(
            skip=options.skip_existing,
            keep_going=options.keep_going,
            metadata=not options.no_metadata,
            previews=previews,
        )
    except asyncio.CancelledError:
        output.keep(**_summary(planned.first), **run.found())
        for sentence in run.sentences():
            output.note(sentence)
        raise
    for sentence in run.sentences():
        output.note(sentence)
    if failure is not None:
        return output.error(failure, **_summary(planned.first), **run.found())
    output.result(**_summary(planned.first), **run.found())
    return OK


def _member(options: argparse.Namespace, output: Output) -> Member:
    from ..client.pool.member import Member

    return Member(_name(options), lambda: open_client(options, output), chosen(options).at_once)


def _name(options: argparse.Namespace) -> str:
    """Return how a person knows one of several servers."""
    name = getattr(options, "server", None)
    at = getattr(options, "at", "")
    if name is None:
        return endpoint(options, signed=False).address
    return f"{name} at {at}" if at else name


def _summary(wanted: GenerationRequest) -> dict[str, Any]:
    config = wanted.config
    return {
        "model": config.model,
        "version": wanted.version,
        "width": config.start_width,
        "height": config.start_height,
        "steps": config.steps,
        "guidance": config.guidance_scale,
        "sampler": config.sampler.label,
        "seed": config.seed,
    }


COMMAND = Command("generate", "make pictures and write them as PNG", generate, add_options)
