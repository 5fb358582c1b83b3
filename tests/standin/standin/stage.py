"""A host with our nodes, and the graph that tests and benchmarks run in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import drawbridge

from .executor import Host
from .validation import Prompt

MODEL = "z_image_turbo_1.0_q8p.ckpt"


class Stage:
    """A host with our nodes, and what it told the page."""

    def __init__(self, output: Path) -> None:
        async def nodes() -> list[Any]:
            return await (await drawbridge.comfy_entrypoint()).get_node_list()

        self.output = output
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.watch: Callable[[str, dict[str, Any]], None] = lambda name, data: None
        self.host = Host(asyncio.run(nodes()), output, self._hear)

    def _hear(self, name: str, data: dict[str, Any]) -> None:
        self.events.append((name, data))
        self.watch(name, data)

    def told(self, name: str, **data: Any) -> list[dict[str, Any]]:
        """Return what was told under a name, of it what has the given values."""
        return [one for kind, one in self.events if kind == name and data.items() <= one.items()]

    @property
    def pictures(self) -> list[Path]:
        """The files that Save Image has written, in order."""
        return sorted(self.output.glob("*.png"))


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
        [node] = [
            node
            for key, node in prompt.items()
            if name in node["inputs"] and (key, name) != ("generate", "model")
        ]
        node["inputs"][name] = value
    return prompt
