"""The model versions, a row each (docs/protocol.md 6), and which go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from . import modifiers
from .model_version import FrameRule, Kind, ModelVersion, SizeShift, SoundRule

# What a server takes a file for that it has no specification of (docs/protocol.md 1.8).
UNSPECIFIED = "v1"

_SD = ModelVersion(
    *("", "", 4, 8, 1024), latent_spaces=("sd1",), clip_skip=True, depth_variant=True
)
_SDXL = _SD._replace(latent_spaces=("sdxl",), original_size=True, refiner_group="sdxl")
_CASCADE = ModelVersion(
    *("", "", 4, 4), latent_spaces=("wurstchen_4ch", "wurstchen_3ch"), clip_skip=True
)
_FLOW = ModelVersion(
    *("", "", 16, 8, 1024),
    flow=True,
    latent_spaces=("flux1",),
    resolution_dependent_shift=True,
)
_SD3 = _FLOW._replace(
    latent_spaces=("sd3",),
    clip_skip=True,
    separate_clip_l=True,
    separate_open_clip_g=True,
    t5_switch=True,
    refiner_group="sd3",
)
_FLUX2 = _FLOW._replace(channels=32, latent_spaces=("flux2",))
_WAN_LATENTS = _FLOW._replace(latent_spaces=("wan21",))
_SEEDVR2 = _FLOW._replace(
    default_size_px=1536,
    resolution_dependent_shift=False,
    reads_prompt=False,
    needs_image=True,
    starts_from_image=True,
    restores_image=True,
    single=True,
)
_VIDEO = ModelVersion(
    *("", "", 16, 8, 768, Kind.VIDEO),
    flow=True,
    latent_spaces=("wan21",),
    single=True,
    frame_rule=FrameRule(4),
    usual_frames=81,
)
_WAN = _VIDEO._replace(
    causal_inference=True,
    several_input_frames=True,
    vace=True,
    fits_hints=True,
    frames_per_second=16,
)
_LTX = _VIDEO._replace(
    channels=128,
    pixels_per_cell=32,
    latent_spaces=("ltx",),
    sizes=((768, 512), (1280, 768), (1920, 1088), (768, 768)),
    first_frame_only=True,
    frame_rule=FrameRule(8),
    usual_frames=121,
    frames_per_second=25,
)


def _row(like: ModelVersion, id: str, name: str, **differences: Any) -> ModelVersion:
    return like._replace(id=id, name=name, **differences)


_ROWS = (
    _row(_SD, "v1", "Stable Diffusion 1", default_size_px=512, size_rank=10),
    _row(_SD, "v2", "Stable Diffusion 2", default_size_px=512, size_rank=20),
    _row(
        *(_SD, "kandinsky2.1", "Kandinsky 2.1"),
        default_size_px=768,
        latent_spaces=("kandinsky",),
        draws_alone=False,
        image_prior=True,
        lora_versions=frozenset({"v1"}),
    ),
    _row(_SDXL, "sdxl_base_v0.9", "SDXL", target_size=True, size_rank=50),
    _row(*(_SDXL, "sdxl_refiner_v0.9", "SDXL refiner"), aesthetic_score=True, draws_alone=False),
    _row(_SDXL, "ssd_1b", "SSD-1B", target_size=True, size_rank=30),
    ModelVersion(
        *("svd_i2v", "Stable Video Diffusion", 4, 8, 512, Kind.VIDEO),
        latent_spaces=("sd1",),
        sizes=((1024, 576), (768, 448)),
        reads_prompt=False,
        needs_image=True,
        starts_from_image=True,
        image_conditioning=True,
        single=True,
        frame_rule=FrameRule(1),
        usual_frames=14,
    ),
    _row(
        *(_CASCADE, "wurstchen_v3.0_stage_c", "Stable Cascade"),
        channels=16,
        pixels_per_cell=128 / 3,
        default_size_px=1024,
        two_stages=True,
        mask_cell_px=4,
        size_rank=110,
    ),
    _row(*(_CASCADE, "wurstchen_v3.0_stage_b", "Stable Cascade, second stage"), draws_alone=False),
    _row(_SD3, "sd3", "Stable Diffusion 3 Medium", size_rank=60),
    _row(_SD3, "sd3_large", "Stable Diffusion 3.5 Large", size_rank=130),
    ModelVersion("pixart", "PixArt Sigma", 4, 8, 1024, latent_spaces=("sdxl",), size_rank=40),
    ModelVersion(
        *("auraflow", "AuraFlow", 4, 8, 1024), flow=True, latent_spaces=("sdxl",), size_rank=100
    ),
    _row(
        *(_FLOW, "flux1", "FLUX.1"),
        guidance_embed=True,
        tea_cache=True,
        clip_skip=True,
        separate_clip_l=True,
        depth_variant=True,
        size_rank=150,
    ),
    _row(
        *(_VIDEO, "hunyuan_video", "Hunyuan Video"),
        latent_spaces=("hunyuan_video",),
        sizes=((960, 512), (1280, 704), (832, 640), (704, 704)),
        guidance_embed=True,
        tea_cache=True,
        clip_skip=True,
        separate_clip_l=True,
    ),
    _row(
        *(_WAN, "wan_v2.1_1.3b", "Wan 2.1 1.3B"),
        default_size_px=512,
        sizes=((832, 448), (640, 512), (640, 640)),
        refiner_group="wan_v2.1",
    ),
    _row(
        *(_WAN, "wan_v2.1_14b", "Wan 2.1 14B, Wan 2.2 A14B"),
        sizes=((832, 448), (1280, 704), (640, 640), (960, 960)),
        refiner_group="wan_v2.1",
    ),
    _row(
        *(_WAN, "wan_v2.2_5b", "Wan 2.2 5B"),
        channels=48,
        pixels_per_cell=16,
        latent_spaces=("wan22_5b",),
        sizes=((1280, 704), (960, 960)),
        mask_cell_px=16,
        frames_per_second=24,
    ),
    _row(
        *(_FLOW, "hidream_i1", "HiDream I1"),
        guidance_embed=True,
        tea_cache=True,
        clip_skip=True,
        separate_clip_l=True,
        separate_open_clip_g=True,
        separate_t5=True,
        size_rank=160,
    ),
    ModelVersion(
        *("hidream_o1", "HiDream O1", 3072, 32),
        flow=True,
        latent_spaces=("hidream_o1",),
        hires_growth=4,
    ),
    _row(_WAN_LATENTS, "qwen_image", "Qwen Image", size_rank=170, frames_per_second=16),
    _row(
        *(_FLOW, "qwen_image_2.1", "Qwen Image 2.1"),
        channels=64,
        pixels_per_cell=16,
        default_size_px=1536,
        latent_spaces=("qwen_image_2.1",),
        size_shift=SizeShift(0.9, 8192),
        reads_alpha=True,
        transparent=True,
        hires_growth=2,
        size_rank=175,
        frames_per_second=16,
    ),
    _row(_FLOW, "z_image", "Z Image", size_rank=90),
    _row(_FLUX2, "ernie_image", "ERNIE Image", size_rank=120),
    _row(_FLUX2, "flux2", "FLUX.2 dev", guidance_embed=True, size_rank=180),
    _row(_FLUX2, "flux2_9b", "FLUX.2 klein 9B", size_rank=140),
    _row(_FLUX2, "flux2_4b", "FLUX.2 klein 4B", size_rank=80),
    _row(_WAN_LATENTS, "cosmos2.5_2b", "Cosmos 2.5 2B", default_size_px=0, size_rank=70),
    _row(_FLUX2, "ideogram_4", "Ideogram 4", default_size_px=0),
    _row(_WAN_LATENTS, "krea_2", "Krea 2", default_size_px=0),
    _row(_LTX, "ltx2", "LTX-2", sound=SoundRule(24000, 128, 960, 240)),
    _row(_LTX, "ltx2.3", "LTX-2.3", sound=SoundRule(48000, 128, 1920, 480)),
    _row(
        *(_VIDEO, "minimax_h3", "MiniMax H3"),
        channels=24,
        pixels_per_cell=16,
        latent_spaces=("minimax_h3",),
        sizes=((832, 512), (1344, 768), (768, 768)),
        shift_for_audio=True,
        sol_attention=True,
        tea_cache=True,
        frame_rule=FrameRule(17, 5, head_frames=5, head_latents=2, rounds_up=True),
        usual_frames=124,
        frames_per_second=24,
        # 40 latents a second, twice: once for each of two channels
        sound=SoundRule(32000, 32, 800, 800, latents_per_frame=40 / 24, layers=2),
    ),
    _row(_SEEDVR2, "seedvr2_3b", "SeedVR2 3B"),
    _row(_SEEDVR2, "seedvr2_7b", "SeedVR2 7B"),
    _row(
        *(_VIDEO, "longcat_video_avatar_v1.5", "LongCat Video Avatar"),
        default_size_px=0,
        sizes=((832, 448), (1280, 704), (640, 640)),
        guided=False,
        needs_image=True,
        forbids_mask=True,
        several_input_frames=True,
        first_frame_only=True,
        frames_per_second=25,
    ),
)

_TABLE = {row.id: row for row in _ROWS}
VERSIONS: Mapping[str, ModelVersion] = MappingProxyType(_TABLE)
"""Every row by its raw string; a view, so that it is never out of date."""


def find(version: str) -> ModelVersion | None:
    """Return what is known of a version string; None for one that is newer than this table."""
    return _TABLE.get(version)


@contextmanager
def registered(row: ModelVersion) -> Iterator[None]:
    """Add a row for as long as the context lasts. Raises ValueError where there is such a row."""
    if row.id in _TABLE:
        raise ValueError(f"There is a version {row.id} already.")
    _TABLE[row.id] = row
    try:
        yield
    finally:
        del _TABLE[row.id]


def takes_refiner(version: str, refiner_version: str) -> bool:
    """Return whether a server uses that refiner with the model (docs/protocol.md 5.4)."""
    if version == refiner_version:
        return True
    known, other = find(version), find(refiner_version)
    if known is None or other is None or not known.refiner_group:
        return False
    return known.refiner_group == other.refiner_group


def takes_lora(version: str, lora_version: str) -> bool:
    """Return whether a server applies that LoRA to the model (docs/protocol.md 5.4)."""
    known = find(version)
    return version == lora_version or (known is not None and lora_version in known.lora_versions)


def sized_by_image(version: str, strength: float, has_mask: bool) -> bool:
    """Return whether an image gives the result its own size (docs/protocol.md 4.2)."""
    known = find(version)
    return strength < 1 or has_mask or (known is not None and known.starts_from_image)


def reads_references(version: str, modifier: str) -> bool:
    """Return whether a model reads moodboard pictures without a control (docs/protocol.md 4.6)."""
    known = find(version)
    first_frame_only = known is not None and known.first_frame_only
    return modifiers.find(modifier).reads_moodboard and not first_frame_only


def reads_alpha(version: str, modifier: str) -> bool:
    """Return whether a model reads the alpha of references (docs/protocol.md 4.2)."""
    known = find(version)
    return known is not None and known.reads_alpha and modifiers.find(modifier).editing
