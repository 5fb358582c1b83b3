"""How nodes are found and shown in ComfyUI's page: search words, names of inputs, what is folded.

Everything here is for the eye: no id, no value and no saved graph depends on it.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from comfy_api.latest import io

# What people type who do not know our names, by the node's id without "Drawbridge_". ComfyUI 0.3.64
# takes no such words.
SEARCH_WORDS: dict[str, tuple[str, ...]] = {
    "Connect": ("draw things", "draw things server", "remote", "grpc", "host", "mac", "api server"),
    "ServerPool": ("several servers", "many servers", "cluster", "farm", "multi gpu", "parallel"),
    "LoadModel": ("draw things model", "checkpoint", "load checkpoint", "unet", "model loader"),
    "LoRAStack": ("draw things lora", "lora loader", "lycoris"),
    "ControlNetHint": (
        *("controlnet", "apply controlnet", "ip adapter", "t2i adapter"),
        *("depth", "canny", "pose", "scribble", "lineart", "tile"),
    ),
    "Moodboard": ("ip adapter", "reference images", "style reference", "shuffle", "redux"),
    "Prompt": ("clip text encode", "textual inversion", "embedding"),
    "PromptBatch": ("prompt list", "prompts from lines", "prompt queue"),
    "Generate": (
        *("draw things", "draw things sampler", "txt2img", "text to image", "img2img"),
        *("image to image", "inpaint", "outpaint", "edit image", "text to video"),
        *("image to video", "ksampler", "sampler", "remote", "grpc"),
    ),
    "RecommendedSettings": ("preset", "defaults", "community configuration"),
    "ImportConfiguration": ("paste configuration", "json", "preset", "draw things settings"),
    "ExportConfiguration": ("copy configuration", "json", "preset", "draw things settings"),
    "Upload": ("send file", "send model", "transfer", "upload lora"),
    "FilesExist": ("check files", "hash", "sha256"),
    "ServerInfo": ("echo", "server status", "list models", "catalogue"),
    "SettingsSamplingDetails": ("seed mode", "clip skip", "sharpness", "tcd"),
    "SettingsHighResolutionFix": ("hires fix", "highres", "two passes"),
    "SettingsRefiner": ("refiner", "sdxl refiner", "second model"),
    "SettingsUpscaler": ("upscale", "esrgan", "face restore", "gfpgan", "codeformer"),
    "SettingsInpainting": ("inpaint", "mask blur", "preserve original"),
    "SettingsSpeed": ("teacache", "tea cache", "cfg zero", "faster"),
    "SettingsTiling": ("tiled vae", "tiled diffusion", "vae decode tiled", "low memory"),
    "SettingsTextEncoders": ("clip", "t5", "clip-l", "openclip"),
    "SettingsVideo": ("frames", "fps", "motion bucket", "svd", "wan", "hunyuan", "ltx"),
    "SettingsSDXLSizeConditioning": ("sdxl", "crop", "aesthetic score", "size conditioning"),
    "SettingsStage2": ("stable cascade", "wuerstchen", "stage 2"),
    "SettingsImagePrior": ("kandinsky", "image prior"),
}

# What most graphs leave as it is. Pages show it behind "advanced inputs"; values stay in their
# places.
FOLDED: dict[str, tuple[str, ...]] = {
    "Connect": ("at_once",),
    "LoadModel": ("version", "specification"),
    "LoRAStack": ("specification",),
    "ControlNetHint": (
        *("control_mode", "input_override", "target_blocks", "down_sampling_rate", "no_prompt"),
        *("global_average_pooling", "specification"),
    ),
    "Moodboard": ("specification",),
    "Generate": ("shift", "batch_size", "batch_count", "fit", "masked_content"),
    "Upload": ("path", "remote_name", "compare_hash"),
}

# How the words of ids are spelled, and ids that the app calls otherwise.
_SPELLED = {"lora": "LoRA", "clip": "CLIP", "cfg": "CFG", "t5": "T5", "sol": "SOL"}
_CALLED = {
    "clip_l_text": "CLIP-L text",
    "cond_aug": "guiding frame noise",
    "fps_id": "frames per second",
    "hires_fix": "high-resolution fix",
    "hires_fix_start_height": "first pass height",
    "hires_fix_start_width": "first pass width",
    "hires_fix_strength": "second pass strength",
    "motion_bucket_id": "motion scale",
    "num_frames": "frames",
    "open_clip_g_text": "OpenCLIP-G text",
    "separate_clip_l": "separate CLIP-L",
    "separate_open_clip_g": "separate OpenCLIP-G",
    "start_frame_cfg": "start frame guidance",
    "tea_cache": "TeaCache",
}


def presented(node: type[io.ComfyNode]) -> type[io.ComfyNode]:
    """Let a node's schema carry what its page shows; return the node."""
    kind: Any = node
    declare = kind.define_schema.__func__

    @wraps(declare)
    def define_schema(cls: type[io.ComfyNode]) -> io.Schema:
        schema = declare(cls)
        name = schema.node_id.removeprefix("Drawbridge_")
        for entry in schema.inputs:
            entry.display_name = entry.display_name or label(entry.id)
            if entry.id in FOLDED.get(name, ()):
                # Not the argument `advanced`, which ComfyUI 0.3.64 does not take. All of its pages
                # read the option.
                entry.extra_dict = {**entry.extra_dict, "advanced": True}
        if hasattr(schema, "search_aliases"):
            schema.search_aliases = list(SEARCH_WORDS[name])
        return schema

    setattr(node, "define_schema", classmethod(define_schema))  # noqa: B010
    return node


def label(name: str) -> str:
    """Return what a person reads for an input's id: "LoRA 1" for lora_1."""
    spelled = (_SPELLED.get(word, word) for word in name.split("_"))
    return _CALLED.get(name) or " ".join(spelled)
