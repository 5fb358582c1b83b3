"""What must not be sent: inputs that crash a server's process, or that it ignores in silence
(docs/protocol.md 4).
"""

from __future__ import annotations

import numpy as np

from ...codec.finite import is_finite
from ...errors import RequestRejected
from ...facts import hints, modifiers, versions
from ...facts.sizes import BLOCK_PX
from ..catalog.specification import missing_keys
from .request import GenerationRequest, Hint


def check(request: GenerationRequest) -> None:
    """Raise RequestRejected for what crashes a server or what it ignores in silence."""
    request.config.check()
    if request.image is not None:
        _check_image(request)
    if request.mask is not None:
        _check_mask(request)
    _check_versions(request)
    _check_depth_model(request)
    _check_hints(request)
    _check_specifications(request)


def sized_by_image(request: GenerationRequest) -> bool:
    """Return whether the picture gets the size of the image, not the configured one.

    See docs/protocol.md 4.2.
    """
    return request.image is not None and versions.sized_by_image(
        request.version, request.config.strength, request.mask is not None
    )


def _check_image(request: GenerationRequest) -> None:
    image = request.image
    assert image is not None
    _check_floating(image, "image")
    if image.ndim != 4 or image.shape[3] not in _channels(request) or not all(image.shape):
        raise RequestRejected(
            f"The image has the shape {list(image.shape)}, not [1, height, width, 3].",
            "Give an image without alpha; put its alpha into a mask.",
        )
    known = versions.find(request.version)
    several = known is not None and known.several_input_frames
    if image.shape[0] != 1 and not several:
        raise RequestRejected(
            f"The image is a batch of {image.shape[0]}, and this model takes one.",
            "Give one image for each generation.",
        )
    if sized_by_image(request):
        _check_image_size(request, image.shape[2], image.shape[1])


def _channels(request: GenerationRequest) -> tuple[int, ...]:
    """Return how many channels an image or a reference may have (docs/protocol.md 4.2)."""
    return (3, 4) if versions.reads_alpha(request.version, request.modifier) else (3,)


def _check_image_size(request: GenerationRequest, width: int, height: int) -> None:
    wanted = (request.config.start_width, request.config.start_height)
    remedy = f"Resize and crop it to {wanted[0]} x {wanted[1]}."
    if height % BLOCK_PX or width % BLOCK_PX:
        raise RequestRejected(
            f"The image is {width} x {height} pixels, not multiples of 64, which crashes a server.",
            remedy,
        )
    if (width, height) != wanted:
        raise RequestRejected(
            f"The image is {width} x {height} pixels, and so would be the result, not"
            f" {wanted[0]} x {wanted[1]}.",
            remedy,
        )


def _check_mask(request: GenerationRequest) -> None:
    mask, image = request.mask, request.image
    assert mask is not None
    if image is None:
        raise RequestRejected(
            "There is a mask without an image, which a server ignores.",
            "Give the image that the mask belongs to, or remove the mask.",
        )
    if mask.dtype != np.uint8 or mask.ndim != 2:
        raise RequestRejected(
            f"The mask is {mask.dtype} of the shape {list(mask.shape)}, not uint8 [height, width].",
            "Give one mask for the image.",
        )
    if mask.shape != image.shape[1:3]:
        raise RequestRejected(
            f"The mask is {mask.shape[1]} x {mask.shape[0]} pixels, the image"
            f" {image.shape[2]} x {image.shape[1]}, which crashes a server.",
            "Resize the mask to the image's size.",
        )
    kinds = mask & 7
    lowest, highest = (kinds.min(), kinds.max()) if kinds.size else (0, 0)
    if highest > 4:
        raise RequestRejected(
            f"The mask has the value {int(mask.max())}, which no server reads as white or black.",
            "Use 3 for what is kept and 2 for what is repainted.",
        )
    if lowest == highest and lowest in (0, 3):
        raise RequestRejected(
            "The mask is all black: it repaints nothing.", "Paint white what is to change."
        )


def _check_versions(request: GenerationRequest) -> None:
    known = versions.find(request.version)
    if known is not None:
        if known.needs_image and request.image is None:
            raise RequestRejected(f"{known.name} needs an image.", "Give the image to start from.")
        if known.forbids_mask and request.mask is not None:
            raise RequestRejected(
                f"{known.name} takes no mask: with one no picture comes back.", "Remove the mask."
            )


def _check_depth_model(request: GenerationRequest) -> None:
    known = versions.find(request.version)
    if request.modifier != "depth" or known is None or known.depth_variant:
        return
    if request.image is not None or any(hint.type == "depth" for hint in request.hints):
        raise RequestRejected(
            f"{known.name} has no depth variant, and a depth LoRA or model of it crashes a server.",
            "Remove the depth LoRA, or choose another model.",
        )


