"""Works out beforehand what a job will do."""

from __future__ import annotations

import random

from ...facts import modifiers
from ...facts.hints import AUDIO
from ...facts.sizes import BLOCK_PX
from ...proto import image_service_pb2 as pb2
from ..stock.catalog import Catalog
from ..stock.entries import FACE_PARSER, FACE_RESTORER
from .effects import Effects
from .mask import inpaints, kinds
from .plan import Plan, Route
from .request import Request
from .schedule import find_second_stage_start, find_start

_FROM_IMAGE = frozenset({Route.IMAGE, Route.MASK, Route.RETURN})


def make_plan(request: Request, effects: Effects, catalog: Catalog) -> Plan:
    """Plan the job of a request that does not crash a server."""
    config = request.config
    route = _choose_route(request, effects)
    width, height = request.width, request.height
    if route in _FROM_IMAGE and request.image is not None:
        height, width = (side // request.scale_factor for side in request.image.shape[1:3])
    start = find_start(request, config.strength).step if route in _FROM_IMAGE else 0
    if route is Route.MASK and samples_noise(request, effects):
        start = 0
    hires = hires_applies(request, route)
    second = _second_steps(request, route, hires)
    upscaler = config.upscaler or ""
    upscales = bool(upscaler) and catalog.exists(upscaler)
    scale = _scale(request, catalog, upscaler) if upscales else 1
    restores = config.faceRestoration == FACE_RESTORER and all(
        catalog.exists(name) for name in (FACE_RESTORER, FACE_PARSER)
    )
    steps = config.steps - start
    posts = [_post("textEncoded"), _step_post("sampling", steps), _post("imageDecoded")]
    if route in _FROM_IMAGE or modifiers.find(effects.modifier).always_encodes:
        posts.append(_post("imageEncoded"))
    if second is not None:
        posts += [_post("secondPassImageEncoded"), _step_post("secondPassSampling", second)]
        posts += [_post("secondPassImageDecoded")] * (route not in _FROM_IMAGE)
    posts += [_post("faceRestored")] * restores + [_post("imageUpscaled")] * upscales
    # The set has no order on the wire; a fixed shuffle keeps anyone from relying on one.
    random.Random(f"{config.seed} {len(posts)}").shuffle(posts)
    return Plan(
        route=route,
        width=width,
        height=height,
        first_width=config.hiresFixStartWidth * BLOCK_PX if hires else width,
        first_height=config.hiresFixStartHeight * BLOCK_PX if hires else height,
        start=start,
        steps=steps,
        second_steps=second or 0,
        batch=1 if request.version.single or route is Route.RETURN else config.batchSize,
        frames=request.version.frames(config.numFrames),
        latent_frames=request.version.latent_frames(config.numFrames),
        scale=scale,
        upscales=upscales,
        restores_faces=restores,
        signposts=tuple(posts),
    )


def _choose_route(request: Request, effects: Effects) -> Route:
    if lacks_input(request):
        return Route.NOTHING
    if request.image is None:
        return Route.TEXT
    if request.mask is not None and inpaints(request.mask, transparent=effects.transparent):
        return Route.TEXT if kinds(request.mask) == {1} else Route.MASK
    start = find_start(request, request.config.strength)
    if start.from_noise and not must_fit(request):
        return Route.TEXT
    # Too little strength for a single step is as good as none.
    return Route.RETURN if start.sampled == 0 or request.config.strength == 0 else Route.IMAGE


def lacks_input(request: Request) -> bool:
    """Return whether what is given, or is not, leaves the result empty (docs/protocol.md 4.4, 4.6).

    A sound always does: the service makes it float16, and the generator wants float32 (16.6).
    """
    version, heard = request.version, request.hints.get(AUDIO)
    if version.needs_image and request.image is None:
        return True
    if version.forbids_mask and request.mask is not None:
        return True
    return heard is not None


def must_fit(request: Request) -> bool:
    """Return whether the version samples from the image at any strength."""
    return request.version.starts_from_image


def samples_from_image(request: Request) -> bool:
    """Return whether the image's size is the working size, so has to be a multiple of 64 px."""
    if request.image is None:
        return False
    return (
        request.mask is not None
        or must_fit(request)
        or not find_start(request, request.config.strength).from_noise
    )


def samples_noise(request: Request, effects: Effects) -> bool:
    """Return whether the mask has an area that starts from pure noise, which takes every step."""
    return request.mask is not None and not effects.transparent and 1 in kinds(request.mask)


def hires_applies(request: Request, route: Route) -> bool:
    """Return whether there is a first pass at the smaller size."""
    config = request.config
    return (
        config.hiresFix
        and route is Route.TEXT
        and not request.version.two_stages
        and 0 < config.hiresFixStartWidth < config.startWidth
        and 0 < config.hiresFixStartHeight < config.startHeight
        and not find_start(request, config.hiresFixStrength).from_noise
    )


def _second_steps(request: Request, route: Route, hires: bool) -> int | None:
    """Return how many steps a second pass samples, or None where there is none."""
    config = request.config
    if hires:
        return find_start(request, config.hiresFixStrength).sampled
    if not request.version.two_stages:
        return None
    if route in _FROM_IMAGE:
        return find_second_stage_start(request, config.strength).sampled
    return config.stage2Steps


def _scale(request: Request, catalog: Catalog, upscaler: str) -> int:
    if request.config.upscalerScaleFactor in (2, 4):
        return request.config.upscalerScaleFactor
    entry = catalog.find("upscalers", upscaler, request.override["upscalers"])
    factor = entry["scale_factor"] if entry else 4
    return factor if isinstance(factor, int) else 4


def _post(name: str) -> pb2.ImageGenerationSignpostProto:
    post = pb2.ImageGenerationSignpostProto()
    getattr(post, name).SetInParent()
    return post


def _step_post(name: str, step: int) -> pb2.ImageGenerationSignpostProto:
    post = pb2.ImageGenerationSignpostProto()
    getattr(post, name).step = step
    getattr(post, name).SetInParent()
    return post
