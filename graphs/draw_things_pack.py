"""The nodes of the official Draw Things pack (draw-things-comfyui) and what of ours they become.

Jokimbe's ComfyUI-DrawThings-gRPC has the same node ids, inputs and widgets. Each row is a widget:
its name, our node and input, how its value is read, and when it counts at all. The tables serve the
conversion of whole graphs (convert.py) and ComfyUI's own node replacement (replacement.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..facts import versions
from .hidden_widgets import TCD
from .own_nodes import (
    CONNECT,
    CONTROL,
    GENERATE,
    HIRES,
    INPAINTING,
    LOAD_MODEL,
    LORAS,
    MOODBOARD,
    PROMPT,
    REFINER,
    SAMPLING,
    SPEED,
    TEXTS,
    TILING,
    UPSCALER,
    VIDEO,
)

Values = Mapping[str, Any]
Read = Callable[[Any], Any]
Counts = Callable[[Values, str], bool]

SAMPLER = "DrawThingsSampler"
THEIR_CONTROL = "DrawThingsControlNet"
THEIR_LORA = "DrawThingsLoRA"
HINTS = "DrawThingsHints"
THEIR_UPSCALER = "DrawThingsUpscaler"
THEIR_REFINER = "DrawThingsRefiner"
PROMPTS = {
    "DrawThingsPrompt": "prompt",
    "DrawThingsPositive": "positive",
    "DrawThingsNegative": "negative",
}
# Types of their sockets, and of ours in the same place.
SOCKETS = {
    "DT_LORA": "DRAWBRIDGE_LORAS",
    "DT_CNET": "DRAWBRIDGE_CONTROLS",
    "DT_HINTS": "DRAWBRIDGE_CONTROLS",
    "DT_UPSCALER": "DRAWBRIDGE_SETTINGS",
    "DT_REFINER": "DRAWBRIDGE_SETTINGS",
}
_SEEDS = 0xFFFFFFFF  # their seeds are taken modulo this
REFINER_START_FOR_0 = 0.7  # theirs take 0 for nothing said, and send this
_BLOCK_PX = 64


class Widget(NamedTuple):
    """A widget of theirs; `node` is "" where ours have nothing for it, and need nothing."""

    name: str
    node: str = ""
    input: str = ""
    read: Read | None = None
    counts: Counts | None = None

    def value(self, given: Any) -> Any:
        """Return what our widget says for what theirs says."""
        return self.read(given) if self.read else given

    @property
    def plain(self) -> bool:
        """Return whether a link to theirs can go to ours, and values are the same."""
        return bool(self.node) and self.read is None


def file_of(value: Any) -> str:
    """Return the file that one of their model widgets names, "" for none."""
    inner = value.get("value") if isinstance(value, Mapping) else None
    file = inner.get("file") if isinstance(inner, Mapping) else None
    return file if isinstance(file, str) else ""


def about(value: Any) -> Mapping[str, Any]:
    """Return the specification that one of their model widgets holds."""
    inner = value.get("value") if isinstance(value, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _whole(value: Any) -> int:
    return int(value)


def _blocks(value: Any) -> int:
    return int(value) // _BLOCK_PX * _BLOCK_PX


def _quarter(value: Any) -> int:
    return int(value) // 4


def _chunk(value: Any) -> int:
    return max((int(value) + 3) // 4, 1)


def _on(name: str) -> Counts:
    return lambda values, version: bool(values.get(name))


def _reads(column: str) -> Counts:
    """Return what says whether a version has a column; one that nobody knows has none."""

    def counts(values: Values, version: str) -> bool:
        known = versions.find(version)
        return known is not None and bool(getattr(known, column))

    return counts


def _both(first: Counts, second: Counts) -> Counts:
    return lambda values, version: first(values, version) and second(values, version)


def _own_guidance(values: Values, version: str) -> bool:
    return not values.get("speed_up", True) and _reads("guidance_embed")(values, version)


def _tcd(values: Values, version: str) -> bool:
    return str(values.get("sampler_name", "")) == TCD


_SEED_MODES = {
    "Legacy": "Legacy",
    "TorchCpuCompatible": "Torch CPU Compatible",
    "ScaleAlike": "Scale Alike",
    "NvidiaGpuCompatible": "NVIDIA GPU Compatible",
}
_TLS = {True: "Draw Things certificate", False: "plaintext"}
_VIDEO_OF_ONE_PICTURE = _reads("image_conditioning")
_CAUSAL = _both(_reads("causal_inference"), _on("causal_inference"))

SAMPLER_WIDGETS: tuple[Widget, ...] = (
    Widget("settings"),  # how much of the node is shown
    Widget("server", CONNECT, "host"),
    Widget("port", CONNECT, "port", _whole),
    Widget("use_tls", CONNECT, "transport", lambda value: _TLS[bool(value)]),
    Widget("model", LOAD_MODEL, "model", file_of),
    Widget("strength", GENERATE, "strength"),
    Widget("seed", GENERATE, "seed", lambda value: int(value) % _SEEDS),
    Widget("control_after_generate", GENERATE, "control_after_generate"),
    Widget("seed_mode", SAMPLING, "seed_mode", lambda value: _SEED_MODES[value]),
    Widget("width", GENERATE, "width", _blocks),
    Widget("height", GENERATE, "height", _blocks),
    Widget("steps", GENERATE, "steps"),
    Widget("num_frames", VIDEO, "num_frames", None, _reads("is_video")),
    Widget("cfg", GENERATE, "guidance"),
    Widget("cfg_zero_star", SPEED, "cfg_zero_star", None, _on("cfg_zero_star")),
    Widget("cfg_zero_star_init_steps", SPEED, "cfg_zero_init_steps", None, _on("cfg_zero_star")),
    Widget("speed_up", SPEED, "speed_up_with_guidance_embed", None, _own_guidance),
    Widget("guidance_embed", SPEED, "guidance_embed", None, _reads("guidance_embed")),
    Widget("sampler_name", GENERATE, "sampler"),
    Widget("stochastic_sampling_gamma", SAMPLING, "stochastic_sampling_gamma", None, _tcd),
    Widget("res_dpt_shift", GENERATE, ""),  # with shift, see convert.py
    Widget("shift", GENERATE, "shift"),
    Widget("batch_size", GENERATE, "batch_size"),
    Widget("fps", VIDEO, "fps_id", None, _VIDEO_OF_ONE_PICTURE),
    Widget("motion_scale", VIDEO, "motion_bucket_id", None, _VIDEO_OF_ONE_PICTURE),
    Widget("guiding_frame_noise", VIDEO, "cond_aug", None, _VIDEO_OF_ONE_PICTURE),
    Widget("start_frame_guidance", VIDEO, "start_frame_cfg", None, _VIDEO_OF_ONE_PICTURE),
    Widget("causal_inference", VIDEO, "causal_inference", _chunk, _CAUSAL),
    Widget("causal_inference_pad", VIDEO, "causal_inference_pad", _quarter, _CAUSAL),
    Widget("clip_skip", SAMPLING, "clip_skip"),
    Widget("sharpness", SAMPLING, "sharpness"),
    Widget("mask_blur", INPAINTING, "mask_blur"),
    Widget("mask_blur_outset", INPAINTING, "mask_blur_outset"),
    Widget("preserve_original", INPAINTING, "preserve_original_after_inpaint"),
    Widget("high_res_fix", HIRES, "hires_fix", None, _on("high_res_fix")),
    *(
        Widget(f"high_res_fix_start_{side}", HIRES, f"hires_fix_start_{side}", _blocks, _on(switch))
        for switch in ("high_res_fix",)
        for side in ("width", "height")
    ),
    Widget("high_res_fix_strength", HIRES, "hires_fix_strength", None, _on("high_res_fix")),
    *(
        Widget(name, TILING, name, _blocks if name != switch else None, _on(switch))
        for kind in ("decoding", "diffusion")
        for switch in (f"tiled_{kind}",)
        for name in (switch, *(f"{kind}_tile_{part}" for part in ("width", "height", "overlap")))
    ),
    *(
        Widget(name, SPEED, name, None, _on("tea_cache"))
        for name in (
            *("tea_cache", "tea_cache_start", "tea_cache_end", "tea_cache_threshold"),
            "tea_cache_max_skip_steps",
        )
    ),
    Widget("separate_clip_l", TEXTS, "separate_clip_l", None, _on("separate_clip_l")),
    Widget("clip_l_text", TEXTS, "clip_l_text", None, _on("separate_clip_l")),
    Widget(
        "separate_open_clip_g", TEXTS, "separate_open_clip_g", None, _on("separate_open_clip_g")
    ),
    Widget("open_clip_g_text", TEXTS, "open_clip_g_text", None, _on("separate_open_clip_g")),
)
# Inputs of theirs that are sockets, and ours: those of LoRAs, controls and settings are chains.
SAMPLER_SOCKETS = {
    "image": "image",
    "mask": "mask",
    "positive": "prompt",
    "negative": "negative_prompt",
    "lora": "loras",
}
_LORA_ROWS = ["", *(f"_{number}" for number in range(2, 9))]
LORA_WIDGETS: tuple[Widget, ...] = (
    Widget("buttons"),
    *(
        widget
        for number, suffix in enumerate(_LORA_ROWS, 1)
        for widget in (
            Widget(f"lora{suffix}", LORAS, f"lora_{number}", file_of),
            Widget(f"weight{suffix}", LORAS, f"weight_{number}"),
            Widget(f"mode{suffix}", LORAS, f"mode_{number}", lambda value: str(value).lower()),
        )
    ),
    Widget("lora_name", LORAS, "lora_1", file_of),  # of older ones, which had one row
)
CONTROL_WIDGETS: tuple[Widget, ...] = (
    Widget("control_name", CONTROL, "control", file_of),
    Widget("control_input_type", CONTROL, "kind", lambda value: str(value).lower()),
    Widget("control_mode", CONTROL, "control_mode", lambda value: str(value).lower()),
    Widget("control_weight", CONTROL, "weight"),
    Widget("control_start", CONTROL, "start"),
    Widget("control_end", CONTROL, "end"),
    Widget("global_average_pooling", CONTROL, "global_average_pooling"),
    Widget("down_sampling_rate", CONTROL, "down_sampling_rate", lambda value: max(float(value), 1)),
    Widget("target_blocks", CONTROL, ""),  # by the control's version, see blocks
    Widget("invert_image", CONTROL, "lines", lambda value: lines("", inverted=bool(value))),
)
_HINT_ROWS = ["", "_2", "_3", "_4"]
HINT_WIDGETS: tuple[Widget, ...] = tuple(
    widget
    for number, suffix in enumerate(_HINT_ROWS, 1)
    for widget in (
        Widget(f"type{suffix}"),
        Widget(f"weight{suffix}", MOODBOARD, f"weight_{number}"),
    )
)
HINT_IMAGES = tuple(f"image{suffix}" for suffix in _HINT_ROWS)
UPSCALER_WIDGETS = (
    Widget("upscaler_model", UPSCALER, "upscaler", file_of),
    Widget("upscaler_scale_factor", UPSCALER, "upscaler_scale_factor"),
)
REFINER_WIDGETS = (
    Widget("refiner_model", REFINER, "refiner_model", file_of),
    Widget("refiner_start", REFINER, "refiner_start"),
)
WIDGETS: Mapping[str, tuple[Widget, ...]] = {
    SAMPLER: SAMPLER_WIDGETS,
    THEIR_LORA: LORA_WIDGETS,
    THEIR_CONTROL: CONTROL_WIDGETS,
    HINTS: HINT_WIDGETS,
    THEIR_UPSCALER: UPSCALER_WIDGETS,
    THEIR_REFINER: REFINER_WIDGETS,
    "DrawThingsPrompt": (
        Widget("insert_textual_inversion"),  # a button: the word stands in the prompt
        Widget("prompt", PROMPT, "prompt"),
    ),
    "DrawThingsPositive": (Widget("positive", PROMPT, "prompt"),),
    "DrawThingsNegative": (Widget("negative", PROMPT, "prompt"),),
}


def _layouts(kind: str) -> tuple[tuple[str, ...], ...]:
    """Return the names of a node's widgets in the order in which graphs hold them.

    The first is that of today's version, the others those of older ones; no two are equally long.
    """
    names = tuple(row.name for row in WIDGETS[kind])
    if kind == THEIR_LORA:
        return names[:-1], ("lora_name", "weight")
    if kind == THEIR_CONTROL:
        return names, names[:8]
    if kind == SAMPLER:
        zero_star = ("cfg_zero_star", "cfg_zero_star_init_steps")
        before = tuple(name for name in names if name not in zero_star)
        later = ("stochastic_sampling_gamma", "causal_inference_pad")
        return names, before, tuple(name for name in before if name not in later)
    return (names,)


LAYOUTS: Mapping[str, tuple[tuple[str, ...], ...]] = {kind: _layouts(kind) for kind in WIDGETS}
# A hint's type on the wire for the kind of a control, where theirs send its picture.
_CARRIERS = ("depth", "scribble", "pose", "color", "shuffle")
_NOT_SENT = ("unspecified", "ip2p")
HINT_KINDS = {
    "Depth": "depth",
    "Pose": "pose",
    "Scribble": "scribble",
    "Color": "color",
    "Shuffle (Moodboard)": "shuffle",
    "Custom": "custom",
}
_BLOCKS = {
    "v1": {"Style": "up_blocks.1", "Style and Layout": "down_blocks.2, mid_block, up_blocks.1"},
    "sdxl_base_v0.9": {
        "Style": "up_blocks.0.attentions.1",
        "Style and Layout": "down_blocks.2.attentions.1, up_blocks.0.attentions.1",
    },
}


def carrier(kind: str) -> str:
    """Return the type of hint in which theirs send a picture of a kind, "" where they do not."""
    if kind in _NOT_SENT:
        return ""
    return kind if kind in _CARRIERS else "custom"


def lines(kind: str, *, inverted: bool) -> str:
    """Return the lines of a picture that theirs send as it is, or `inverted`.

    A server wants dark lines for lineart alone (docs/protocol.md 4.5); theirs leave it to the
    artist, ours make them.
    """
    return "dark on light" if inverted != (kind == "lineart") else "light on dark"


def blocks(spec: Mapping[str, Any], words: Any) -> str:
    """Return the layers that a control acts on, as our node has them."""
    if spec.get("modifier") != "shuffle":
        return ""
    return _BLOCKS.get(str(spec.get("version")), {}).get(str(words), "")
