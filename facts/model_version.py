"""What is known of a model version: the columns of the table in `versions`."""

# No `from __future__ import annotations`: Python would compile the text of each column at import.

import enum
import math
from typing import NamedTuple

from .samplers import ALL_SAMPLERS, FLOW_SAMPLERS, Sampler

USUAL_SIZE_RANK = 1000


class Kind(enum.Enum):
    """What a model of the version makes."""

    IMAGE = "image"
    VIDEO = "video"


class FrameRule(NamedTuple):
    """How many frames of a video its latent ones stand for (docs/protocol.md 6, 16.3).

    The first `head_latents` stand for `head_frames`; after them every `latents` stand for `frames`.
    What is no whole group is left off, or `rounds_up` to one.
    """

    frames: int
    latents: int = 1
    head_frames: int = 1
    head_latents: int = 1
    rounds_up: bool = False

    def latent_frames(self, num_frames: int) -> int:
        """Return how many latent frames are made when `num_frames` are asked for."""
        if num_frames <= 1:
            return 1
        beyond = max(num_frames - self.head_frames, 0)
        groups = -(-beyond // self.frames) if self.rounds_up else beyond // self.frames
        return self.head_latents + groups * self.latents

    def decoded_frames(self, latent_frames: int) -> int:
        """Return how many frames so many latent ones are decoded to."""
        if latent_frames <= 1:
            return 1
        return (latent_frames - self.head_latents) // self.latents * self.frames + self.head_frames

    @property
    def shortest(self) -> int:
        """Return how many frames the shortest clip has that is more than a picture."""
        return self.head_frames if self.head_frames > 1 else self.head_frames + self.frames


class SoundRule(NamedTuple):
    """The sound beside a video, and how its latents are kept below the picture's (7, 10, 16.3).

    For each decoded frame there are `latents_per_frame` of them, `layers` times, of `channels`
    values. Each stands for `latent_samples`, only the first for `first_samples`.
    """

    rate_hz: int
    channels: int
    latent_samples: int
    first_samples: int
    latents_per_frame: float = 1
    layers: int = 1

    def samples(self, decoded_frames: int) -> int:
        """Return how many samples a channel of the sound has."""
        latents = round(decoded_frames * self.latents_per_frame)
        return self.latent_samples * (latents - 1) + self.first_samples

    def rows(self, decoded_frames: int, latent_frames: int, columns: int, channels: int) -> int:
        """Return how many rows of a preview hold sound; `channels` are those of the picture."""
        values = self.layers * round(decoded_frames * self.latents_per_frame) * self.channels
        line = latent_frames * columns * channels
        rows = -(-values // line)
        while rows * line % self.channels:
            rows += 1
        return rows


class SizeShift(NamedTuple):
    """A shift that grows with the size: exp(mu), where mu is `high` at `tokens`, 0.5 at 256 (5.4).

    A token is 16 x 16 pixels.
    """

    high: float = 1.15
    tokens: int = 4096

    def at(self, width_blocks: int, height_blocks: int) -> float:
        """Return the shift for a size in blocks of 64 pixels."""
        beyond = width_blocks * height_blocks * 16 - 256
        return math.exp(beyond * (self.high - 0.5) / (self.tokens - 256) + 0.5)


class ModelVersion(NamedTuple):
    """One model version (docs/protocol.md 6); what is not said is as for a plain picture model."""

    id: str
    """The raw string, as specifications have it."""
    name: str
    """What people call it."""
    channels: int
    """Of its latents."""
    pixels_per_cell: float
    """How many pixels of the picture a latent covers each way."""
    default_size_px: int = 0
    """The usual native side length; 0 where each checkpoint says its own."""
    kind: Kind = Kind.IMAGE
    flow: bool = False
    """It wants samplers for flow models (docs/configuration.md 2)."""
    latent_spaces: tuple[str, ...] = ()
    """Of latent_rgb.json: what its previews are drawn by, chosen by their channels."""
    sizes: tuple[tuple[int, int], ...] = ()
    """Lying sizes in pixels that its videos are usually made in; () for those of the native area
    (docs/configuration.md 5 and the models' cards, rounded to what a server can make).
    """
    size_rank: int = USUAL_SIZE_RANK
    """How large its models are beside others: whoever wants to try one takes the least."""
    draws_alone: bool = True
    """It makes something from words without another model or picture that a file cannot name."""

    # Fields of the configuration that it reads (docs/configuration.md 1, "versions").
    guidance_embed: bool = False
    """Some of its checkpoints take the guidance scale as input."""
    resolution_dependent_shift: bool = False
    size_shift: SizeShift = SizeShift()
    """How the shift follows from the size where it does."""
    shift_for_audio: bool = False
    sol_attention: bool = False
    """Attention to generated video can be approximated (docs/protocol.md 16.1)."""
    tea_cache: bool = False
    """TeaCache works without coefficients in the specification (docs/protocol.md 5.4)."""
    causal_inference: bool = False
    clip_skip: bool = False
    separate_clip_l: bool = False
    separate_open_clip_g: bool = False
    separate_t5: bool = False
    t5_switch: bool = False
    original_size: bool = False
    """The sizes of the original pictures, positive and negative, are inputs of the model."""
    target_size: bool = False
    """Crop and target size are."""
    aesthetic_score: bool = False
    image_prior: bool = False
    image_conditioning: bool = False
    """Frame rate, motion and noise of the first frame, and a guidance of its own for it."""
    two_stages: bool = False
    """A second model decodes what it makes, and there is no high-resolution fix."""

    # Prompts and guidance (docs/protocol.md 5.4).
    reads_prompt: bool = True
    guided: bool = True
    """There is classifier-free guidance, the only reader of a negative prompt."""

    # Pictures that go in (docs/protocol.md 4).
    needs_image: bool = False
    """Without one the result is empty."""
    forbids_mask: bool = False
    """With one the result is empty."""
    starts_from_image: bool = False
    """It samples from the image, and in its size, at any strength."""
    restores_image: bool = False
    """The image is what it draws anew, not what it departs from."""
    several_input_frames: bool = False
    first_frame_only: bool = False
    """For an editing model of it the image is the first frame, and there is no moodboard (4.6)."""
    reads_alpha: bool = False
    """References may have alpha: A, R, G, B; elsewhere four channels end a server (4.2)."""
    depth_variant: bool = False
    """Some of its models, or LoRAs for it, read a depth map; elsewhere that ends a server (4.8)."""
    vace: bool = False
    """A control of the kind shuffle reads the image too or nothing at all, and no weights (4.5)."""
    fits_hints: bool = False
    """The server itself makes a custom hint fit, with white at the sides (4.4)."""
    mask_cell_px: int = 8
    """The side of the squares in which a mask is read (4.3)."""

    # What comes out (docs/protocol.md 6, 10).
    single: bool = False
    """The server makes one result, whatever the batch size."""
    frame_rule: FrameRule | None = None
    usual_frames: int = 1
    frames_per_second: float = 30
    sound: SoundRule | None = None
    """The sound beside a video, if there is any."""
    transparent: bool = False
    """Results always have alpha (docs/protocol.md 3.5)."""
    hires_growth: int = 1
    """How many times as wide and high as set its results come out with the high-resolution fix,
    whose second pass is computed for latents of 8 pixels (docs/protocol.md 16.3)."""

    # What goes along with it (docs/protocol.md 5.4).
    refiner_group: str = ""
    """Versions of one group refine each other."""
    lora_versions: frozenset[str] = frozenset()
    """Of which other versions LoRAs fit."""

    @property
    def is_video(self) -> bool:
        """Return whether the result is frames: one video, whatever the batch size."""
        return self.kind is Kind.VIDEO

    @property
    def audio_rate(self) -> int:
        """Return the samples per second of the sound beside a video, in Hz; 0 without sound."""
        return self.sound.rate_hz if self.sound else 0

    @property
    def samplers(self) -> frozenset[Sampler]:
        """Return the samplers that draw right; a server takes the others too and draws wrong."""
        return FLOW_SAMPLERS if self.flow else ALL_SAMPLERS

    @property
    def negative_prompt(self) -> bool:
        """Return whether a negative prompt can count, with guidance (docs/protocol.md 5.4)."""
        return self.reads_prompt and self.guided

    def latent_frames(self, num_frames: int) -> int:
        """Return how many latent frames stand for so many frames; 1 for a picture."""
        return self.frame_rule.latent_frames(num_frames) if self.frame_rule else 1

    def sound_rows(self, latent_frames: int, columns: int) -> int:
        """Return how many rows at the bottom of a preview hold sound, not picture."""
        if self.sound is None or self.frame_rule is None:
            return 0
        decoded = self.frame_rule.decoded_frames(latent_frames)
        return self.sound.rows(decoded, latent_frames, columns, self.channels)

    def frames(self, num_frames: int) -> int:
        """Return how many frames come back when `num_frames` are asked for; 1 for a picture."""
        if self.frame_rule is None:
            return 1
        decoded = self.frame_rule.decoded_frames(self.latent_frames(num_frames))
        return min(max(num_frames, 1), decoded)
