"""What docs/client.md and the README show of the library runs as it stands, in its order."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection import channel
from drawbridge.emulator.server.server import Emulator

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "client.md"
README = ROOT / "README.md"
MOST_LINES = 10  # of text to image in the README
SECRET = "not told to anybody"
GIVEN = {"photo", "mask"}
# Pictures that the page's examples write: four of a prompt in `many`, two for each of two seeds.
MADE = {
    *("lake", "preview", "door"),
    *(f"lake-{n}" for n in (1, 2, 3, 4)),
    *(f"{name}-{seed}-{n}" for name in ("lake", "desert") for seed in (7, 8) for n in (0, 1)),
}


def blocks(text: str) -> list[str]:
    """Return the Python of a page."""
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of its kind."""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


class Servers:
    """Stands where the page says `mac.local`: one server for each way to protect it."""

    def __init__(self, emulate: Callable[..., Emulator]) -> None:
        self.usual = emulate(tls=True, strict=True, step_ms=20)
        self.plain = emulate(strict=True)
        self.signed = emulate(tls=True, strict=True, secret=SECRET)
        self.root = self.usual.certificate  # each has made its own, under the same name

    def meant(self, code: str) -> str:
        """Return an example with these servers' addresses for `mac.local`, and trust theirs."""
        self.root = (self.signed if "secret=" in code else self.usual).certificate

        def address(found: re.Match[str]) -> str:
            server = self.usual
            if "PLAINTEXT" in found[0]:
                server = self.plain
            elif "secret=" in found[0]:
                server = self.signed
            return found[0].replace('"mac.local"', f'"127.0.0.1", {server.port}')

        return re.sub(r'Endpoint\("mac\.local".*', address, code)


@pytest.fixture
def servers(
    emulate: Callable[..., Emulator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Servers:
    """Start the page's servers, and go to a folder that has the examples' files."""
    found = Servers(emulate)
    monkeypatch.setattr(channel, "draw_things_root", lambda: found.root)
    monkeypatch.setenv("STUDIO_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)
    y, x = np.mgrid[0:512, 0:512]
    shades = np.stack([x // 2, y // 2, 255 - x // 2], axis=-1).astype(np.uint8)
    Image.fromarray(shades).save("photo.png")
    white = (abs(x - 256) < 128) & (abs(y - 256) < 128)
    Image.fromarray(np.where(white, 255, 0).astype(np.uint8)).save("mask.png")
    Path("mine.ckpt").write_bytes(bytes(range(251)) * 10_000)
    return found


async def _answers(endpoint: Any) -> bool:
    async with DrawThingsClient(endpoint) as client:
        return bool((await client.echo()).message)


def _check_pictures(names: set[str]) -> None:
    assert {path.stem for path in Path().glob("*.png")} == names | GIVEN
    for name in names:
        with Image.open(f"{name}.png") as picture:
            assert np.asarray(picture).std() > 5, name


def test_examples_of_the_page_do_what_it_says(
    servers: Servers, capsys: pytest.CaptureFixture[str]
) -> None:
    defined: dict[str, Any] = {}
    for number, block in enumerate(blocks(PAGE.read_text(encoding="utf-8"))):
        code = compile(servers.meant(block), f"{PAGE.name}, example {number}", "exec")
        exec(code, defined)
    _check_words(capsys.readouterr().out)
    _check_pictures(MADE)
    assert defined["painted"].std() > 5
    with Image.open("photo.png") as before, Image.open("door.png") as after:
        changed = np.abs(np.asarray(before, int) - np.asarray(after, int)).max(axis=-1)
    assert changed[:64].max() <= 1  # the mask is black there
    assert changed[192:320, 192:320].mean() > 5
    servers.usual.journal.wait_for_event("cancelled")  # by who stopped early


def _check_words(said: str) -> None:
    assert "pinned now" in said
    assert re.search(r"^([0-9A-F]{2}:){31}[0-9A-F]{2}$", said, re.MULTILINE)
    assert "sd_v1.5_f16.ckpt Stable Diffusion v1.5 v1 512\n" in said
    assert "sd_v1.5_f16.ckpt True\n" in said
    assert "sampling 8 of 8\n" in said
    assert "picture 0 (1, 256, 256, 3)\n" in said
    assert said.count("stopped at step 2\n") == 1
    assert re.search(r"^mine\.ckpt [0-9a-f]{64}\nv1$", said, re.MULTILINE)
    assert said.count("HELLO ") == 2
    assert "nobody_has_this.ckpt" in said
    assert "The setting steps is 0" in said
    assert said.endswith("uint8 (256, 256, 3)\n")
    assert SECRET not in said


async def test_every_endpoint_of_the_page_answers(servers: Servers) -> None:
    (
        first,
        *_,
    ) = blocks(PAGE.read_text(encoding="utf-8"))
    defined: dict[str, Any] = {}
    exec(compile(servers.meant(first), PAGE.name, "exec"), defined)
    for name in ("SERVER", "PLAIN", "PINNED"):
        assert await _answers(defined[name]), name


def test_readme_makes_a_picture_in_few_lines(servers: Servers) -> None:
    [block] = blocks(section(README.read_text(encoding="utf-8"), "As a library"))
    assert len(list(filter(None, block.splitlines()))) <= MOST_LINES
    exec(compile(servers.meant(block), README.name, "exec"), {})
    _check_pictures({"lake"})


def test_examples_are_formed_as_our_code_is_and_import_the_public_names_alone() -> None:
    for page in (PAGE, README):
        for block in blocks(page.read_text(encoding="utf-8")):
            compile(block, page.name, "exec")
            assert max(map(len, block.splitlines())) <= 100
            assert "drawbridge." not in block
