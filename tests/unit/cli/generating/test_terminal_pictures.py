"""Pictures for terminals, read as the published protocols say that a terminal reads them."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from drawbridge.cli.generating import previews
from drawbridge.cli.generating import terminal_pictures as pictures
from drawbridge.cli.outcome import Usage


def drawing(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack((x * 255 // width, y * 255 // height, (x + y) % 256), -1).astype(np.uint8)


def decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture)


def test_kitty_gets_a_png_in_chunks_that_say_whether_more_come() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    text = pictures.kitty(noise, 9)
    commands = re.findall(r"\x1b_G([^;]*);([A-Za-z0-9+/=]*)\x1b\\", text)
    assert "".join(f"\x1b_G{keys};{data}\x1b\\" for keys, data in commands) == text
    keys = [dict(pair.split("=") for pair in one.split(",")) for one, _ in commands]
    assert len(commands) > 2
    assert [one["m"] for one in keys] == ["1"] * (len(keys) - 1) + ["0"]
    assert all(len(data) <= 4096 and len(data) % 4 == 0 for _, data in commands)
    # transmit and display, a PNG, quiet, the cursor stays, so many rows; only the first says it
    first = {"a": "T", "f": "100", "q": "2", "C": "1", "r": "9"}
    assert first.items() <= keys[0].items()
    assert all(set(one) == {"m"} for one in keys[1:])
    data = base64.b64decode("".join(data for _, data in commands))
    np.testing.assert_array_equal(decoded(data), noise)


def test_iterm2_gets_a_file_with_its_size() -> None:
    picture = drawing(20, 30)
    text = pictures.iterm2(picture, 5)
    found = re.fullmatch(r"\x1b\]1337;File=([^:]*):([A-Za-z0-9+/=]*)\x07", text)
    assert found
    keys = dict(pair.split("=") for pair in found[1].split(";"))
    data = base64.b64decode(found[2])
    assert keys["inline"] == "1"
    assert (int(keys["size"]), keys["height"]) == (len(data), "5")
    np.testing.assert_array_equal(decoded(data), picture)


def read_sixel(text: str) -> np.ndarray:
    """Read sixels as a terminal does (VT330/VT340 Programmer Reference, chapter 14)."""
    found = re.fullmatch(r'\x1bP[\d;]*q"1;1;(\d+);(\d+)([^\x1b]*)\x1b\\', text)
    assert found
    width, height = int(found[1]), int(found[2])
    canvas = np.full((-(-height // 6) * 6, width, 3), -1)
    colours: dict[int, tuple[int, ...]] = {}
    colour, x, top = 0, 0, 0
    for token in tokens(found[3]):
        if token[0] == "#":
            number, *rest = map(int, token[1:].split(";"))
            colour = number
            if rest:
                assert rest[0] == 2  # RGB in percent
                colours[number] = tuple(rest[1:])
        elif token == "$":
            x = 0
        elif token == "-":
            x, top = 0, top + 6
        else:
            count = int(token[1:-1]) if token[0] == "!" else 1
            bits = ord(token[-1]) - 63
            assert 0 <= bits < 64
            for row in range(6):
                if bits >> row & 1:
                    canvas[top + row, x : x + count] = colours[colour]
            x += count
            assert x <= width
    assert (canvas[height:] == -1).all()
    return canvas[:height]


def tokens(text: str) -> Iterator[str]:
    found = re.compile(r"#[\d;]+|\$|-|!\d+[?-~]|[?-~]").finditer(text)
    whole = [one[0] for one in found]
    assert "".join(whole) == text
    return iter(whole)


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (6, 6), (50, 40), (61, 130)])
def test_sixels_give_every_pixel_in_its_colour(size: tuple[int, int]) -> None:
    picture = drawing(*size)
    read = read_sixel(pictures.sixel(picture, 4))
    assert (read >= 0).all(), "a pixel is not drawn"
    error = np.abs(read * 255 / 100 - picture)
    assert error.mean() < 12  # of 256 colours


def test_sixels_are_exact_where_there_are_few_colours() -> None:
    picture = np.zeros((13, 9, 3), np.uint8)
    picture[4:9, 2:7] = (255, 0, 255)
    np.testing.assert_array_equal(read_sixel(pictures.sixel(picture, 4)) * 255 // 100, picture)


@pytest.mark.parametrize("size", [(8, 8), (300, 100), (100, 900), (1, 1), (48, 64)])
def test_a_picture_fits_its_box_and_keeps_its_form(size: tuple[int, int]) -> None:
    fitted = pictures.fitted(drawing(*size), (160, 120))
    height, width = fitted.shape[:2]
    assert height <= 120
    assert width <= 160
    assert max(width / 160, height / 120) > 0.45
    assert abs(width / height - size[1] / size[0]) <= 0.15 * size[1] / size[0]


class Terminal(io.StringIO):
    """A stream that is a terminal, or not."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


def test_only_a_terminal_is_drawn_on() -> None:
    assert previews.Previews.wanted("kitty", Terminal(False)) is None
    assert previews.Previews.wanted(None, Terminal(True)) is None
    assert previews.Previews.wanted("kitty", Terminal(True)) is not None


@pytest.mark.parametrize("way", list(pictures.WAYS))
def test_previews_follow_one_another_in_one_place(way: str) -> None:
    stream = Terminal(True)
    shown = previews.Previews.wanted(way, stream)
    assert shown
    shown.show(drawing(16, 16))
    first = stream.getvalue()
    shown.show(drawing(16, 16))
    second = stream.getvalue().removeprefix(first)
    assert first.endswith(second)  # the same at the same place, without further lines
    assert second.startswith("\x1b7\r\n")
    assert second.endswith("\x1b8")
    lines = first.removesuffix(second)
    assert re.fullmatch(r"\n{15}\x1b\[15A", lines)
    shown.close()
    shown.close()
    assert stream.getvalue().removeprefix(first + second) == "\n" * 15


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm2"),
        ({"TERM": "foot"}, "sixel"),
    ],
)
def test_the_terminal_is_known_by_its_environment(environ: dict[str, str], way: str) -> None:
    assert previews.known_way(environ) == way
    with pytest.raises(Usage):  # which swallows what it does not know
        previews.known_way({**environ, "TMUX": "/tmp/tmux"})


def test_a_terminal_that_nobody_knows_is_asked_about() -> None:
    with pytest.raises(Usage) as caught:
        previews.known_way({"TERM": "xterm-256color"})
    assert "--preview kitty, iterm2 or sixel" in caught.value.remedy