def _check_hints(request: GenerationRequest) -> None:
    seen: set[str] = set()
    for hint in request.hints:
        if hint.type in hints.types() - hints.read_types():
            raise RequestRejected(
                f"A hint of the type {hint.type!r} is read by no server.",
                "Send its picture as the type 'custom'.",
            )
        if hint.type not in hints.types():
            raise RequestRejected(
                f"A hint of the type {hint.type!r} is not known to a server.",
                f"Use one of {', '.join(sorted(hints.read_types()))}.",
            )
        if hint.type in seen:
            raise RequestRejected(
                f"There are two hints of the type {hint.type!r}, of which a"
                " server reads the first.",
                "Send one, with all its pictures.",
            )
        seen.add(hint.type)
        if not hint.tensors:
            raise RequestRejected(
                f"The hint {hint.type!r} has no picture.", "Give a picture or remove the hint."
            )
        _check_hint(request, hint)
    if request.hints and not request.config.controls and not _reads_hints(request, seen):
        raise RequestRejected(
            f"There is a hint ({', '.join(sorted(seen))}) but no control that reads it.",
            "Add the control, or remove the hint.",
        )


def _reads_hints(request: GenerationRequest, types: set[str]) -> bool:
    """Return whether the model itself reads one of the hints, or too little is known to say no."""
    if request.override.model(request.config.model) is None:
        return True
    if "shuffle" in types and versions.reads_references(request.version, request.modifier):
        return True
    kind = modifiers.find(request.modifier).hint
    return bool(kind) and bool({*hints.KINDS[kind].controlnet, "custom"} & types)


def _check_hint(request: GenerationRequest, hint: Hint) -> None:
    if hint.type == hints.AUDIO:
        raise RequestRejected(
            "A sound cannot be sent: a server turns it into 16-bit numbers on the way in and then"
            " finds it unfit, so that nothing comes back.",
            "Remove the audio hint.",
        )
    channels = (1,) if hint.type == "depth" else (3,)
    if hint.type == "shuffle":
        channels = _channels(request)
        _check_last_frame(request, hint)
    for tensor in hint.tensors:
        array = tensor.array
        _check_floating(array, f"{hint.type} hint")
        if array.ndim != 4 or array.shape[0] != 1 or array.shape[3] not in channels:
            raise RequestRejected(
                f"The {hint.type} hint has the shape {list(array.shape)}, not"
                f" [1, height, width, {channels[0]}].",
                "Give one picture of that shape.",
            )
        if hint.type == "scribble" and array.dtype != np.float16:
            raise RequestRejected(
                f"The scribble hint is {array.dtype}, not float16, which crashes a server.",
                "Convert it to float16.",
            )
    if hint.type in ("pose", "depth"):
        _check_exact_size(request, hint)


def _check_exact_size(request: GenerationRequest, hint: Hint) -> None:
    """Raise RequestRejected for a pose or depth of another size than the picture.

    A server crops neither; a pose of another size crashes it (docs/protocol.md 4.4).
    """
    config = request.config
    full = (config.start_height, config.start_width)
    if sized_by_image(request) and request.image is not None:
        full = (request.image.shape[1], request.image.shape[2])
    expected = [full]
    if hint.type == "pose" and config.hires_fix and not sized_by_image(request):
        expected = [(config.hires_fix_start_height, config.hires_fix_start_width), full]
    sizes = [tensor.array.shape[1:3] for tensor in hint.tensors]
    if sizes[:1] + sizes[-1:] != expected[:1] + expected[-1:]:
        given = ", ".join(f"{width} x {height}" for height, width in sizes)
        wanted = ", then ".join(f"{width} x {height}" for height, width in expected)
        raise RequestRejected(
            f"The {hint.type} hint is {given} pixels, and a server takes {wanted} only.",
            "Resize it to that size.",
        )


def _check_last_frame(request: GenerationRequest, hint: Hint) -> None:
    """Raise RequestRejected where a server would drop pictures without a word.

    It keeps the first of them alone (docs/protocol.md 16.4).
    """
    used = [tensor for tensor in hint.tensors if tensor.weight > 0]
    if modifiers.find(request.modifier).last_frame and len(used) > 1:
        raise RequestRejected(
            f"The moodboard has {len(used)} pictures, and the model {request.config.model} reads"
            " one: the last frame.",
            "Give one picture in the moodboard, and the first frame as the image.",
        )


def _check_floating(array: np.ndarray, what: str) -> None:
    if array.dtype.kind != "f":
        raise RequestRejected(
            f"The {what} is {array.dtype}, not floating point.", "Convert it to -1..1 in float16."
        )
    if not is_finite(array):
        raise RequestRejected(
            f"The {what} has values that are no numbers.", f"Mend the node that makes the {what}."
        )


def _check_specifications(request: GenerationRequest) -> None:
    for kind in ("models", "loras", "controls", "textual_inversions", "upscalers"):
        for spec in getattr(request.override, kind):
            missing = missing_keys(kind, spec.raw)
            if missing:
                raise RequestRejected(
                    f"The specification of {spec.file} lacks {', '.join(missing)}; a server"
                    " would drop it.",
                    "Complete it, or take the server's own.",
                )
