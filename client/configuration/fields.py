"""What a generation is told besides prompts and pictures: the typed form of the configuration.

Field names are the wire's. Sizes are pixels everywhere: the wire counts some of them in blocks of
64, and those take multiples of 64 only. Defaults are the wire's where it has useful ones and else
what the app starts with: `strength` 0 on the wire would return the input, `seed_mode` 0 is for old
pictures (docs/protocol.md 5).
"""

# No `from __future__ import annotations`: Python would compile the text of each field when the
# nodes are declared, which takes ten times as long.

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Annotated, Any, TypeAlias

from ...errors import RequestRejected
from ...facts.hints import ControlInput
from ...facts.samplers import LINEAR, Sampler
from ...facts.sizes import BLOCK_PX
from .enums import (
    ColorCalibration,
    CompressionMethod,
    ControlMode,
    LoRAMode,
    SeedMode,
)
from .ranges import Range, check_ranges

# Some fields of GenerationConfig by name: what a person, a file or the model's own settings say.
Values: TypeAlias = Mapping[str, object]

_COUNT = (0, math.inf)  # the wire has no negative numbers for it
_ABOVE_ZERO = (1e-3, math.inf)  # at 0 nothing is left of a schedule

SEEDS = 1 << 32  # seeds are 32 bits; some who give them count in 64
_UNIT = Range(0, 1)
_SHARE = Range(0, 1, safe=(0, 1))  # a server ends beyond (docs/protocol.md 4.8)
_FINITE = Range(-1e6, 1e6)
_SIDE = Range(128, 8192, BLOCK_PX, safe=(BLOCK_PX, 8192))
_SDXL_SIZE = Range(128, 2048, zero=True, reach=(0, 8192), safe=_COUNT)
_CROP = Range(0, 1024, reach=(0, 8192))
_GUIDANCE = Range(0, 25, reach=(0, 50))
_STEPS = Range(1, 150, safe=(1, math.inf))
_SHIFT = Range(0.1, 12, reach=(0.1, 100), safe=_ABOVE_ZERO)
_MOST_FRAMES = 1121  # the longest clip on record
_TILE = (BLOCK_PX, math.inf)  # a server divides by it
_DECODING_TILE = Range(128, 2048, BLOCK_PX, when="tiled_decoding", safe=_TILE)
_DECODING_OVERLAP = Range(BLOCK_PX, 1024, BLOCK_PX, when="tiled_decoding", safe=_COUNT)
_DIFFUSION_TILE = Range(128, 2048, BLOCK_PX, when="tiled_diffusion", safe=_TILE)
_DIFFUSION_OVERLAP = Range(BLOCK_PX, 1024, BLOCK_PX, when="tiled_diffusion", safe=_COUNT)
_HIRES_STRENGTH = Range(0, 1, when="hires_fix", safe=(0, 1))
_HIRES_SIZE = Range(128, 2048, BLOCK_PX, when="hires_fix", reach=(128, 8192), safe=_COUNT)


@dataclass(frozen=True)
class Control:
    """A control file, how strongly it acts, in which steps (docs/configuration.md 3)."""

    file: str
    weight: Annotated[float, _FINITE] = 1.0
    guidance_start: Annotated[float, _UNIT] = 0.0
    guidance_end: Annotated[float, _UNIT] = 1.0
    no_prompt: bool = False
    global_average_pooling: bool = True
    down_sampling_rate: Annotated[float, Range(1, 1e6)] = 1.0
    control_mode: ControlMode = ControlMode.BALANCED
    target_blocks: tuple[str, ...] = ()
    input_override: ControlInput = ControlInput.UNSPECIFIED


@dataclass(frozen=True)
class LoRA:
    """A LoRA file and how strongly it acts; a negative weight turns its effect round."""

    file: str
    weight: Annotated[float, _FINITE] = 0.6
    mode: LoRAMode = LoRAMode.ALL


