"""What docs/guide.md tells people to type works: its commands and its Python, in their order."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass
from PIL import Image, ImageDraw

from drawbridge.cli.main import main
from drawbridge.emulator.server.server import Emulator
from drawbridge.proto.service import SERVICE

PAGE = Path(__file__).resolve().parents[3] / "docs" / "guide.md"
SERVER = 'Endpoint("mac.local", transport=Transport.PLAINTEXT)'
# Pictures that the recipes write, once or in both ways.
MADE = {
    *("lake", "painted", "door", "city", "house", "portrait", "sunset", "custom"),
    *("batch-0", "batch-1"),
}


def blocks(language: str) -> list[str]:
    """Return the page's code of a language."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands() -> Iterator[list[str]]:
    """Yield what is to be typed, as words."""
    for block in blocks("sh"):
        for line in block.splitlines():
            yield shlex.split(line)


@pytest.fixture
def emulator(
    serve: Callable[..., Emulator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Emulator:
    """Start the guide's server, and go to a folder that has the recipes' files."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    y, x = np.mgrid[0:512, 0:512]
    shades = np.stack([x // 2, y // 2, 255 - x // 2], axis=-1).astype(np.uint8)
    for name in ("photo", "first", "second"):
        Image.fromarray(shades).save(f"{name}.png")
    for name, mode, width in (("mask", "L", 0), ("edges", "RGB", 6)):
        drawn = Image.new(mode, (512, 512))
        white = 255 if mode == "L" else (255, 255, 255)
        fill = None if width else white
        ImageDraw.Draw(drawn).rectangle((128, 128, 384, 384), fill, white, max(width, 1))
        drawn.save(f"{name}.png")
    Path("custom_model.ckpt").write_bytes(bytes(range(251)) * 10_000)
    lora, model = blocks("json")
    Path("lcm.json").write_text(lora, encoding="utf-8")
    Path("custom_model.json").write_text(model, encoding="utf-8")
    return serve()


def test_commands_do_what_the_page_says(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DRAWBRIDGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("DRAWBRIDGE_PORT", str(emulator.port))
    for program, *words in commands():
        if program == "export":
            for word in words:
                name, _, value = word.partition("=")
                monkeypatch.setenv(name, value.replace("mac.local", "127.0.0.1"))
        elif program == "drawbridge":
            assert main(words) == 0, words
    _check_pictures(MADE - {"house", "portrait", "batch-0", "batch-1"})


def test_python_does_what_the_page_says(
    emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *rest = blocks("python")
    assert SERVER in first
    there = f'Endpoint("127.0.0.1", {emulator.port}, transport=Transport.PLAINTEXT)'
    namespace: dict[str, Any] = {}
    for number, block in enumerate([first.replace(SERVER, there), *rest]):
        exec(compile(block, f"{PAGE.name}, snippet {number}", "exec"), namespace)
    _check_pictures(MADE)
    said = capsys.readouterr().out
    assert "HELLO MyClient" in said
    assert re.search(r"^sd_v1\.5_f16\.ckpt True [0-9a-f]{64}$", said, re.MULTILINE)
    assert "Done(name='custom_model.ckpt'" in said
    assert "RequestRejected The setting steps is 0" in said


def _check_pictures(names: set[str]) -> None:
    given = {"photo", "first", "second", "mask", "edges"}
    assert {path.stem for path in Path().glob("*.png")} == names | given
    for name in names:
        with Image.open(f"{name}.png") as picture:
            assert np.asarray(picture).std() > 5, name


def test_grpcurl_calls_are_calls_of_the_service() -> None:
    calls = [words for words in commands() if words[0] == "grpcurl"]
    assert calls
    for words in calls:
        service, _, method = words[-1].partition("/")
        assert service == SERVICE.full_name
        message = GetMessageClass(SERVICE.methods_by_name[method].input_type)()
        json_format.Parse(words[words.index("-d") + 1], message)


def test_snippets_are_formed_as_our_code_is() -> None:
    for block in blocks("python"):
        compile(block, PAGE.name, "exec")
        assert max(map(len, block.splitlines())) <= 100
    for block in blocks("json"):
        json.loads(block)
