"""The app's further settings that most models read, a node for each concern."""

from __future__ import annotations

from .fields import Setting, SettingsNode, first_complaint


class SamplingDetails(SettingsNode):
    """How noise is made and removed."""

    ID, TITLE = "SamplingDetails", "Sampling Details"
    ABOUT = "Sets how noise is made from the seed, and finer points of sampling."
    FIELDS = (
        Setting("seed_mode", "How noise is made from the seed. Scale Alike is the app's own."),
        Setting("clip_skip", "How many of CLIP's last layers are skipped, plus 1. 1 skips none."),
        Setting("sharpness", "Sharpens while sampling, 0 to 30. 0 is off."),
        Setting(
            "stochastic_sampling_gamma",
            "How much noise TCD adds between steps. Read by the samplers TCD and TCD Trailing only;"
            " left out for others.",
        ),
        Setting(
            "zero_negative_prompt",
            "Puts zeros in the place of the negative prompt's encoding. For SDXL, Stable Diffusion"
            " 3 and others that work with it.",
        ),
        Setting(
            "image_guidance_scale",
            "How closely an edit keeps to the image. Read by editing models only, such as"
            " InstructPix2Pix and HiDream E1.",
        ),
    )


class HighResolutionFix(SettingsNode):
    """Two passes, the small one first."""

    ID, TITLE = "HighResolutionFix", "High-Resolution Fix"
    ABOUT = (
        "Generates a small picture first and the full size from it, which avoids doubled subjects."
        " Has no effect where Generate starts from an image."
    )
    FIELDS = (
        Setting("hires_fix", "Generates in two passes."),
        Setting(
            "hires_fix_start_width",
            "Width of the first pass in pixels, a multiple of 64, smaller than the picture.",
        ),
        Setting(
            "hires_fix_start_height",
            "Height of the first pass in pixels, a multiple of 64, smaller than the picture.",
        ),
        Setting(
            "hires_fix_strength", "How much the second pass may change, 0 to 1; more takes longer."
        ),
    )

    @classmethod
    def validate_inputs(
        cls, hires_fix_start_width: int | None, hires_fix_start_height: int | None
    ) -> bool | str:
        """Say at the fields which sizes cannot be."""
        return first_complaint(
            hires_fix_start_width=hires_fix_start_width,
            hires_fix_start_height=hires_fix_start_height,
        )


_TILE = "of a tile in pixels, a multiple of 64"
_OVERLAP = "pixels that neighbouring tiles share, a multiple of 64, smaller than a tile."


class Tiling(SettingsNode):
    """Large pictures in tiles, for servers with little memory."""

    ID, TITLE = "Tiling", "Tiling"
    ABOUT = "Decodes or samples large pictures in tiles, which needs less memory on the server."
    FIELDS = (
        Setting("tiled_decoding", "Decodes the picture in tiles."),
        Setting("decoding_tile_width", f"Decoding: width {_TILE}."),
        Setting("decoding_tile_height", f"Decoding: height {_TILE}."),
        Setting("decoding_tile_overlap", f"Decoding: {_OVERLAP}"),
        Setting("tiled_diffusion", "Samples in tiles, too. Most models can."),
        Setting("diffusion_tile_width", f"Sampling: width {_TILE}."),
        Setting("diffusion_tile_height", f"Sampling: height {_TILE}."),
        Setting("diffusion_tile_overlap", f"Sampling: {_OVERLAP}"),
    )

    @classmethod
    def validate_inputs(
        cls,
        decoding_tile_width: int | None,
        decoding_tile_height: int | None,
        decoding_tile_overlap: int | None,
        diffusion_tile_width: int | None,
        diffusion_tile_height: int | None,
        diffusion_tile_overlap: int | None,
    ) -> bool | str:
        """Say at the fields which sizes cannot be."""
        return first_complaint(
            decoding_tile_width=decoding_tile_width,
            decoding_tile_height=decoding_tile_height,
            decoding_tile_overlap=decoding_tile_overlap,
            diffusion_tile_width=diffusion_tile_width,
            diffusion_tile_height=diffusion_tile_height,
            diffusion_tile_overlap=diffusion_tile_overlap,
        )


