"""Nodes for small graphs: some of ours, a source of pictures, an end that makes others run."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import io

from drawbridge.nodes.sockets import ControlsSocket, LorasSocket

from .executor import Host, Outcome


class Paint(io.ComfyNode):
    """Gives a batch of pictures, black at the left and white at the right."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            "Paint",
            inputs=[
                io.Int.Input("width", default=64),
                io.Int.Input("height", default=64),
                io.Int.Input("count", default=1),
            ],
            outputs=[io.Image.Output(display_name="image")],
        )

    @classmethod
    async def execute(cls, width: int, height: int, count: int) -> io.NodeOutput:
        ramp = torch.linspace(0, 1, width).view(1, 1, width, 1)
        return io.NodeOutput(ramp.expand(count, height, width, 3).clone())


class Keep(io.ComfyNode):
    """Makes the nodes before it run."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            "Keep",
            inputs=[
                LorasSocket.Input("loras", optional=True),
                ControlsSocket.Input("controls", optional=True),
            ],
            is_output_node=True,
        )

    @classmethod
    async def execute(cls, **values: Any) -> io.NodeOutput:
        return io.NodeOutput()


def paint(width: int = 64, height: int = 64, count: int = 1) -> dict[str, Any]:
    """Return the node that gives such pictures."""
    return {
        "class_type": "Paint",
        "inputs": {"width": width, "height": height, "count": count},
    }


def hint(**inputs: Any) -> dict[str, Any]:
    """Return a ControlNet Hint with these inputs, all others as a person finds them."""
    widgets: dict[str, Any] = {
        "control": "c.ckpt",
        "kind": "pose",
        "lines": "light on dark",
        "weight": 1.0,
        "start": 0.0,
        "end": 1.0,
        "control_mode": "balanced",
        "input_override": "automatic",
        "target_blocks": "",
        "down_sampling_rate": 1.0,
        "no_prompt": False,
        "global_average_pooling": True,
    }
    return {"class_type": "Drawbridge_ControlNetHint", "inputs": {**widgets, **inputs}}


def board(**inputs: Any) -> dict[str, Any]:
    """Return a Moodboard with these inputs, all others as a person finds them."""
    widgets = {"control": "", "control_weight": 1.0}
    return {"class_type": "Drawbridge_Moodboard", "inputs": {**widgets, **inputs}}


def stack(**inputs: Any) -> dict[str, Any]:
    """Return a LoRA Stack with these inputs."""
    return {"class_type": "Drawbridge_LoRAStack", "inputs": inputs}


def run(host: Host, prompt: dict[str, Any], last: str, socket: str) -> Outcome:
    """Run what the node `last` needs, whose first output is of the kind `socket`."""
    host.classes.update({"Paint": Paint, "Keep": Keep})
    end = {"class_type": "Keep", "inputs": {socket: [last, 0]}}
    return host.run({**prompt, "keep": end})
