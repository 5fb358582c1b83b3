"""What the app writes into its pictures: prompts and configuration, as JSON within XMP.

The app's PNG files have a text chunk `XML:com.adobe.xmp` in which `xmp:CreatorTool` is "Draw
Things", `dc:description` tells the picture in words, and `exif:UserComment` is a JSON object: `c`
and `uc` are the prompts, further keys are settings in words of their own, which the app reads back
when such a picture is opened, and `v2` is the whole configuration as it is copied to the clipboard
(docs/configuration.md 6).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from . import clipboard
from .fields import GenerationConfig
from .wire import shortest

XMP_KEYWORD = "XML:com.adobe.xmp"
PROMPT, NEGATIVE_PROMPT, WHOLE = "c", "uc", "v2"
_TOOL = "Draw Things"
_DEFAULTS = GenerationConfig()
_XMP = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 6.0.0">
   <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description rdf:about=""
            xmlns:dc="http://purl.org/dc/elements/1.1/"
            xmlns:xmp="http://ns.adobe.com/xap/1.0/"
            xmlns:exif="http://ns.adobe.com/exif/1.0/">
         <dc:description>
            <rdf:Alt>
               <rdf:li xml:lang="x-default">{description}</rdf:li>
            </rdf:Alt>
         </dc:description>
         <xmp:CreatorTool>{tool}</xmp:CreatorTool>
         <exif:UserComment>
            <rdf:Alt>
               <rdf:li xml:lang="x-default">{comment}</rdf:li>
            </rdf:Alt>
         </exif:UserComment>
      </rdf:Description>
   </rdf:RDF>
</x:xmpmeta>
"""


@dataclass(frozen=True)
class _Setting:
    """A setting under the key and the words that stand beside `v2`.

    It is written where one of `fields` is not the default. `value` is None where it is the field's.
    """

    key: str
    words: str
    fields: tuple[str, ...]
    value: Callable[[GenerationConfig], Any] | None = None


def _size(width: str, height: str) -> Callable[[GenerationConfig], str]:
    return lambda config: f"{getattr(config, width)}x{getattr(config, height)}"


def _sides(key: str, words: str, name: str) -> _Setting:
    fields = (f"{name}_width", f"{name}_height")
    return _Setting(key, words, fields, _size(*fields))


_SETTINGS = (
    _Setting("upscaler", "Upscaler", ("upscaler",)),
    _Setting("shift", "Shift", ("shift",)),
    _Setting("clip_skip", "CLIP Skip", ("clip_skip",)),
    _Setting("sharpness", "Sharpness", ("sharpness",)),
    _Setting("mask_blur", "Mask Blur", ("mask_blur",)),
    _Setting("mask_blur_outset", "Mask Blur Outset", ("mask_blur_outset",)),
    _Setting("image_guidance", "Image Guidance", ("image_guidance_scale",)),
    _Setting("hires_fix", "Hires Fix", ("hires_fix",)),
    _Setting("clip_weight", "CLIP Weight", ("clip_weight",)),
    _Setting("image_prior_steps", "Image Prior Steps", ("image_prior_steps",)),
    _Setting(
        *("negative_prompt_for_image_prior", "Negative Prompt for Image Prior"),
        ("negative_prompt_for_image_prior",),
    ),
    _Setting("expand_prompt_to_json", "Expand Prompt to JSON", ("expand_prompt_to_json",)),
    _Setting("refiner", "Refiner", ("refiner_model",)),
    _sides("target_size", "Target Size", "target_image"),
    _Setting("crop_top", "Crop Top", ("crop_top",)),
    _Setting("crop_left", "Crop Left", ("crop_left",)),
    _sides("original_size", "Original Size", "original_image"),
    _sides("negative_original_size", "Negative Original Size", "negative_original_image"),
    _Setting("aesthetic_score", "Aesthetic Score", ("aesthetic_score",)),
    _Setting("negative_aesthetic_score", "Negative Aesthetic Score", ("negative_aesthetic_score",)),
    _Setting("zero_negative_prompt", "Zero Negative Prompt", ("zero_negative_prompt",)),
    _Setting("num_frames", "Num Frames", ("num_frames",)),
)


