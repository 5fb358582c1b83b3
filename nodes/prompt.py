"""The nodes Prompt and Prompt Batch: the words of a picture."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io
from comfy_execution.graph_utils import ExecutionBlocker

from ..client.configuration.fields import SEEDS
from ..client.prompt_list import COMMENT, prompts_of
from ..errors import RequestRejected
from .host import Display, interruptible
from .seed import fingerprint
from .sockets import ModelSocket

if TYPE_CHECKING:
    from .records import Model

LOG = logging.getLogger(__name__)

NO_SPACE_BEFORE = ",.;:!?)"
NO_PROMPTS = "There is no prompt: every line is empty or a comment."
ENTER_PROMPTS = f"Enter one prompt a line; lines that begin with {COMMENT} are comments."


class Prompt(io.ComfyNode):
    """Holds a prompt, and checks the embeddings that it calls for against the server's."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_Prompt",
            display_name="Draw Things Prompt",
            category="Draw Things",
            description="A prompt. With a model connected it also lists the server's embeddings "
            "(textual inversions) for it, and checks those that the prompt calls for.",
            inputs=[
                io.String.Input(
                    "prompt",
                    multiline=True,
                    dynamic_prompts=True,
                    tooltip="The words. <keyword> calls for an embedding of the server.",
                ),
                ModelSocket.Input(
                    "model",
                    optional=True,
                    tooltip="From Load Model, to check every <keyword> in the prompt. Without it "
                    "the prompt goes on unchecked.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="prompt", tooltip="The prompt as it was entered."),
                io.String.Output(
                    display_name="embeddings",
                    is_output_list=True,
                    tooltip="What a prompt for this model can call for, ready to be pasted. "
                    "Nodes connected here do not run if there is none, or no model is connected.",
                ),
            ],
        )

    @classmethod
    async def execute(cls, prompt: str, model: Model | None = None) -> io.NodeOutput:
        keywords: list[str] = []
        if model is not None:
            from .servers import embeddings

            keywords = await interruptible(embeddings.checked(prompt, model))
        shown = [f"<{keyword}>" for keyword in keywords]
        # A node that is given an empty list fails in ways that nobody understands.
        return io.NodeOutput(prompt, shown or ExecutionBlocker(None))


class PromptBatch(io.ComfyNode):
    """Makes a list of prompts of a text, with a seed for each."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_PromptBatch",
            display_name="Draw Things Prompt Batch",
            category="Draw Things",
            description="One prompt a line. Connected to Generate, it makes one result for each, "
            "in order.",
            inputs=[
                io.String.Input(
                    "prompts",
                    multiline=True,
                    dynamic_prompts=True,
                    tooltip="One prompt a line. Empty lines are left out, and so are lines that "
                    f"begin with {COMMENT}.",
                ),
                io.String.Input(
                    "prefix",
                    default="",
                    tooltip="Comes before every prompt, with a space between.",
                ),
                io.String.Input(
                    "suffix",
                    default="",
                    tooltip="Comes after every prompt, with a space between if it does not begin "
                    "with a comma or the like.",
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=-1,
                    max=SEEDS - 1,
                    control_after_generate=True,
                    tooltip="The first prompt's seed; each further one's is higher by 1. -1 draws "
                    "one at every run, and says which.",
                ),
            ],
            outputs=[
                io.String.Output(
                    display_name="prompts", is_output_list=True, tooltip="For Generate's prompt."
                ),
                io.Int.Output(display_name="count", tooltip="How many prompts there are."),
                io.Int.Output(
                    display_name="seeds",
                    is_output_list=True,
                    tooltip="For Generate's seed: one for each prompt.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def validate_inputs(cls, prompts: str | None) -> bool | str:
        """Say at the field that there are no prompts; linked ones arrive as None."""
        if prompts is not None and not prompts_of(prompts):
            return f"{NO_PROMPTS} {ENTER_PROMPTS}"
        return True

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> str:
        """Draw anew at every run where the seed is below 0."""
        return fingerprint(inputs.get("seed"))

    @classmethod
    def execute(cls, prompts: str, prefix: str, suffix: str, seed: int) -> io.NodeOutput:
        from ..client.generation.seed import settled

        lines = [_join(_join(prefix, line), suffix) for line in prompts_of(prompts)]
        if not lines:
            raise RequestRejected(NO_PROMPTS, ENTER_PROMPTS)
        seed, notes = settled(seed)
        for note in notes:
            LOG.warning("Prompt Batch: %s", note)
        Display(cls.hidden.unique_id).say(" ".join(notes))
        return io.NodeOutput(lines, len(lines), [(seed + i) % SEEDS for i in range(len(lines))])


def _join(left: str, right: str) -> str:
    """Put a space between two texts, where both say something and none is there."""
    if not left.strip() or not right.strip():
        return left if left.strip() else right
    if left[-1].isspace() or right[0].isspace() or right[0] in NO_SPACE_BEFORE:
        return left + right
    return f"{left} {right}"
