"""Pictures from words: the Generate node."""

from __future__ import annotations

from comfy_api.latest import io

from ..client.enums import Sampler
from .sockets import Model, ModelSocket

AUTOMATIC = "automatic"
BLOCK_PIXELS = 64
LEAST_PIXELS, MOST_PIXELS = 128, 8192


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
                    min=1,
                    max=150,
                    tooltip="Sampling steps. Distilled models (schnell, turbo, lightning) need 4 "
                    "to 8, others 20 to 30.",
                ),
                io.Float.Input(
                    "guidance",
                    default=4.5,
                    min=0.0,
                    max=50.0,
                    step=0.1,
                    round=0.01,
                    tooltip="How closely the prompt is followed (CFG); for models with a guidance "
                    "input, that value. 1 switches CFG off and halves the time.",
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=0xFFFFFFFF,
                    control_after_generate=True,
                    tooltip="The same seed and settings give the same picture.",
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
                    max=8.0,
                    step=0.01,
                    round=0.01,
                    tooltip="Timestep shift, 0.1 to 8. 0 is automatic: from the size where the "
                    "model allows that, else 1.",
                ),
                io.Int.Input(
                    "batch_size",
                    default=1,
                    min=1,
                    max=4,
                    tooltip="Pictures at a time, with seeds of their own. Video models make one.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="images", tooltip="The pictures; of a video, its frames."
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def validate_inputs(cls, width: int | None, height: int | None) -> bool | str:
        """Say at the fields which size a server cannot make; linked ones arrive as None.

        Naming an input switches ComfyUI's own range check off, so the range is checked here too.
        """
        for name, pixels in (("width", width), ("height", height)):
            if pixels is None:
                continue
            if not LEAST_PIXELS <= pixels <= MOST_PIXELS:
                return (
                    f"The {name} {pixels} is outside of {LEAST_PIXELS} to {MOST_PIXELS} pixels. "
                    "Choose one inside."
                )
            if pixels % BLOCK_PIXELS:
                nearest = round(pixels / BLOCK_PIXELS) * BLOCK_PIXELS
                return (
                    f"The {name} {pixels} is not a multiple of {BLOCK_PIXELS}. "
                    f"Take {max(nearest, LEAST_PIXELS)}."
                )
        return True

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
    ) -> io.NodeOutput:
        from .generation import Settings, generate
        from .host import Display, interruptible

        settings = Settings(
            width=width,
            height=height,
            steps=steps,
            guidance=guidance,
            seed=seed,
            sampler="" if sampler == AUTOMATIC else sampler,
            shift=shift,
            batch_size=batch_size,
        )
        display = Display(cls.hidden.unique_id)
        images = await interruptible(generate(model, prompt, negative_prompt, settings, display))
        return io.NodeOutput(images)


def _side(name: str) -> io.Input:
    return io.Int.Input(
        name,
        default=1024,
        min=LEAST_PIXELS,
        max=MOST_PIXELS,
        step=BLOCK_PIXELS,
        tooltip=f"The picture's {name} in pixels, a multiple of {BLOCK_PIXELS}.",
    )
