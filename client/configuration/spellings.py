"""What others than the app call a configuration's keys and choices (docs/configuration.md 4.1).

These are the app's HTTP API, what the app writes into pictures, and other clients. They differ in
capitals and underscores, which do not count here, and in some words, which are in the tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from functools import cache
from typing import Any

from ...facts.hints import ControlInput
from ...facts.samplers import Sampler
from .enums import ColorCalibration, CompressionMethod, ControlMode, LoRAMode, SeedMode
from .fields import Control, GenerationConfig, LoRA
from .json_keys import RECORD_KEYS, WORDS

_ALSO_CALLED: Mapping[type[Any], Mapping[str, str]] = {
    GenerationConfig: {
        # the HTTP API, with the words that it takes for others' sake
        "upscaler_scale": "upscaler_scale_factor",
        "cfg_scale": "guidance_scale",
        "n_iter": "batch_count",
        "sampler_name": "sampler",
        "sampler_index": "sampler",
        "denoising_strength": "strength",
        "image_guidance": "image_guidance_scale",
        "enable_hr": "hires_fix",
        "firstphase_width": "hires_fix_start_width",
        "firstphase_height": "hires_fix_start_height",
        "original_width": "original_image_width",
        "original_height": "original_image_height",
        "target_width": "target_image_width",
        "target_height": "target_image_height",
        "negative_original_width": "negative_original_image_width",
        "negative_original_height": "negative_original_image_height",
        "t5_text_encoder_decoding": "t5_text_encoder",
        # pictures
        "scale": "guidance_scale",
        "second_stage_strength": "hires_fix_strength",
        "refiner": "refiner_model",
        "min_cfg": "start_frame_cfg",
        "lora": "loras",
        "control": "controls",
        # other clients
        "guidance": "guidance_scale",
        "guiding_frame_guidance": "start_frame_cfg",
    },
    LoRA: {"model": "file"},
    Control: {},
}
# Pictures say width and height in one text, "512x768".
_SIZES: Mapping[str, tuple[str, str]] = {
    "size": ("start_width", "start_height"),
    "first_stage_size": ("hires_fix_start_width", "hires_fix_start_height"),
    "target_size": ("target_image_width", "target_image_height"),
    "original_size": ("original_image_width", "original_image_height"),
    "negative_original_size": ("negative_original_image_width", "negative_original_image_height"),
}
_PROMPTS = ("prompt", "negative_prompt", "negative", "c", "uc")

# What the app takes for a word that it does not know. It has nothing for a sampler.
UNKNOWN_WORD: Mapping[type[IntEnum], IntEnum] = {
    SeedMode: SeedMode.SCALE_ALIKE,
    ControlMode: ControlMode.BALANCED,
    LoRAMode: LoRAMode.ALL,
    CompressionMethod: CompressionMethod.DISABLED,
    ColorCalibration: ColorCalibration.DISABLED,
    ControlInput: ControlInput.UNSPECIFIED,
}
_OTHER_WORDS: Mapping[str, IntEnum] = {"Euler Ancestral": Sampler.EULER_A}


def fold(text: str) -> str:
    """Return a key or a word without what writers differ in: "DPM++ 2M" is "dpmpp2m"."""
    return re.sub(r"[\W_]", "", text.lower().replace("+", "p"))


def fields(record: type[Any], key: str) -> tuple[str, ...]:
    """Return the fields of a record that a key stands for: one, two for a size, none if unknown."""
    return _fields(record).get(fold(key), ())


def is_prompt(key: str) -> bool:
    """Return whether a key holds a prompt, which is no part of a configuration."""
    return fold(key) in map(fold, _PROMPTS)


def member(kind: type[IntEnum], word: str) -> IntEnum | None:
    """Return the choice that a word stands for, be it a name or a number; None if unknown."""
    if re.fullmatch(r"\s*[0-9]{1,3}(\.0+)?\s*", word):
        return number(kind, float(word))
    return _members(kind).get(fold(word))


def number(kind: type[IntEnum], value: float) -> IntEnum | None:
    """Return the choice of a number, None if there is none."""
    try:
        return kind(value)
    except ValueError:
        return None


def nearest_sampler(word: str) -> Sampler | None:
    """Return what the app takes a sampler's name for that is none of its own, such as "DPM++ 2M".

    The parts of the name decide; None where they say nothing.
    """
    name = fold(word)
    parts = (entry for entry in _SAMPLER_PARTS if all(part in name for part in entry[0].split()))
    return next((sampler for _, sampler in parts), None)


# The first row of which all parts are in the name counts.
_SAMPLER_PARTS = (
    ("dpm sde substep", Sampler.DPMPP_SDE_SUBSTEP),
    ("dpm sde trailing", Sampler.DPMPP_SDE_TRAILING),
    ("dpm sde ays", Sampler.DPMPP_SDE_AYS),
    ("dpm sde", Sampler.DPMPP_SDE_KARRAS),
    ("dpm ays", Sampler.DPMPP_2M_AYS),
    ("dpm trailing", Sampler.DPMPP_2M_TRAILING),
    ("dpm", Sampler.DPMPP_2M_KARRAS),
    ("euler substep", Sampler.EULER_A_SUBSTEP),
    ("euler trailing", Sampler.EULER_A_TRAILING),
    ("euler ays", Sampler.EULER_A_AYS),
    ("euler", Sampler.EULER_A),
    ("unipc trailing", Sampler.UNIPC_TRAILING),
    ("unipc ays", Sampler.UNIPC_AYS),
    ("unipc", Sampler.UNIPC),
    ("plms", Sampler.PLMS),
    ("ddim trailing", Sampler.DDIM_TRAILING),
    ("ddim", Sampler.DDIM),
    ("lcm", Sampler.LCM),
    ("tcd trailing", Sampler.TCD_TRAILING),
    ("tcd", Sampler.TCD),
)


@cache
def _fields(record: type[Any]) -> Mapping[str, tuple[str, ...]]:
    """Return the fields by what all their keys have in common."""
    known: dict[str, tuple[str, ...]] = {name: (name,) for name in RECORD_KEYS[record].values()}
    if record is GenerationConfig:
        known["causal_inference_enabled"] = ("causal_inference_enabled",)
        known.update(_SIZES)
    known.update({other: (name,) for other, name in _ALSO_CALLED[record].items()})
    known.update({key: (name,) for key, name in RECORD_KEYS[record].items()})
    return {fold(key): names for key, names in known.items()}


@cache
def _members(kind: type[IntEnum]) -> Mapping[str, IntEnum]:
    words = {one.name: one for one in kind}
    words.update({word: one for one, word in WORDS.get(kind, {}).items()})
    if issubclass(kind, Sampler | SeedMode):
        words.update({one.label: one for one in kind})
    words.update({word: one for word, one in _OTHER_WORDS.items() if isinstance(one, kind)})
    return {fold(word): one for word, one in words.items()}
