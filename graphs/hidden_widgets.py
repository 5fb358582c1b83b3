"""Widgets that the official Draw Things pack hides for some models, and does not send for them.

They keep what they say, so that a graph may hold a switch that is on without an effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TCD = "TCD"  # the one sampler with gamma: theirs mean no other of that kind
_USUAL_FRAMES, _USUAL_GUIDANCE = 14, 3.5  # what a request says where they send nothing
# The versions for which they are sent.
_SENT_FOR: Mapping[str, frozenset[str]] = {
    "num_frames": frozenset({"hunyuan_video", "wan_v2.1_1.3b", "wan_v2.1_14b", "svd_i2v"}),
    "res_dpt_shift": frozenset(
        {
            *("flux1", "sd3", "hidream_i1", "qwen_image", "z_image"),
            *("flux2", "flux2_4b", "flux2_9b"),
        }
    ),
    **dict.fromkeys(("separate_clip_l", "clip_l_text"), frozenset({"flux1", "hidream_i1", "sd3"})),
    **dict.fromkeys(("separate_open_clip_g", "open_clip_g_text"), frozenset({"sd3"})),
    **dict.fromkeys(
        (
            *("tea_cache", "tea_cache_start", "tea_cache_end", "tea_cache_threshold"),
            "tea_cache_max_skip_steps",
        ),
        frozenset({"flux1", "hidream_i1", "wan_v2.1_1.3b", "wan_v2.1_14b", "hunyuan_video"}),
    ),
    **dict.fromkeys(
        ("causal_inference", "causal_inference_pad"), frozenset({"wan_v2.1_1.3b", "wan_v2.1_14b"})
    ),
}


def sent(values: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a sampler's values that theirs send for a model with that specification.

    Of a model that is not chosen yet any may come to count.
    """
    version = str(spec.get("version", ""))
    if not version:
        return dict(values)
    kept = {
        name: value
        for name, value in values.items()
        if name not in _SENT_FOR or version in _SENT_FOR[name]
    }
    kept.setdefault("num_frames", _USUAL_FRAMES)
    if kept.get("sampler_name", TCD) != TCD:
        kept.pop("stochastic_sampling_gamma", None)
    if kept.get("speed_up", True):
        kept.pop("guidance_embed", None)
        if spec.get("guidance_embed"):  # else no server reads it (docs/configuration.md 1)
            kept["guidance_embed"] = _USUAL_GUIDANCE
    return kept
