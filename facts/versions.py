"""What each model version can do, and which settings suit its models (docs/protocol.md 6)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from .samplers import ALL_SAMPLERS, FLOW_SAMPLERS, Sampler


class Kind(enum.Enum):
    """What a model of the version makes."""

    IMAGE = "image"
    VIDEO = "video"


@dataclass(frozen=True)
class ModelFamily:
    """One model version, as its raw string says it.

    `channels` and `pixels_per_cell` describe its latents; `default_size_px` is the usual native
    side length, 0 where each checkpoint says its own; `guidance_embed` means that some checkpoints
    take the scalar as input; `frames_per_latent` is 0 for images; `audio_rate` is in Hz, 0 where
    the server sends no sound.
    """

    version: str
    name: str
    channels: int
    pixels_per_cell: float
    default_size_px: int = 0
    kind: Kind = Kind.IMAGE
    flow: bool = False
    guidance_embed: bool = False
    resolution_dependent_shift: bool = False
    tea_cache: bool = False
    clip_skip: bool = False
    separate_clip_l: bool = False
    separate_open_clip_g: bool = False
    separate_t5: bool = False
    needs_image: bool = False
    single: bool = False
    depth_variant: bool = False
    several_input_frames: bool = False
    frames_per_second: float = 30
    frames_per_latent: int = 0
    audio_rate: int = 0

    @property
    def is_video(self) -> bool:
        """Whether the result is frames: one generation gives one video, whatever the batch size."""
        return self.kind is Kind.VIDEO

    @property
    def samplers(self) -> frozenset[Sampler]:
        """Return the samplers that draw right; a server takes the others too and draws wrong."""
        return FLOW_SAMPLERS if self.flow else ALL_SAMPLERS

    @property
    def negative_prompt(self) -> bool:
        """Whether a negative prompt can have an effect, with CFG (docs/protocol.md 5.4)."""
        return self.version not in _WITHOUT_NEGATIVE

    def frames(self, num_frames: int) -> int:
        """Return how many frames come back when `num_frames` are asked for (docs/protocol.md 6)."""
        if not self.is_video:
            return 1
        latents = (num_frames - 1) // self.frames_per_latent + 1
        return min(num_frames, (latents - 1) * self.frames_per_latent + 1)


_SD = ModelFamily("", "", 4, 8, 1024, clip_skip=True, depth_variant=True)
_FLOW = ModelFamily("", "", 16, 8, 1024, flow=True, resolution_dependent_shift=True)
_SD3 = replace(_FLOW, clip_skip=True, separate_clip_l=True, separate_open_clip_g=True)
_SEEDVR2 = replace(
    _FLOW, default_size_px=1536, resolution_dependent_shift=False, needs_image=True, single=True
)
_VIDEO = ModelFamily("", "", 16, 8, 768, Kind.VIDEO, flow=True, single=True, frames_per_latent=4)
_WAN = replace(_VIDEO, several_input_frames=True, frames_per_second=16)
_LTX = replace(_VIDEO, channels=128, pixels_per_cell=32, frames_per_second=25, frames_per_latent=8)


def _row(like: ModelFamily, version: str, name: str, **differences: Any) -> ModelFamily:
    return replace(like, version=version, name=name, **differences)


_ROWS = (
    _row(_SD, "v1", "Stable Diffusion 1", default_size_px=512),
    _row(_SD, "v2", "Stable Diffusion 2", default_size_px=512),
    _row(_SD, "kandinsky2.1", "Kandinsky 2.1", default_size_px=768, depth_variant=False),
    _row(_SD, "sdxl_base_v0.9", "SDXL"),
    _row(_SD, "sdxl_refiner_v0.9", "SDXL refiner"),
    _row(_SD, "ssd_1b", "SSD-1B"),
    ModelFamily(
        *("svd_i2v", "Stable Video Diffusion", 4, 8, 512, Kind.VIDEO),
        needs_image=True,
        single=True,
        frames_per_latent=1,
    ),
    ModelFamily("wurstchen_v3.0_stage_c", "Stable Cascade", 16, 128 / 3, 1024, clip_skip=True),
    ModelFamily("wurstchen_v3.0_stage_b", "Stable Cascade, second stage", 4, 4, clip_skip=True),
    _row(_SD3, "sd3", "Stable Diffusion 3 Medium"),
    _row(_SD3, "sd3_large", "Stable Diffusion 3.5 Large"),
    ModelFamily("pixart", "PixArt Sigma", 4, 8, 1024),
    ModelFamily("auraflow", "AuraFlow", 4, 8, 1024, flow=True),
    _row(
        *(_FLOW, "flux1", "FLUX.1"),
        guidance_embed=True,
        tea_cache=True,
        clip_skip=True,
        separate_clip_l=True,
        depth_variant=True,
    ),
    _row(
        *(_VIDEO, "hunyuan_video", "Hunyuan Video"),
        guidance_embed=True,
        tea_cache=True,
        clip_skip=True,
        separate_clip_l=True,
    ),
    _row(_WAN, "wan_v2.1_1.3b", "Wan 2.1 1.3B", default_size_px=512),
    _row(_WAN, "wan_v2.1_14b", "Wan 2.1 14B, Wan 2.2 A14B"),
    _row(_WAN, "wan_v2.2_5b", "Wan 2.2 5B", channels=48, pixels_per_cell=16, frames_per_second=24),
    _row(
        *(_SD3, "hidream_i1", "HiDream I1"), guidance_embed=True, tea_cache=True, separate_t5=True
    ),
    ModelFamily("hidream_o1", "HiDream O1", 3072, 32, flow=True),
    _row(_FLOW, "qwen_image", "Qwen Image", frames_per_second=16),
    _row(_FLOW, "z_image", "Z Image"),
    _row(_FLOW, "ernie_image", "ERNIE Image", channels=32),
    _row(_FLOW, "flux2", "FLUX.2 dev", channels=32, guidance_embed=True),
    _row(_FLOW, "flux2_9b", "FLUX.2 klein 9B", channels=32),
    _row(_FLOW, "flux2_4b", "FLUX.2 klein 4B", channels=32),
    _row(_FLOW, "cosmos2.5_2b", "Cosmos 2.5 2B", default_size_px=0),
    _row(_FLOW, "ideogram_4", "Ideogram 4", channels=32, default_size_px=0),
    _row(_FLOW, "krea_2", "Krea 2", default_size_px=0),
    _row(_LTX, "ltx2", "LTX-2", audio_rate=24000),
    _row(_LTX, "ltx2.3", "LTX-2.3", audio_rate=48000),
    _row(_SEEDVR2, "seedvr2_3b", "SeedVR2 3B"),
    _row(_SEEDVR2, "seedvr2_7b", "SeedVR2 7B"),
    _row(
        *(_WAN, "longcat_video_avatar_v1.5", "LongCat Video Avatar"),
        default_size_px=0,
        frames_per_second=25,
    ),
)

FAMILIES: Mapping[str, ModelFamily] = MappingProxyType({row.version: row for row in _ROWS})

_SDXL = frozenset({"sdxl_base_v0.9", "sdxl_refiner_v0.9", "ssd_1b"})
_INTERCHANGEABLE = (
    _SDXL,
    frozenset({"sd3", "sd3_large"}),
    frozenset({"wan_v2.1_1.3b", "wan_v2.1_14b"}),
)

# They read no prompt, or know no CFG (docs/protocol.md 5.4, 6).
_WITHOUT_NEGATIVE = frozenset({"svd_i2v", "seedvr2_3b", "seedvr2_7b", "longcat_video_avatar_v1.5"})
# Samples of a starting image's size also where no noise is kept (docs/protocol.md 4.2).
_SIZED_BY_IMAGE = frozenset({"svd_i2v", "seedvr2_3b", "seedvr2_7b"})
_REFERENCE_MODIFIERS = frozenset(
    {"kontext", "kontext_kv", "qwenimage_edit_plus", "qwenimage_edit_2511"}
)
# Kontext means to them that the init image is the first frame (docs/protocol.md 4.6).
_FIRST_FRAME_ONLY = frozenset({"ltx2", "ltx2.3", "longcat_video_avatar_v1.5"})


def family(version: str) -> ModelFamily | None:
    """Return what is known of a version string; None for one that is newer than this table."""
    return FAMILIES.get(version)


def takes_refiner(version: str, refiner_version: str) -> bool:
    """Whether a server uses that refiner with the model, not ignores it (docs/protocol.md 5.4)."""
    return version == refiner_version or any(
        version in group and refiner_version in group for group in _INTERCHANGEABLE
    )


def takes_lora(version: str, lora_version: str) -> bool:
    """Whether a server applies that LoRA to the model, not skips it (docs/protocol.md 5.4)."""
    return version == lora_version or (version, lora_version) == ("kandinsky2.1", "v1")


def sized_by_image(version: str, strength: float, has_mask: bool) -> bool:
    """Whether a picture that starts from an image gets that image's size (docs/protocol.md 4.2)."""
    return strength < 1 or has_mask or version in _SIZED_BY_IMAGE


def reads_references(version: str, modifier: str) -> bool:
    """Whether a model reads moodboard pictures without a control (docs/protocol.md 4.6)."""
    return modifier in _REFERENCE_MODIFIERS and version not in _FIRST_FRAME_ONLY
