"""The app's further settings that only some models read, a node for each concern."""

from __future__ import annotations

from .fields import Setting, SettingsNode, first_complaint


class SDXLSizeConditioning(SettingsNode):
    """What SDXL is told of the picture it shall imitate."""

    ID, TITLE = "SDXLSizeConditioning", "SDXL Size Conditioning"
    ABOUT = (
        "Tells SDXL from what size of photograph, and from which part of it, the picture should"
        " look to be taken."
    )
    FIELDS = (
        Setting("original_image_width", "Original width in pixels, 128 to 2048; 0: the picture's."),
        Setting(
            "original_image_height", "Original height in pixels, 128 to 2048; 0: the picture's."
        ),
        Setting("target_image_width", "Wanted width in pixels, 128 to 2048; 0: the picture's."),
        Setting("target_image_height", "Wanted height in pixels, 128 to 2048; 0: the picture's."),
        Setting("crop_left", "Pixels that are cut off at the left."),
        Setting("crop_top", "Pixels that are cut off at the top."),
        Setting(
            "negative_original_image_width",
            "Original width for the negative prompt, 128 to 2048 pixels; 0: as above.",
        ),
        Setting(
            "negative_original_image_height",
            "Original height for the negative prompt, 128 to 2048 pixels; 0: as above.",
        ),
        Setting("aesthetic_score", "The rating for beauty that the picture should reach, 0 to 10."),
        Setting(
            "negative_aesthetic_score",
            "The rating for beauty that it should keep away from, 0 to 10.",
        ),
    )

    @classmethod
    def validate_inputs(
        cls,
        original_image_width: int | None,
        original_image_height: int | None,
        target_image_width: int | None,
        target_image_height: int | None,
        negative_original_image_width: int | None,
        negative_original_image_height: int | None,
    ) -> bool | str:
        """Say at the fields which sizes cannot be."""
        return first_complaint(
            original_image_width=original_image_width,
            original_image_height=original_image_height,
            target_image_width=target_image_width,
            target_image_height=target_image_height,
            negative_original_image_width=negative_original_image_width,
            negative_original_image_height=negative_original_image_height,
        )


_OWN_TEXT = "Gives {} a text of its own instead of the prompt."


class TextEncoders(SettingsNode):
    """Prompts for one text encoder only."""

    ID, TITLE = "TextEncoders", "Text Encoders"
    ABOUT = "Gives one text encoder or several a text of their own instead of the prompt."
    FIELDS = (
        Setting("separate_clip_l", _OWN_TEXT.format("CLIP-L")),
        Setting("clip_l_text", "The text for CLIP-L.", multiline=True),
        Setting("separate_open_clip_g", _OWN_TEXT.format("OpenCLIP-G")),
        Setting("open_clip_g_text", "The text for OpenCLIP-G.", multiline=True),
        Setting("separate_t5", _OWN_TEXT.format("T5")),
        Setting("t5_text", "The text for T5.", multiline=True),
        Setting("t5_text_encoder", "Uses T5 at all; off needs less memory."),
    )


class Video(SettingsNode):
    """How long a video is, and how it moves."""

    ID, TITLE = "Video", "Video"
    ABOUT = "Sets the length of a video and how it moves."
    FIELDS = (
        Setting(
            "num_frames",
            "Frames of the video: a multiple of 4, plus 1, for Hunyuan, Wan and LongCat (such as"
            " 81); a multiple of 8, plus 1, for LTX (such as 121); a multiple of 17, plus 5, for"
            " MiniMax H3 (such as 124). 0 takes what suits the model.",
            automatic=True,
        ),
        Setting("fps_id", "Frames per second that the movement is made for."),
        Setting("motion_bucket_id", "How much movement there is, 0 to 255."),
        Setting(
            "cond_aug",
            "Noise on the starting image, 0 to 1; with more of it the video keeps less to it.",
        ),
        Setting(
            "start_frame_cfg",
            "Guidance of the first frame, from which it rises to Generate's at the last.",
        ),
        Setting("causal_inference_enabled", "Lets frames look at earlier ones only, in chunks."),
        Setting("causal_inference", "Causal inference: latent frames in a chunk."),
        Setting("causal_inference_pad", "Causal inference: latent frames that chunks share."),
        Setting("shift_for_audio", "Timestep shift of the sound, 0.1 to 12."),
    )


class SecondStage(SettingsNode):
    """Stable Cascade's own settings for its second stage."""

    ID, TITLE = "Stage2", "Stage 2"
    ABOUT = "Sets the second stage of Stable Cascade."
    FIELDS = (
        Setting("stage_2_steps", "Sampling steps of the second stage."),
        Setting("stage_2_cfg", "Guidance of the second stage; 1 is off."),
        Setting("stage_2_shift", "Timestep shift of the second stage, 0.1 to 5."),
    )


class ImagePrior(SettingsNode):
    """Kandinsky's own settings for its prior."""

    ID, TITLE = "ImagePrior", "Image Prior"
    ABOUT = "Sets how Kandinsky imagines the picture before it draws it."
    FIELDS = (
        Setting("image_prior_steps", "Steps of the image prior."),
        Setting(
            "negative_prompt_for_image_prior", "Lets the image prior read the negative prompt, too."
        ),
        Setting("clip_weight", "How much CLIP's reading of the prompt counts, 0 to 1."),
    )
