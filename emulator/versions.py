"""What the 34 model versions are, as far as answers depend on it (docs/protocol.md 6, 10)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Version:
    """One model version: what its latents, its results and its samplers look like.

    `channels` and `cell_px` describe a preview; `frame_step` is the number of video frames that one
    latent frame stands for, 0 for pictures; `audio_hz` is 0 where results are silent.
    """

    name: str
    channels: int
    cell_px: int
    flow: bool = False
    resolution_shift: bool = False
    default_scale: int = 16
    frame_step: int = 0
    frames_per_second: int = 30
    audio_hz: int = 0
    needs_image: bool = False

    @property
    def is_video(self) -> bool:
        return self.frame_step > 0

    @property
    def single(self) -> bool:
        """True where the server forces the batch to one."""
        return self.is_video or self.name.startswith("seedvr2")

    def latent_frames(self, frames: int) -> int:
        """Return how many latent frames stand for `frames` frames; 1 for a picture."""
        return (max(frames, 1) - 1) // self.frame_step + 1 if self.is_video else 1

    def decoded_frames(self, frames: int) -> int:
        """Return how many frames come back when `frames` are asked for; 1 for a picture."""
        decoded = (self.latent_frames(frames) - 1) * max(self.frame_step, 1) + 1
        return min(max(frames, 1), decoded) if self.is_video else 1


_ALL = (
    Version("v1", 4, 8, default_scale=8),
    Version("v2", 4, 8, default_scale=12),
    Version("kandinsky2.1", 4, 8, default_scale=12),
    Version("sdxl_base_v0.9", 4, 8),
    Version("sdxl_refiner_v0.9", 4, 8),
    Version("ssd_1b", 4, 8),
    Version("svd_i2v", 4, 8, default_scale=8, frame_step=1, needs_image=True),
    Version("wurstchen_v3.0_stage_c", 3, 8),
    Version("wurstchen_v3.0_stage_b", 4, 4),
    Version("sd3", 16, 8, flow=True, resolution_shift=True),
    Version("sd3_large", 16, 8, flow=True, resolution_shift=True),
    Version("pixart", 4, 8),
    Version("auraflow", 4, 8, flow=True),
    Version("flux1", 16, 8, flow=True, resolution_shift=True),
    Version("hunyuan_video", 16, 8, flow=True, default_scale=12, frame_step=4),
    Version("wan_v2.1_1.3b", 16, 8, flow=True, default_scale=8, frame_step=4, frames_per_second=16),
    Version("wan_v2.1_14b", 16, 8, flow=True, default_scale=12, frame_step=4, frames_per_second=16),
    Version("wan_v2.2_5b", 48, 16, flow=True, default_scale=12, frame_step=4, frames_per_second=24),
    Version("hidream_i1", 16, 8, flow=True, resolution_shift=True),
    Version("hidream_o1", 3072, 32, flow=True),
    Version("qwen_image", 16, 8, flow=True, resolution_shift=True, frames_per_second=16),
    Version("z_image", 16, 8, flow=True, resolution_shift=True),
    Version("ernie_image", 32, 8, flow=True, resolution_shift=True),
    Version("flux2", 32, 8, flow=True, resolution_shift=True),
    Version("flux2_9b", 32, 8, flow=True, resolution_shift=True),
    Version("flux2_4b", 32, 8, flow=True, resolution_shift=True),
    Version("cosmos2.5_2b", 16, 8, flow=True, resolution_shift=True),
    Version("ideogram_4", 32, 8, flow=True, resolution_shift=True),
    Version("krea_2", 16, 8, flow=True, resolution_shift=True),
    Version(
        "ltx2", 128, 32, flow=True, default_scale=12, frame_step=8,
        frames_per_second=25, audio_hz=24000,
    ),
    Version(
        "ltx2.3", 128, 32, flow=True, default_scale=12, frame_step=8,
        frames_per_second=25, audio_hz=48000,
    ),
    Version("seedvr2_3b", 16, 8, flow=True, default_scale=24, needs_image=True),
    Version("seedvr2_7b", 16, 8, flow=True, default_scale=24, needs_image=True),
    Version(
        "longcat_video_avatar_v1.5", 16, 8, flow=True, default_scale=12, frame_step=4,
        frames_per_second=25, needs_image=True,
    ),
)  # fmt: skip

VERSIONS = {version.name: version for version in _ALL}

STAGE_C = "wurstchen_v3.0_stage_c"
STAGE_B = "wurstchen_v3.0_stage_b"

# Models of another version that may take over as refiner (docs/protocol.md 5.4).
REFINERS = (
    frozenset({"sdxl_base_v0.9", "sdxl_refiner_v0.9", "ssd_1b"}),
    frozenset({"sd3", "sd3_large"}),
    frozenset({"wan_v2.1_1.3b", "wan_v2.1_14b"}),
)

# Versions that come in a variant which reads a depth map (docs/protocol.md 4.8).
DEPTH_VERSIONS = frozenset(
    {"v1", "v2", "kandinsky2.1", "sdxl_base_v0.9", "sdxl_refiner_v0.9", "ssd_1b", "flux1"}
)


def refines(model: str, refiner: str) -> bool:
    """Say whether a model of version `refiner` can take over from one of version `model`."""
    return model == refiner or any({model, refiner} <= group for group in REFINERS)
