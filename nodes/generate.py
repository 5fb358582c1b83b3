"""The Generate node: pictures from words."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

import torch
from comfy_api.latest import io
from comfy_execution.graph_utils import ExecutionBlocker

from ..codec.fit import Fit
from ..facts.samplers import Sampler
from .checks import AUTOMATIC, choice, one_of
from .generating.widget_fields import FIELDS, SHIFTS
from .host import Display, interruptible
from .seed import fingerprint
from .sockets import ControlsSocket, LorasSocket, ModelSocket, SettingsSocket

if TYPE_CHECKING:
    from ..client.configuration.fields import LoRA
    from .records import Hinted, Model, Settings

FITS = {fit.value: fit for fit in Fit}
CONTENTS = [AT_STRENGTH, FROM_NOISE] = ["repaint at strength", "start from noise"]
SIDE = FIELDS["width"][1]
# Has ComfyUI tell a page of the finished picture again; 0.3.64 has no such field.
_SHOWN_AGAIN: dict[str, Any] = {"has_intermediate_output": True}
if not _SHOWN_AGAIN.keys() <= signature(io.Schema).parameters.keys():
    _SHOWN_AGAIN = {}


class Generate(io.ComfyNode):
    """Sends a prompt to the server and returns its pictures."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_Generate",
            display_name="Draw Things Generate",
            category="Draw Things",
            description="Generates pictures on the Draw Things server, with live preview.",
            inputs=[
                ModelSocket.Input("model", tooltip="From Load Model."),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The picture to start from, or to edit. Fitted to width and height. Of "
                    "a batch, each picture makes a request.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="White is repainted, black is kept. One for all pictures, or one each.",
                ),
                LorasSocket.Input("loras", optional=True, tooltip="From LoRA Stack."),
                ControlsSocket.Input(
                    "controls", optional=True, tooltip="From ControlNet Hint or Moodboard."
                ),
                SettingsSocket.Input(
                    "settings",
                    optional=True,
                    tooltip="From the nodes in the menu under Settings. What comes in here wins "
                    "over the widgets below.",
                ),
                io.String.Input(
                    "prompt",
                    multiline=True,
                    dynamic_prompts=True,
                    tooltip="What the picture shows.",
                ),
                io.String.Input(
                    "negative_prompt",
                    multiline=True,
                    dynamic_prompts=True,
                    default="",
                    tooltip="What the picture should not show. Has no effect at guidance 1, nor "
                    "with distilled models.",
                ),
                _side("width"),
                _side("height"),
                io.Int.Input(
                    "steps",
                    default=20,
                    **_limits("steps"),
                    tooltip="Sampling steps. Distilled models (schnell, turbo, lightning) need 4 "
                    "to 8, others 20 to 30.",
                ),
                io.Float.Input(
                    "guidance",
                    default=4.5,
                    **_limits("guidance"),
                    step=0.1,
                    round=0.01,
                    tooltip="How closely the prompt is followed (CFG); for models with a guidance "
                    "input, that value. 1 switches CFG off and halves the time.",
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=-1,
                    max=int(FIELDS["seed"][1].most),
                    control_after_generate=True,
                    tooltip="The same seed and settings give the same picture. -1 draws one at "
                    "every run, and says which.",
                ),
                io.Combo.Input(
                    "sampler",
                    options=[AUTOMATIC, *(sampler.label for sampler in Sampler)],
                    default=AUTOMATIC,
                    tooltip="The app's samplers. 'automatic' takes one that fits the model: flow "
                    "models (FLUX, Qwen, SD3, Wan, ...) work with the Trailing and AYS ones only.",
                ),
                io.Float.Input(
                    "shift",
                    default=0.0,
                    min=0.0,
                    max=SHIFTS.most,
                    step=0.01,
                    round=0.01,
                    tooltip=f"Timestep shift, {SHIFTS}. More gives more steps to the composition, "
                    "less to details. 0 is automatic: what suits the model.",
                ),
                io.Int.Input(
                    "batch_size",
                    default=1,
                    **_limits("batch_size"),
                    tooltip="Pictures of one request, each with a seed of its own. Video models "
                    "make one.",
                ),
                io.Int.Input(
                    "batch_count",
                    optional=True,
                    default=1,
                    **_limits("batch_count"),
                    tooltip="How often to generate, one after the other, with seed, seed + 1, and "
                    "so on.",
                ),
                io.Float.Input(
                    "strength",
                    optional=True,
                    default=1.0,
                    **_limits("strength"),
                    step=0.01,
                    round=0.001,
                    tooltip="How much of the image is painted anew: 0.3 keeps most of it, 1 starts "
                    "from noise. Edit models want 1. Without an image it has no effect.",
                ),
                io.Combo.Input(
                    "fit",
                    optional=True,
                    options=list(FITS),
                    default=Fit.CROP.value,
                    tooltip="How an image of another size is brought to width and height.",
                ),
                io.Combo.Input(
                    "masked_content",
                    optional=True,
                    options=CONTENTS,
                    default=AT_STRENGTH,
                    tooltip="What the masked area starts from: the image at the given strength, or "
                    "pure noise.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="images", tooltip="The pictures; of a video, its frames."
                ),
                io.Mask.Output(
                    display_name="mask", tooltip="White where a picture is transparent."
                ),
                io.Audio.Output(display_name="audio", tooltip="The sound, if the model makes any."),
                io.Video.Output(display_name="video", tooltip="Frames and sound of a video model."),
                io.Float.Output(display_name="fps", tooltip="Frames per second of a video."),
                io.Int.Output(
                    display_name="seeds",
                    is_output_list=True,
                    tooltip="The seed of each request, as a list.",
                ),
                io.String.Output(
                    display_name="request",
                    tooltip="What was sent, as JSON, to be saved with the picture.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
            **_SHOWN_AGAIN,
        )

    @classmethod
    def validate_inputs(cls, width: int | None, height: int | None) -> bool | str:
        """Say at the fields which size a server cannot make; linked ones arrive as None.

        Naming an input switches ComfyUI's own range check off, so the range is checked here too.
        """
        for name, pixels in (("width", width), ("height", height)):
            if pixels is not None and not SIDE.least <= pixels <= SIDE.most:
                return (
                    f"The {name} {pixels} is outside of {SIDE.least} to {SIDE.most} pixels."
                    " Choose one inside."
                )
        return True

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> str:
        """Draw anew at every run where the seed is below 0."""
        return fingerprint(inputs.get("seed"))

    @classmethod
    async def execute(
        cls,
        model: Model,
        prompt: str,
        negative_prompt: str,
        width: int,
        height: int,
        steps: int,
        guidance: float,
        seed: int,
        sampler: str,
        shift: float,
        batch_size: int,
        batch_count: int = 1,
        strength: float = 1.0,
        fit: str = Fit.CROP.value,
        masked_content: str = AT_STRENGTH,
        image: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
        loras: tuple[LoRA, ...] = (),
        controls: tuple[Hinted, ...] = (),
        settings: Settings | None = None,
    ) -> io.NodeOutput:
        from ..client.generation.assemble import Wishes
        from ..client.threads import in_thread
        from .generating import finished_pictures
        from .generating.run import generate
        from .generating.widgets import Widgets
        from .servers import specifications

        widgets = Widgets(
            width=width,
            height=height,
            steps=steps,
            guidance=guidance,
            seed=seed,
            sampler="" if sampler == AUTOMATIC else sampler,
            shift=shift,
            batch_size=batch_size,
            strength=strength,
        )
        wishes = Wishes(
            model=model.found,
            prompt=prompt,
            negative_prompt=negative_prompt,
            settings=settings.as_dict() if settings else {},
            usual=widgets.fields(model.file, model.version),
            loras=loras,
            guides=tuple(one.guide for one in controls),
            specified=specifications.catalog(loras, controls),
            image=image,
            mask=mask,
            fit=choice("fit", fit, FITS),
            from_noise=one_of("masked content", masked_content, CONTENTS) == FROM_NOISE,
            runs=batch_count,
        )
        display = Display(cls.hidden.unique_id)
        result = await interruptible(generate(model, wishes, display))
        nothing = ExecutionBlocker(None)  # what hangs on an output without a value stays quiet
        if result is None:
            return io.NodeOutput(*(nothing for _ in cls.define_schema().outputs))
        finished = result.images if result.video is None else result.images[:1]
        sheet = await interruptible(in_thread(lambda: finished_pictures.sheet(finished)))
        display.picture(sheet)
        return io.NodeOutput(
            result.images,
            result.transparency,
            result.sound or nothing,
            nothing if result.video is None else result.video,
            result.fps,
            result.seeds,
            result.request,
            ui=await interruptible(in_thread(lambda: finished_pictures.keep(sheet))),
        )


def _side(name: str) -> io.Input:
    return io.Int.Input(
        name,
        default=1024,
        min=int(SIDE.least),
        max=int(SIDE.most),
        step=SIDE.step,
        tooltip=f"The picture's {name} in pixels, a multiple of {SIDE.step}.",
    )


def _limits(widget: str) -> Any:
    """Return between which numbers a widget lets a person choose, as its field has it."""
    allowed = FIELDS[widget][1]
    return {"min": allowed.least, "max": allowed.most}