@dataclass(frozen=True)
class Metadata:
    """What a picture tells of itself; `comment` is the object that the app reads back."""

    description: str
    comment: Mapping[str, Any]

    def xmp(self) -> str:
        """Return it as the text of the chunk XMP_KEYWORD."""
        comment = json.dumps(self.comment, ensure_ascii=False, sort_keys=True)
        return _XMP.format(
            description=_escaped(self.description), tool=_TOOL, comment=_escaped(comment)
        )


def describe(config: GenerationConfig, prompt: str, negative_prompt: str = "") -> Metadata:
    """Return what a picture that was made so tells of itself."""
    prompt, negative_prompt = prompt.strip(), negative_prompt.strip()
    size = f"{config.start_width}x{config.start_height}"
    words: list[tuple[str, Any]] = [
        ("Steps", config.steps),
        ("Sampler", config.sampler.label),
        ("Guidance Scale", config.guidance_scale),
        ("Seed", config.seed),
        ("Size", size),
        ("Model", config.model),
        ("Strength", config.strength),
        ("Seed Mode", config.seed_mode.label),
    ]
    comment: dict[str, Any] = {
        PROMPT: prompt,
        NEGATIVE_PROMPT: negative_prompt,
        WHOLE: clipboard.to_object(config),
        "steps": config.steps,
        "sampler": config.sampler.label,
        "scale": _number(config.guidance_scale),
        "seed": config.seed,
        "size": size,
        "model": config.model,
        "strength": _number(config.strength),
        "seed_mode": config.seed_mode.label,
    }
    for one in _SETTINGS:
        if all(getattr(config, name) == getattr(_DEFAULTS, name) for name in one.fields):
            continue
        value = one.value(config) if one.value else getattr(config, one.fields[0])
        words.append((one.words, value))
        comment[one.key] = _number(value)
    _add_passes(config, words, comment)
    _add_files(config, words, comment)
    lines = [prompt, *([f"-{negative_prompt}"] if negative_prompt else [])]
    lines.append(", ".join(f"{name}: {_said(value)}" for name, value in words))
    return Metadata("\n".join(lines), comment)


def _add_passes(
    config: GenerationConfig, words: list[tuple[str, Any]], comment: dict[str, Any]
) -> None:
    """Add what is said of a refiner and of two passes where there are any."""
    if config.refiner_model:
        words.append(("Refiner Start", config.refiner_start))
        comment["refiner_start"] = _number(config.refiner_start)
    if config.hires_fix:
        first = _size("hires_fix_start_width", "hires_fix_start_height")(config)
        words.append(("First Stage Size", first))
        words.append(("Second Stage Strength", config.hires_fix_strength))
        comment["first_stage_size"] = first
        comment["second_stage_strength"] = _number(config.hires_fix_strength)


def _add_files(
    config: GenerationConfig, words: list[tuple[str, Any]], comment: dict[str, Any]
) -> None:
    """Add the LoRAs and controls, numbered where there are several."""
    for number, lora in enumerate(config.loras, 1):
        name = "LoRA" if len(config.loras) == 1 else f"LoRA {number}"
        words += [(f"{name} Model", lora.file), (f"{name} Weight", lora.weight)]
    if config.loras:
        comment["lora"] = [
            {
                "model": lora.file,
                "weight": _number(lora.weight),
                "mode": lora.mode.name.lower(),
            }
            for lora in config.loras
        ]
    for number, control in enumerate(config.controls, 1):
        name = "Control" if len(config.controls) == 1 else f"Control {number}"
        words += [
            (name, control.file),
            (f"{name} No Prompt", control.no_prompt),
            (f"{name} Weight", control.weight),
            (f"{name} Start", control.guidance_start),
            (f"{name} End", control.guidance_end),
        ]
    if config.controls:
        comment["control"] = [
            {
                "file": control.file,
                "weight": _number(control.weight),
                "no_prompt": control.no_prompt,
                "guidance_start": _number(control.guidance_start),
                "guidance_end": _number(control.guidance_end),
                "global_average_pooling": control.global_average_pooling,
            }
            for control in config.controls
        ]


def _number(value: Any) -> Any:
    return shortest(value) if isinstance(value, float) else value


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(_number(float(value) if isinstance(value, float) else value))


def _escaped(text: str) -> str:
    """Return a text for XML, in which line breaks stay and control characters cannot be."""
    kept = "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
    return escape(kept, {"\n": "&#xA;", "\r": "&#xD;", "\t": "&#x9;"})
