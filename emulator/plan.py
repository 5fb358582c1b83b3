"""Works out beforehand what a job will do: its route, sizes, steps and milestones."""

from __future__ import annotations

import enum
import math
import random
from dataclasses import dataclass

import numpy as np

from ..proto import image_service_pb2 as pb2
from .catalog import Catalog
from .controls import Effects
from .entries import FACE_PARSER, FACE_RESTORER
from .request import Request
from .versions import STAGE_C

_PLMS = 3
_SETTLED_KINDS = np.array([0, 1, 2, 3, 2, 0, 0, 0])


class Route(enum.Enum):
    """Which way a server takes through its generator."""

    TEXT = "text to image"
    IMAGE = "image to image"
    MASK = "image to image under a mask"
    RETURN = "the image itself, only enlarged"
    NOTHING = "no picture"


@dataclass(frozen=True)
class Plan:
    """One job: what it samples, how large, how often, and what it says meanwhile.

    `width`, `height`: pixels of a result before the upscaler. `start` is the first pass's first
    step, so it samples `steps` of `start + steps`; `second_steps` is 0 without a second pass.
    `frames` counts the results.
    """

    route: Route
    width: int
    height: int
    first_width: int
    first_height: int
    start: int
    steps: int
    second_steps: int
    batch: int
    frames: int
    latent_frames: int
    scale: int
    upscales: bool
    restores_faces: bool
    signposts: tuple[pb2.ImageGenerationSignpostProto, ...]


def make_plan(request: Request, effects: Effects, catalog: Catalog) -> Plan:
    """Plan the job of a request that does not crash a server."""
    config = request.config
    route = _choose_route(request, effects)
    from_image = route in (Route.IMAGE, Route.MASK, Route.RETURN)
    width, height = request.width, request.height
    if from_image and request.image is not None:
        height, width = (side // request.scale_factor for side in request.image.shape[1:3])
    start = (
        find_start_step(request, effects, config.strength)
        if route in (Route.IMAGE, Route.MASK)
        else 0
    )
    if route is Route.MASK and request.mask is not None and 1 in _kinds(request.mask):
        start = 0
    hires = hires_applies(request, route)
    second = 0
    if hires:
        second = config.steps - find_start_step(request, effects, config.hiresFixStrength)
    elif request.version.name == STAGE_C and route is not Route.RETURN:
        second = config.stage2Steps
    upscaler = config.upscaler or ""
    upscales = bool(upscaler) and catalog.exists(upscaler)
    scale = _scale(request, catalog, upscaler) if upscales else 1
    restores = config.faceRestoration == FACE_RESTORER and all(
        catalog.exists(name) for name in (FACE_RESTORER, FACE_PARSER)
    )
    steps = config.steps - start
    posts = [_post("textEncoded"), _step_post("sampling", steps), _post("imageDecoded")]
    if route in (Route.IMAGE, Route.MASK) or effects.modifier in (
        "inpainting",
        "editing",
        "double",
    ):
        posts.append(_post("imageEncoded"))
    if second:
        posts += [
            _post("secondPassImageEncoded"),
            _step_post("secondPassSampling", second),
            _post("secondPassImageDecoded"),
        ]
    posts += [_post("faceRestored")] * restores + [_post("imageUpscaled")] * upscales
    # The set has no order on the wire; a fixed shuffle keeps anyone from relying on one.
    random.Random(f"{config.seed} {len(posts)}").shuffle(posts)
    return Plan(
        route=route,
        width=width,
        height=height,
        first_width=config.hiresFixStartWidth * 64 if hires else width,
        first_height=config.hiresFixStartHeight * 64 if hires else height,
        start=start,
        steps=steps,
        second_steps=second,
        batch=1 if request.version.single or route is Route.RETURN else config.batchSize,
        frames=request.version.decoded_frames(config.numFrames),
        latent_frames=request.version.latent_frames(config.numFrames),
        scale=scale,
        upscales=upscales,
        restores_faces=restores,
        signposts=tuple(posts),
    )


def _choose_route(request: Request, effects: Effects) -> Route:
    if request.image is None:
        return Route.NOTHING if request.version.needs_image else Route.TEXT
    if request.version.name == "longcat_video_avatar_v1.5":
        heard = request.hints.get("audio")
        wanted = request.mask is None and heard is not None and len(heard.pictures) == 2
        return Route.TEXT if wanted else Route.NOTHING
    if request.mask is not None and inpaints(request.mask):
        return Route.TEXT if _kinds(request.mask) == {1} else Route.MASK
    if request.config.strength == 0:
        return Route.RETURN
    starts_from_noise = find_start_step(request, effects, request.config.strength) == 0
    if starts_from_noise and not must_fit(request):
        return Route.TEXT
    return Route.IMAGE


def must_fit(request: Request) -> bool:
    """Say whether the version samples from the image at any strength."""
    return request.version.name == "svd_i2v" or request.version.name.startswith("seedvr2")


def samples_from_image(request: Request, effects: Effects) -> bool:
    """Say whether the image's size is the working size, so has to be a multiple of 64 px."""
    if request.image is None:
        return False
    return (
        request.mask is not None
        or must_fit(request)
        or find_start_step(request, effects, request.config.strength) > 0
    )


def _kinds(mask: np.ndarray) -> set[int]:
    """Return the kinds of pixels in a mask: 4 counts as 2, 5 to 7 as 0 (protocol.md 4.3)."""
    low = mask & 7
    return {int(kind) for kind in np.unique(_SETTLED_KINDS[low])}


def inpaints(mask: np.ndarray) -> bool:
    """Say whether a mask tells anything apart; only 0 or only 3 means plain image to image."""
    return _kinds(mask) not in ({0}, {3})


def hires_applies(request: Request, route: Route) -> bool:
    """Say whether there is a first pass at the smaller size."""
    config = request.config
    return (
        config.hiresFix
        and route is Route.TEXT
        and request.version.name != STAGE_C
        and 0 < config.hiresFixStartWidth < config.startWidth
        and 0 < config.hiresFixStartHeight < config.startHeight
    )


def effective_shift(request: Request, effects: Effects) -> float:
    """Return the shift that is used: the configured one, or one computed from the size."""
    config = request.config
    model = request.model or {}
    if (
        config.resolutionDependentShift
        and request.version.resolution_shift
        and not model.get("is_consistency_model")
        and not effects.consistency
    ):
        blocks = config.startWidth * config.startHeight
        return math.exp((blocks * 16 - 256) * 0.65 / 3840 + 0.5)
    return config.shift if 0 < config.shift < 1000 else 1.0


def find_start_step(request: Request, effects: Effects, strength: float) -> int:
    """Return at which step a pass of this strength starts; 0 for pure noise."""
    steps = request.config.steps
    if request.config.sampler == _PLMS:
        return steps - int(strength * steps)
    shift = effective_shift(request, effects)
    left = steps * strength / (shift - (shift - 1) * strength)
    sampled = math.ceil(round(left, 6))  # what floats add to a whole number is no step
    return steps - min(sampled, steps)


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
