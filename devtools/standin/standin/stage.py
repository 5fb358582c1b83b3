"""A host with our nodes, and the graph that tests and benchmarks run in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import folder_paths
from comfy_api.latest import io
from PIL import Image

import drawbridge

from .executor import Host
from .validation import Prompt

MODEL = "z_image_turbo_1.0_q8p.ckpt"


_given: dict[str, Any] = {}


class Give(io.ComfyNode):
    """Puts out a value that a test has made."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            "Tests_Give",
            inputs=[io.String.Input("name")],
            outputs=[io.Custom("*").Output(display_name="value")],
        )

    @classmethod
    def execute(cls, name: str) -> io.NodeOutput:
        return io.NodeOutput(_given[name])


class Stage:
    """A host with our nodes, and what it told the page."""

    def __init__(self, output: Path) -> None:
        async def nodes() -> list[Any]:
            return await (await drawbridge.comfy_entrypoint()).get_node_list()

        self.output = output
        self.input = output.with_name("input")
        folder_paths.set_user_directory(str(output.with_name("user")))
        self.temporary = output.with_name("temp")
        folder_paths.set_temp_directory(str(self.temporary))
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.watch: Callable[[str, dict[str, Any]], None] = lambda name, data: None
        self.host = Host([*asyncio.run(nodes()), Give], output, self._hear)

    def _hear(self, name: str, data: dict[str, Any]) -> None:
        self.events.append((name, data))
        self.watch(name, data)

    def told(self, name: str, **data: Any) -> list[dict[str, Any]]:
        """Return what was told under a name, of it what has the given values."""
        return [one for kind, one in self.events if kind == name and data.items() <= one.items()]

    def put(self, name: str, picture: Image.Image) -> None:
        """Save a picture where Load Image finds it."""
        self.input.mkdir(parents=True, exist_ok=True)
        picture.save(self.input / name)

    @property
    def pictures(self) -> list[Path]:
        """Return the files that Save Image has written, in order."""
        return sorted(self.output.glob("*.png"))


def given(prompt: Prompt, name: str, value: Any) -> list[Any]:
    """Return a link to a value, which a node that is added to the graph gives."""
    key = f"{name} {len(_given)}"
    _given[key] = value
    prompt[key] = {"class_type": "Tests_Give", "inputs": {"name": key}}
    return [key, 0]


def graph(port: int, **inputs: Any) -> Prompt:
    """Return Connect, Load Model, Generate and Save Image; an input is found by its name."""
    prompt: Prompt = {
        "connect": {
            "class_type": "Drawbridge_Connect",
            "inputs": {
                "host": "127.0.0.1",
                "port": port,
                "transport": "plaintext",
                "certificate": "",
                "credential": "",
            },
        },
        "model": {
            "class_type": "Drawbridge_LoadModel",
            "inputs": {"server": ["connect", 0], "model": MODEL, "version": "automatic"},
        },
        "generate": {
            "class_type": "Drawbridge_Generate",
            "inputs": {
                "model": ["model", 0],
                "prompt": "a lake at sunset",
                "negative_prompt": "",
                "width": 128,
                "height": 192,
                "steps": 4,
                "guidance": 1.0,
                "seed": 7,
                "sampler": "automatic",
                "shift": 0.0,
                "batch_size": 1,
            },
        },
        "save": {
            "class_type": "SaveImage",
            "inputs": {"images": ["generate", 0], "filename_prefix": "picture"},
        },
    }
    for name, value in inputs.items():
        if not isinstance(value, str | int | float | list):  # no widget's value, nor a link
            value = given(prompt, name, value)
        owners = [
            node
            for key, node in prompt.items()
            if name in node["inputs"] and (key, name) != ("generate", "model")
        ]
        (owners[0] if owners else prompt["generate"])["inputs"][name] = value
    return prompt
