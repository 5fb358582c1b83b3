"""What a server reads of the five lists of specifications (docs/protocol.md 1.4).

It drops an element in silence that lacks a required key, or has one of these keys with another
type or value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from .hints import CONTROL_TYPES, types
from .modifiers import MODIFIERS
from .sizes import BLOCK_PX
from .snake_case import snake_keys
from .versions import VERSIONS


class Value(NamedTuple):
    """What a value may be: a test, and in words what it asks for."""

    fits: Callable[[object], bool]
    words: str


class Keys(NamedTuple):
    """The keys of one list's elements in snake_case; null is as if an optional one were absent."""

    required: Mapping[str, Value]
    optional: Mapping[str, Value]


class Fault(NamedTuple):
    """Why an element is dropped: keys it lacks, or those with a wrong value and what they want."""

    missing: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str], ...] = ()


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_blocks(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 16


def _is_slider(value: object) -> bool:
    """Return whether it is a LoRA's `weight`: both ends, and a start value or none."""
    keys = snake_keys(value) if isinstance(value, Mapping) else {}
    ends = all(_is_number(keys.get(key)) for key in ("lower_bound", "upper_bound"))
    return ends and (keys.get("value") is None or _is_number(keys.get("value")))


def _list_of(value: Value, words: str) -> Value:
    return Value(lambda given: isinstance(given, list) and all(map(value.fits, given)), words)


def _one_of(names: Callable[[], Collection[str]], words: str) -> Value:
    return Value(lambda value: isinstance(value, str) and value in names(), words)


_TEXT = Value(lambda value: isinstance(value, str), "text")
_FLAG = Value(lambda value: isinstance(value, bool), "true or false")
_WHOLE = Value(_is_whole, "a whole number")
_NUMBER = Value(_is_number, "a number")
_BLOCKS = Value(_is_blocks, f"a whole number of {BLOCK_PX} pixels, such as 8 or 16")
_OBJECT = Value(lambda value: isinstance(value, Mapping), "an object")
_TEXTS = _list_of(_TEXT, "a list of texts")
_NUMBERS = _list_of(_NUMBER, "a list of numbers")
_WHOLES = _list_of(_WHOLE, "a list of whole numbers")
_OBJECTS = _list_of(_OBJECT, "a list of objects")
_VERSION = _one_of(lambda: VERSIONS, "a model version, such as v1 or flux1")
_MODIFIER = _one_of(lambda: MODIFIERS, f"one of {', '.join(MODIFIERS)}")

SPECIFICATIONS: Mapping[str, Keys] = MappingProxyType(
    {
        "models": Keys(
            {
                **dict.fromkeys(("name", "file", "prefix"), _TEXT),
                "version": _VERSION,
                "upcast_attention": _FLAG,
                "default_scale": _BLOCKS,
            },
            {
                **dict.fromkeys(
                    (
                        *("text_encoder", "autoencoder", "image_encoder", "clip_encoder"),
                        *("t5_encoder", "diffusion_mapping", "default_refiner"),
                        *("text_encoder_version", "note", "copyright", "hugging_face_link"),
                    ),
                    _TEXT,
                ),
                **dict.fromkeys(
                    (
                        *("deprecated", "high_precision_autoencoder", "is_consistency_model"),
                        *("predict_v", "guidance_embed", "builtin_lora", "is_bf16"),
                    ),
                    _FLAG,
                ),
                **dict.fromkeys(("additional_clip_encoders", "stage_models"), _TEXTS),
                **dict.fromkeys(
                    (
                        *("latents_mean", "latents_std"),
                        *("audio_latents_mean", "audio_latents_std", "tea_cache_coefficients"),
                    ),
                    _NUMBERS,
                ),
                **dict.fromkeys(
                    ("latents_scaling_factor", "noise_scaling_factor", "frames_per_second"),
                    _NUMBER,
                ),
                **dict.fromkeys(
                    ("objective", "noise_discretization", "mmdit", "remote_api_model_config"),
                    _OBJECT,
                ),
                "latents_upscalers": _OBJECTS,
                "modifier": _MODIFIER,
                "conditioning": _one_of(lambda: ("noise", "timestep"), "noise or timestep"),
                "padded_text_encoding_length": _WHOLE,
                "hires_fix_scale": _BLOCKS,
            },
        ),
        "loras": Keys(
            {**dict.fromkeys(("name", "file", "prefix"), _TEXT), "version": _VERSION},
            {
                **dict.fromkeys(("is_consistency_model", "is_lo_ha", "deprecated"), _FLAG),
                **dict.fromkeys(("alternative_decoder", "note"), _TEXT),
                "alternative_decoder_version": _one_of(lambda: ("transparent",), "transparent"),
                "modifier": _MODIFIER,
                "weight": Value(
                    _is_slider, "an object with the numbers lower_bound and upper_bound"
                ),
            },
        ),
        "controls": Keys(
            {
                **dict.fromkeys(("name", "file"), _TEXT),
                "version": _VERSION,
                "type": _one_of(
                    lambda: CONTROL_TYPES, f"one of {', '.join(sorted(CONTROL_TYPES))}"
                ),
                "global_average_pooling": _FLAG,
            },
            {
                **dict.fromkeys(("image_encoder", "preprocessor", "autoencoder", "note"), _TEXT),
                "image_encoder_version": _TEXT,
                "modifier": _one_of(types, "a kind of picture, such as canny or depth"),
                "transformer_blocks": _WHOLES,
                "deprecated": _FLAG,
                "ip_adapter_config": _OBJECT,
            },
        ),
        "textual_inversions": Keys(
            {
                **dict.fromkeys(("name", "file", "keyword"), _TEXT),
                "length": _WHOLE,
                "version": _VERSION,
            },
            {"deprecated": _FLAG},
        ),
        "upscalers": Keys(
            {
                **dict.fromkeys(("name", "file"), _TEXT),
                "scale_factor": Value(lambda value: _is_whole(value) and value in (2, 4), "2 or 4"),
                "blocks": _WHOLE,
            },
            {},
        ),
    }
)
LISTS = tuple(SPECIFICATIONS)
"""The five lists, as a request of ours calls them."""


def find_fault(
    name: str, element: Mapping[str, object], *, newer_versions: bool = False
) -> Fault | None:
    """Return why a server would drop an element of that list, None where it reads it.

    Wrong keys come back as the element spells them. With `newer_versions` any text is a version:
    the server may know more of them.
    """
    keys = SPECIFICATIONS[name]
    missing = tuple(sorted(keys.required.keys() - snake_keys(element).keys()))
    if missing:
        return Fault(missing=missing)
    wrong = tuple(_wrong(keys, element, newer_versions))
    return Fault(wrong=wrong) if wrong else None


def _wrong(
    keys: Keys, element: Mapping[str, object], newer_versions: bool
) -> Iterator[tuple[str, str]]:
    for key, value in element.items():
        [name] = snake_keys({key: value})
        wanted = keys.required.get(name)
        if wanted is _VERSION and newer_versions:
            wanted = _TEXT
        if wanted is None and value is not None:
            wanted = keys.optional.get(name)
        if wanted is not None and not wanted.fits(value):
            yield key, wanted.words