@dataclass(frozen=True)
class GenerationConfig:
    """Every field of the configuration that a server can be sent (docs/configuration.md 1).

    Empty strings mean "none". `batch_count` is the client's own loop: a server ignores it, as it
    does `id`, `name`, `compression_artifacts` and `expand_prompt_to_json`. The wire's two
    deprecated slots are not here.
    """

    id: int = 0
    start_width: Annotated[int, _SIDE] = 512
    start_height: Annotated[int, _SIDE] = 512
    seed: Annotated[int, Range(0, SEEDS - 1, safe=(0, SEEDS - 1))] = 0
    steps: Annotated[int, _STEPS] = 20
    guidance_scale: Annotated[float, Range(0, 50, reach=(0, 100))] = 4.5
    strength: Annotated[float, _SHARE] = 1.0
    model: str = ""
    sampler: Sampler = Sampler.UNIPC_AYS
    batch_count: Annotated[int, Range(1, 100, safe=(1, math.inf))] = 1
    batch_size: Annotated[int, Range(1, 4, safe=(1, 128))] = 1
    hires_fix: bool = False
    hires_fix_start_width: Annotated[int, _HIRES_SIZE] = 448
    hires_fix_start_height: Annotated[int, _HIRES_SIZE] = 448
    hires_fix_strength: Annotated[float, _HIRES_STRENGTH] = 0.7
    upscaler: str = ""
    image_guidance_scale: Annotated[float, _GUIDANCE] = 1.5
    seed_mode: SeedMode = SeedMode.SCALE_ALIKE
    clip_skip: Annotated[int, Range(1, 23, safe=_COUNT)] = 1
    controls: tuple[Control, ...] = ()
    loras: tuple[LoRA, ...] = ()
    mask_blur: Annotated[float, Range(0, 25, reach=(0, 1000))] = 1.5
    face_restoration: str = ""
    clip_weight: Annotated[float, _UNIT] = 1.0
    negative_prompt_for_image_prior: bool = True
    image_prior_steps: Annotated[int, Range(3, 60, safe=(1, math.inf))] = 5
    refiner_model: str = ""
    original_image_height: Annotated[int, _SDXL_SIZE] = 0
    original_image_width: Annotated[int, _SDXL_SIZE] = 0
    crop_top: Annotated[int, _CROP] = 0
    crop_left: Annotated[int, _CROP] = 0
    target_image_height: Annotated[int, _SDXL_SIZE] = 0
    target_image_width: Annotated[int, _SDXL_SIZE] = 0
    aesthetic_score: Annotated[float, Range(0, 10)] = 6.0
    negative_aesthetic_score: Annotated[float, Range(0, 10)] = 2.5
    zero_negative_prompt: bool = False
    refiner_start: Annotated[float, _UNIT] = 0.85
    negative_original_image_height: Annotated[int, _SDXL_SIZE] = 0
    negative_original_image_width: Annotated[int, _SDXL_SIZE] = 0
    name: str = ""
    fps_id: Annotated[int, Range(1, 30, reach=(1, 240), safe=_COUNT)] = 5
    motion_bucket_id: Annotated[int, Range(0, 255, safe=_COUNT)] = 127
    cond_aug: Annotated[float, _UNIT] = 0.02
    start_frame_cfg: Annotated[float, _GUIDANCE] = 1.0
    num_frames: Annotated[int, Range(1, 201, reach=(1, _MOST_FRAMES), safe=(1, math.inf))] = 14
    mask_blur_outset: Annotated[int, Range(-100, 1000)] = 0
    sharpness: Annotated[float, Range(0, 30, reach=(0, 1000))] = 0.0
    shift: Annotated[float, _SHIFT] = 1.0
    stage_2_steps: Annotated[int, _STEPS] = 10
    stage_2_cfg: Annotated[float, _GUIDANCE] = 1.0
    stage_2_shift: Annotated[float, Range(0.1, 5, reach=(0.1, 100), safe=_ABOVE_ZERO)] = 1.0
    tiled_decoding: bool = False
    decoding_tile_width: Annotated[int, _DECODING_TILE] = 640
    decoding_tile_height: Annotated[int, _DECODING_TILE] = 640
    decoding_tile_overlap: Annotated[int, _DECODING_OVERLAP] = 128
    stochastic_sampling_gamma: Annotated[float, _UNIT] = 0.3
    preserve_original_after_inpaint: bool = True
    tiled_diffusion: bool = False
    diffusion_tile_width: Annotated[int, _DIFFUSION_TILE] = 1024
    diffusion_tile_height: Annotated[int, _DIFFUSION_TILE] = 1024
    diffusion_tile_overlap: Annotated[int, _DIFFUSION_OVERLAP] = 128
    upscaler_scale_factor: Annotated[int, Range(0, 4, safe=_COUNT)] = 0
    t5_text_encoder: bool = True
    separate_clip_l: bool = False
    clip_l_text: str = ""
    separate_open_clip_g: bool = False
    open_clip_g_text: str = ""
    speed_up_with_guidance_embed: bool = True
    guidance_embed: Annotated[float, Range(0, 50)] = 3.5
    resolution_dependent_shift: bool = True
    tea_cache_start: Annotated[int, Range(0, 1000, when="tea_cache")] = 5
    tea_cache_end: Annotated[int, Range(-1, 1000, when="tea_cache", reach=(-1000, 1000))] = -1
    tea_cache_threshold: Annotated[float, Range(0, 1, when="tea_cache")] = 0.06
    tea_cache: bool = False
    separate_t5: bool = False
    t5_text: str = ""
    tea_cache_max_skip_steps: Annotated[int, Range(1, 1000, when="tea_cache")] = 3
    causal_inference_enabled: bool = False
    causal_inference: Annotated[int, Range(0, 1000, when="causal_inference_enabled")] = 3
    causal_inference_pad: Annotated[int, Range(0, 1000, when="causal_inference_enabled")] = 0
    cfg_zero_star: bool = False
    cfg_zero_init_steps: Annotated[int, Range(0, 1000, when="cfg_zero_star")] = 0
    compression_artifacts: CompressionMethod = CompressionMethod.DISABLED
    compression_artifacts_quality: Annotated[float, Range(0, 100)] = 43.1
    color_calibration: ColorCalibration = ColorCalibration.DISABLED
    expand_prompt_to_json: bool = False
    shift_for_audio: Annotated[float, _SHIFT] = 3.0
    uses_sol_attention: bool = False
    sol_attention_start: Annotated[int, Range(0, 1000, when="uses_sol_attention")] = 2
    sol_attention_tau: Annotated[float, Range(0, 4, when="uses_sol_attention")] = 0.5

    @classmethod
    def of(cls, values: Values) -> "GenerationConfig":
        """Return the configuration with these values, and defaults for the rest.

        Raises RequestRejected for a setting that does not exist.
        """
        names = [one.name for one in fields(cls)]
        unknown = [name for name in values if name not in names]
        if unknown:
            near = difflib.get_close_matches(unknown[0], names, n=1)
            raise RequestRejected(
                f"There is no setting {unknown[0]}.",
                f"Did you mean {near[0]}?" if near else "Take it out of the settings.",
            )
        given: dict[str, Any] = dict(values)
        return cls(**given)

    def check(self) -> None:
        """Raise RequestRejected, naming the field, for what a server crashes on, or cannot be told.

        What it passes over is sent (client/generation/adjustments.py).
        """
        check_ranges(self, "The setting")
        if not self.model:
            raise RequestRejected(
                "The setting model is empty.",
                "Choose a model: a server left alone takes one of its own.",
            )
        if self.steps == 1 and self.sampler in LINEAR:
            raise RequestRejected(
                "The setting steps is 1, which can stop a server with the sampler"
                f" {self.sampler.label}.",
                "Set steps to 2 or more, or choose a Trailing sampler.",
            )
        for control in self.controls:
            _check_control(control)
        for lora in self.loras:
            if not lora.file:
                raise RequestRejected("A LoRA names no file.", "Choose a LoRA or remove it.")
            check_ranges(lora, f"The LoRA {lora.file}:")

    def to_bytes(self) -> bytes:
        """Return the FlatBuffer. Raises RequestRejected for a value that the wire cannot carry."""
        return self._bytes

    @cached_property
    def _bytes(self) -> bytes:  # asked for by a request's message, and by what tells requests apart
        from . import wire  # pulls in generated code, which a node's schema does not need

        return wire.write(self)


def _check_control(control: Control) -> None:
    if not control.file:
        raise RequestRejected("A control names no file.", "Choose a control or remove it.")
    check_ranges(control, f"The control {control.file}:")