class Refiner(SettingsNode):
    """A second model for the last steps."""

    ID, TITLE = "Refiner", "Refiner"
    ABOUT = (
        "Hands the last steps to a second model: the SDXL refiner, the low-noise expert of Wan 2.2."
    )
    FIELDS = (
        Setting(
            "refiner_model",
            "File name of the refiner on the server, or its name as the app shows it. It must be of"
            " the model's kind. Empty for none.",
        ),
        Setting(
            "refiner_start",
            "After which part of the steps the refiner takes over: 0.85 in general, about 0.1 for"
            " Wan 2.2.",
        ),
    )


class UpscalerAndFaces(SettingsNode):
    """What happens to the finished picture."""

    ID, TITLE = "Upscaler", "Upscaler and Face Restoration"
    ABOUT = "Enlarges the finished picture on the server, or mends its faces."
    FIELDS = (
        Setting(
            "upscaler",
            "File name of an upscaler on the server, such as realesrgan_x2plus_f16.ckpt, or its"
            " name as the app shows it. Empty for none.",
        ),
        Setting(
            "upscaler_scale_factor",
            "How many times as wide and high: 2 or 4; 0 takes the upscaler's own factor.",
            step=2,
        ),
        Setting(
            "face_restoration",
            "File name of a face restorer on the server. Empty for none. A server"
            " on Linux has none.",
        ),
    )


class Speed(SettingsNode):
    """What makes sampling faster or steadier without another model."""

    ID, TITLE = "Speed", "Speed"
    ABOUT = "Skips work that changes little (TeaCache), and sets how guidance is computed."
    FIELDS = (
        Setting(
            "tea_cache",
            "Skips steps that would change little. FLUX.1, Hunyuan Video and HiDream can; others"
            " where the server knows the model's coefficients.",
        ),
        Setting("tea_cache_start", "TeaCache: the first step that may be skipped."),
        Setting(
            "tea_cache_end",
            "TeaCache: the last step that may be skipped; below 0 counted from the end: -1 is the"
            " last of all, -3 the third last.",
        ),
        Setting("tea_cache_threshold", "TeaCache: more is faster and less exact, 0 to 1."),
        Setting("tea_cache_max_skip_steps", "TeaCache: how many steps in a row may be skipped."),
        Setting("cfg_zero_star", "Corrects the guidance by CFG-Zero*. Needs guidance above 1."),
        Setting(
            "cfg_zero_init_steps", "Steps at the start that CFG-Zero* leaves without guidance."
        ),
        Setting(
            "uses_sol_attention", "Looks at a video's frames approximately (Sol attention): faster."
        ),
        Setting("sol_attention_start", "Sol attention: how many steps at the start stay exact."),
        Setting("sol_attention_tau", "Sol attention: the threshold of the approximation, 0 to 4."),
        Setting(
            "speed_up_with_guidance_embed",
            "On, the model takes the guidance as an input. Off, CFG is computed besides, with the"
            " negative prompt, in twice the time.",
        ),
        Setting(
            "guidance_embed",
            "The guidance that such a model takes as an input. 0 takes Generate's guidance.",
            automatic=True,
        ),
    )


class Inpainting(SettingsNode):
    """How a repainted area meets what is kept."""

    ID, TITLE = "Inpainting", "Inpainting"
    ABOUT = "Sets how a repainted area meets what is kept. Matters with an image at Generate."
    FIELDS = (
        Setting("mask_blur", "How soft the mask's edge is, in pixels."),
        Setting(
            "mask_blur_outset", "Pixels by which the repainted area grows, or shrinks below 0."
        ),
        Setting(
            "preserve_original_after_inpaint",
            "Puts what the mask keeps back from the image, pixel by pixel.",
        ),
        Setting(
            "color_calibration",
            "Matches the result's colours to those of the image: Lab, or Disabled.",
        ),
    )
