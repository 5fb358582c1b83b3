"""Does the harness tell the truth about ComfyUI? Asked with ComfyUI's own nodes alone."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drawbridge.devtools.comfyui import process
from drawbridge.devtools.comfyui.host import Ending, PromptRejected, RealComfyUI
from drawbridge.devtools.comfyui.interpreter import HostError

Prompt = dict[str, dict[str, Any]]
REVEALING_PACK = """
import os

class Reveal:
    CATEGORY = "tests"
    RETURN_TYPES = ()
    FUNCTION = "reveal"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"variable": ("STRING", {})}}

    def reveal(self, variable):
        return {"ui": {"text": [os.environ.get(variable, "")]}}

NODE_CLASS_MAPPINGS = {"Tests_Reveal": Reveal}
"""


def picture(color: int, width: int = 64, height: int = 32) -> dict[str, Any]:
    return {
        "class_type": "EmptyImage",
        "inputs": {"width": width, "height": height, "batch_size": 1, "color": color},
    }


def saved(source: str, name: str) -> dict[str, Any]:
    return {
        "class_type": "SaveImage",
        "inputs": {"images": [source, 0], "filename_prefix": name},
    }


def long_prompt(color: int) -> Prompt:
    """Return a prompt of many steps, any of which takes some milliseconds."""
    prompt: Prompt = {"1": picture(color, 512, 512)}
    last = 60
    for number in range(2, last + 1):
        prompt[str(number)] = {
            "class_type": "ImageBlur",
            "inputs": {"image": [str(number - 1), 0], "blur_radius": 15, "sigma": 3.0},
        }
    prompt[str(last + 1)] = saved(str(last), "long")
    return prompt


def test_core_prompt_writes_its_picture(comfyui: RealComfyUI) -> None:
    outcome = comfyui.run({"1": picture(0xFF0000), "2": saved("1", "red")})

    assert outcome.ending is Ending.SUCCESS
    assert outcome.executed == ("1", "2")
    (file,) = outcome.files
    assert file.parent == comfyui.base / "output"
    assert struct.unpack_from(">II", file.read_bytes(), 16) == (64, 32)  # of the PNG's first chunk


def test_same_prompt_comes_from_the_cache(comfyui: RealComfyUI) -> None:
    prompt = {"1": picture(0x00FF00), "2": saved("1", "green")}

    first, second = comfyui.run(prompt), comfyui.run(prompt)

    assert first.executed == ("1", "2")
    assert second.executed == ()
    assert second.files == first.files


def test_unknown_value_is_rejected_at_its_node(comfyui: RealComfyUI) -> None:
    prompt = {"1": picture(0), "2": saved("1", "never")}
    prompt["1"]["inputs"]["width"] = 0

    with pytest.raises(PromptRejected, match=r"node 1 \(EmptyImage\)") as caught:
        comfyui.submit(prompt)

    assert caught.value.node_errors["1"]["errors"][0]["type"] == "value_smaller_than_min"


def test_partly_valid_prompt_is_rejected(comfyui: RealComfyUI) -> None:
    prompt = {"1": picture(1), "2": saved("1", "half"), "3": picture(0), "4": saved("3", "never")}
    prompt["3"]["inputs"]["width"] = 0

    with pytest.raises(PromptRejected) as caught:
        comfyui.submit(prompt)

    assert "3" in caught.value.node_errors


def test_failing_node_is_named(comfyui: RealComfyUI) -> None:
    (comfyui.base / "input" / "broken.png").write_bytes(b"not a picture")
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "broken.png"}},
        "2": saved("1", "never"),
    }

    outcome = comfyui.run(prompt)

    assert outcome.ending is Ending.ERROR
    assert (outcome.node_id, outcome.node_type) == ("1", "LoadImage")
    assert outcome.exception_type == "PIL.UnidentifiedImageError"
    assert outcome.message is not None
    assert "broken.png" in outcome.message
    assert "load_image" in outcome.traceback


def test_interrupt_ends_the_prompt(comfyui: RealComfyUI) -> None:
    prompt_id = comfyui.submit(long_prompt(3))
    comfyui.wait_for_event(
        prompt_id, lambda event: event.type == "executing" and event.data["node"] == "2"
    )

    comfyui.interrupt(prompt_id)
    outcome = comfyui.wait(prompt_id)

    assert outcome.ending is Ending.INTERRUPTED
    assert outcome.node_type == "ImageBlur"
    assert outcome.files == ()
    after = comfyui.run({"1": picture(4), "2": saved("1", "after")})
    assert after.ending is Ending.SUCCESS


def test_prompt_that_goes_on_is_an_error(comfyui: RealComfyUI) -> None:
    prompt_id = comfyui.submit(long_prompt(5))

    with pytest.raises(HostError, match=prompt_id):
        comfyui.wait(prompt_id, timeout_seconds=0.0)

    comfyui.wait_for_event(prompt_id, lambda event: event.type == "executing")
    comfyui.interrupt(prompt_id)
    assert comfyui.wait(prompt_id).ending is Ending.INTERRUPTED


def test_event_that_never_comes_is_an_error(comfyui: RealComfyUI) -> None:
    prompt_id = comfyui.submit({"1": picture(6), "2": saved("1", "quiet")})

    with pytest.raises(HostError, match="never came"):
        comfyui.wait_for_event(prompt_id, lambda event: event.type == "preview")


def test_core_nodes_have_loaded(comfyui: RealComfyUI) -> None:
    assert not [line for line in comfyui.load_failures if "custom_nodes" not in line]
    assert "SaveAudio" in comfyui.object_info()


def test_further_pack_environment_and_taken_port(
    make_comfyui: Callable[..., RealComfyUI], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = tmp_path / "a further pack"
    pack.mkdir()
    (pack / "__init__.py").write_text(REVEALING_PACK, encoding="utf-8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports: Iterator[int] = iter([taken.getsockname()[1], process.free_port()])
        monkeypatch.setattr(process, "free_port", lambda: next(ports))
        with make_comfyui(packs=[pack], environment={"DRAWBRIDGE_SECRET_A": "b"}) as running:
            prompt = {"1": {"class_type": "Tests_Reveal", "inputs": {}}}
            prompt["1"]["inputs"]["variable"] = "DRAWBRIDGE_SECRET_A"
            outcome = running.run(prompt)

    assert outcome.outputs["1"]["text"] == ["b"]
    with pytest.raises(HostError, match="not running"):
        running.events(outcome.prompt_id)


def test_start_that_fails_shows_the_log(make_comfyui: Callable[..., RealComfyUI]) -> None:
    host = make_comfyui(arguments=["--no-such-argument"])

    with pytest.raises(HostError, match="unrecognized arguments: --no-such-argument"):
        host.start()
