"""What the app's list has besides settings: negative prompts, and presets that bring LoRAs.

From the list of July 2026 (docs/configuration.md 5). A preset goes with the model files whose names
start with one of `files`; its LoRAs have weight 1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .app_settings import Recommended
from .samplers import Sampler


class WithLoRAs(NamedTuple):
    """Settings for a model with LoRAs that make it faster; each LoRA is a file and its mode."""

    name: str
    settings: Recommended
    loras: tuple[tuple[str, str], ...]


def _qwen(title: str, file: str, steps: int, lora: str) -> WithLoRAs:
    settings = Recommended((file,), "qwen_image", steps, 1, 3, False, Sampler.UNIPC_TRAILING)
    name = f"Qwen Image {title} with Lightning {steps}-Step {lora}"
    return WithLoRAs(
        name, settings, ((f"{file}_lightning_{steps}_step_{lora}_lora_f16.ckpt", "all"),)
    )


def _wan(kind: str, refiner_start: float, lora: str) -> WithLoRAs:
    settings = Recommended(
        (f"wan_v2.2_a14b_hne_{kind}",),
        *("wan_v2.1_14b", 4, 1, 5, None, Sampler.UNIPC_TRAILING, 832, 448, 81, None, None),
        refiner_start=refiner_start,
    )
    half = f"wan_v2.2_a14b_{{}}_{kind}_lightning_{lora}_lora_f16.ckpt"
    return WithLoRAs(
        f"Wan v2.2 {kind.upper()} 14B with Lightning {lora}",
        settings,
        ((half.format("hne"), "base"), (half.format("lne"), "refiner")),
    )


WITH_LORAS: tuple[WithLoRAs, ...] = (
    WithLoRAs(
        "FLUX.2 [dev] with Turbo",
        Recommended(
            *(("flux_2_dev",), "flux2", 4, 4.5, 3, False, Sampler.DDIM_TRAILING),
            *(1024, 1024, None, 4.5, True),
        ),
        (("flux_2_dev_turbo_lora_f16.ckpt", "all"),),
    ),
    _qwen("1.0", "qwen_image_1.0", 4, "v2.0"),
    _qwen("1.0", "qwen_image_1.0", 8, "v2.0"),
    _qwen("2512", "qwen_image_2512", 4, "v1.0"),
    _qwen("Edit 1.0", "qwen_image_edit_1.0", 4, "v1.0"),
    _qwen("Edit 1.0", "qwen_image_edit_1.0", 8, "v1.0"),
    _qwen("Edit 2509", "qwen_image_edit_2509", 4, "v1.0"),
    _qwen("Edit 2509", "qwen_image_edit_2509", 8, "v1.0"),
    _qwen("Edit 2511", "qwen_image_edit_2511", 4, "v1.0"),
    _wan("i2v", 0.1, "v1.0"),
    _wan("t2v", 0.125, "v1.1"),
)


@cache
def negative_prompts() -> Mapping[str, str]:
    """Return negative prompts by the beginning of a model file's name."""
    path = Path(__file__).with_name("negative_prompts.json")
    return json.loads(path.read_text(encoding="utf-8"))


def negative_prompt(file: str) -> str:
    """Return the negative prompt that goes with a model file, "" where the list has none."""
    found = [prefix for prefix in negative_prompts() if file.startswith(prefix)]
    return negative_prompts()[max(found, key=len)] if found else ""


def with_loras(file: str) -> tuple[WithLoRAs, ...]:
    """Return the presets with LoRAs for a model file."""
    return tuple(
        one for one in WITH_LORAS if any(file.startswith(prefix) for prefix in one.settings.files)
    )


def loras() -> frozenset[str]:
    """Return the LoRA files that belong to presets of the app."""
    return frozenset(file for one in WITH_LORAS for file, _ in one.loras)
