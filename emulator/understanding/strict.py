"""Says what of a request would crash a real server, and what it would silently ignore.

The crashes are those of docs/protocol.md 4.8.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...facts import modifiers
from ...facts.hints import AUDIO
from ...facts.samplers import LINEAR
from ...facts.sizes import BLOCK_PX
from ...facts.versions import reads_alpha
from ..stock.catalog import Catalog
from ..stock.entries import FACE_RESTORER
from .effects import Effects
from .mask import inpaints
from .plan import Plan, Route
from .planner import hires_applies, samples_from_image
from .request import Hint, Request
from .schedule import find_start

_MOST_PIXELS = 1 << 28


def find_crash(request: Request, effects: Effects) -> str | None:
    """Return what a real server would crash on, or None."""
    return next(_crashes(request, effects), None)


def _crashes(request: Request, effects: Effects) -> Iterator[str]:
    config = request.config
    if not 0 <= config.strength <= 1:
        yield f"strength {config.strength:g} is outside of 0 to 1"
        return
    if config.hiresFix and not 0 <= config.hiresFixStrength <= 1:
        yield f"hires_fix_strength {config.hiresFixStrength:g} is outside of 0 to 1"
        return
    if config.batchSize == 0:
        yield "batch_size is 0"
    if config.steps == 0:
        yield "steps is 0"
        return
    if config.steps == 1 and config.sampler in LINEAR:
        yield f"1 step with sampler {config.sampler}, which divides by steps - 1"
    if max(config.startWidth, config.startHeight, config.batchSize) > 128:
        yield f"{config.batchSize} of {request.width} x {request.height} do not fit into memory"
    if request.image is None and (config.startWidth == 0 or config.startHeight == 0):
        yield f"a size of {request.width} x {request.height} without an image"
    if request.image is not None:
        yield from _image_crashes(request, effects, request.image)
    yield from _hint_crashes(request, effects)


def _channels(request: Request, effects: Effects) -> tuple[int, ...]:
    """Return how many channels pictures that are read may have (docs/protocol.md 4.2)."""
    return (3, 4) if reads_alpha(request.version.id, effects.modifier) else (3,)


def _image_crashes(request: Request, effects: Effects, image: np.ndarray) -> Iterator[str]:
    if request.scale_factor < 1:
        yield f"scaleFactor {request.scale_factor} with an image"
        return
    if image.ndim != 4 or image.shape[3] not in _channels(request, effects):
        yield f"an image of shape {list(image.shape)} instead of [1, height, width, 3]"
        return
    height, width = image.shape[1:3]
    unit = BLOCK_PX * request.scale_factor
    if samples_from_image(request) and (width % unit or height % unit or not width or not height):
        yield f"an image of {width} x {height}, no multiple of {unit}, that sampling starts from"
    mask = request.mask
    if mask is None:
        return
    if mask.shape != (height // request.scale_factor, width // request.scale_factor):
        yield f"a mask of shape {list(mask.shape)} with an image of {width} x {height}"


def _hint_crashes(request: Request, effects: Effects) -> Iterator[str]:
    used = [hint for kind, hint in request.hints.items() if kind in effects.reads and hint.pictures]
    for hint in used:
        for picture in hint.pictures:
            shape = list(picture.shape)
            if hint.kind == "scribble" and picture.dtype != np.float16:
                yield f"a scribble of {picture.dtype} instead of float16"
            elif hint.kind == "scribble" and picture.ndim != 4:
                yield f"a scribble of shape {shape} instead of [1, height, width, 3]"
            elif hint.kind == "depth" and (picture.ndim != 4 or picture.shape[3] != 1):
                yield f"a depth hint of shape {shape} instead of [1, height, width, 1]"
            elif hint.kind in ("custom", "pose", "color", "shuffle") and (
                picture.ndim != 4
                or picture.shape[3]
                not in (_channels(request, effects) if hint.kind == "shuffle" else (3,))
            ):
                yield f"a hint '{hint.kind}' of shape {shape} instead of [1, height, width, 3]"
        if hint.kind == "pose":
            yield from _pose_crashes(request, hint)
    if (
        effects.modifier == "depth"
        and not request.version.depth_variant
        and (request.image is not None or "depth" in request.hints)
    ):
        yield f"the modifier depth on version {request.version.id}, which has no such variant"


def _pose_crashes(request: Request, hint: Hint) -> Iterator[str]:
    """Compare poses with the passes: the first is for the first pass, the last for what follows."""
    first, last = hint.pictures[0], hint.pictures[-1]
    wanted = [(first, request.width, request.height)]
    if request.image is not None and samples_from_image(request):
        height, width = (side // request.scale_factor for side in request.image.shape[1:3])
        wanted = [(last, width, height)]
    elif hires_applies(request, Route.TEXT):
        config = request.config
        small = (first, config.hiresFixStartWidth * BLOCK_PX, config.hiresFixStartHeight * BLOCK_PX)
        wanted = [small, (last, request.width, request.height)]
    for picture, width, height in wanted:
        if picture.shape[1:3] != (height, width):
            yield f"a pose of {picture.shape[2]} x {picture.shape[1]} for {width} x {height}"


def find_crash_of_plan(plan: Plan) -> str | None:
    """Return what a real server would crash on once it knows the job, or None."""
    if plan.route is not Route.NOTHING and not (plan.width and plan.height):
        return f"a picture of {plan.width} x {plan.height}"
    pictures = max(plan.frames, plan.batch)
    if plan.width * plan.height * plan.scale**2 * pictures > _MOST_PIXELS:
        return f"{pictures} pictures of {plan.width} x {plan.height} do not fit into memory"
    return None


def find_ignored(request: Request, effects: Effects, plan: Plan, catalog: Catalog) -> list[str]:
    """Return everything that a real server would pass over in silence, as clauses."""
    return [
        *request.remarks,
        *effects.remarks,
        *_ignored_settings(request, plan),
        *_ignored_files(request, plan, catalog),
        *_ignored_pictures(request, effects, plan),
    ]


def _ignored_settings(request: Request, plan: Plan) -> Iterator[str]:
    config, version = request.config, request.version
    if config.batchCount != 1:
        yield f"batch_count {config.batchCount} is the client's business, so one batch is made"
    if version.single and config.batchSize > 1:
        yield f"batch_size {config.batchSize} is 1 for version {version.id}"
    if config.sampler not in version.samplers:
        yield f"sampler {config.sampler} does not fit version {version.id}"
    if version.is_video and plan.frames != config.numFrames:
        yield f"num_frames {config.numFrames} gives {plan.frames} frames"
    if config.hiresFix and (plan.first_width, plan.first_height) == (plan.width, plan.height):
        yield _hires_reason(request, plan)
    if config.usesSolAttention and not version.sol_attention:
        yield f"uses_sol_attention is switched off for version {version.id}"
    cached = version.tea_cache or request.model.get("tea_cache_coefficients")
    if config.teaCache and not cached:
        yield f"tea_cache does not exist for version {version.id}"
    configured = (request.width, request.height)
    if plan.route is not Route.NOTHING and configured != (plan.width, plan.height):
        yield (
            f"the size {request.width} x {request.height} does not count, "
            f"the result is as large as the image: {plan.width} x {plan.height}"
        )


def _hires_reason(request: Request, plan: Plan) -> str:
    if plan.route is not Route.TEXT:
        return "hires_fix does not act on an image"
    if request.version.two_stages:
        return f"hires_fix does not act on version {request.version.id}"
    if find_start(request, request.config.hiresFixStrength).from_noise:
        return "hires_fix at full strength would be a second start from noise"
    return "hires_fix needs both of its sizes above 0 and below the picture's"


def _ignored_files(request: Request, plan: Plan, catalog: Catalog) -> Iterator[str]:
    config = request.config
    if config.upscaler and not plan.upscales:
        yield f"upscaler '{config.upscaler}' is not there, so it is ignored"
    if (
        plan.upscales
        and catalog.find("upscalers", config.upscaler or "", request.override["upscalers"]) is None
    ):
        yield f"upscaler '{config.upscaler}' has no specification, so its factor is guessed"
    if config.faceRestoration and not plan.restores_faces:
        yield f"face restorer '{config.faceRestoration}' is not '{FACE_RESTORER}', so it is ignored"


def _ignored_pictures(request: Request, effects: Effects, plan: Plan) -> Iterator[str]:
    if plan.route is Route.NOTHING:
        yield (
            f"version {request.version.id} lacks a picture it needs, or has a mask or a sound"
            " that it does not take, so no picture comes back"
        )
    if request.mask is not None and request.image is None:
        yield "a mask without an image is ignored"
    elif request.mask is not None and not inpaints(request.mask, transparent=effects.transparent):
        yield "the mask has but one kind of pixel, which repaints nothing in particular"
    if request.image is not None and plan.route is Route.TEXT and "image" not in effects.reads:
        yield "the image is not used: strength is 1 and neither the model nor a control reads it"
    if request.image is None and request.config.colorCalibration:
        yield "color_calibration has no image whose colours it could match"
    shuffles = request.hints.get("shuffle")
    if shuffles is not None and modifiers.find(effects.modifier).last_frame:
        used = sum(weight > 0 for weight in shuffles.weights)
        if used > 1:
            yield f"of {used} pictures of hint 'shuffle' all but the first are dropped"
    for kind in request.hints:
        if kind == AUDIO:
            yield "hint 'audio' becomes float16, which nothing takes for sound"
        elif kind not in effects.reads:
            yield f"hint '{kind}' is read by nothing in this request"
