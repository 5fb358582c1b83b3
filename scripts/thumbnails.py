"""Makes the pictures that Templates shows for the shared graphs: `python scripts/thumbnails.py`.

Runs every graph in the stand-in host against the emulator, and shows of each what it is about: two
halves where a picture is changed, the edges beside what was painted over them, frames of a film.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageOps

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import checkout

checkout.register()

SIDE = 400
PAPER = "#17233b"
LINE = "#ffffff"
Pictures = list[Image.Image]


def main() -> int:
    """Write a JPEG beside every shared graph; return 1 where one of them does not run."""
    from drawbridge.devtools.shared_graphs import shared_graph, subjects
    from drawbridge.scripts import demo

    with tempfile.TemporaryDirectory() as folder, demo.emulator(0) as port:
        address = {"host": "127.0.0.1", "port": port, "transport": "plaintext"}
        example: Image.Image | None = None
        for subject in subjects():  # the first of them makes the picture that others load
            graph = shared_graph(subject)
            workflow = json.loads(graph.read_text(encoding="utf-8"))
            seed = {} if subject == "settings_from_the_app" else {"seed": 7 * len(subject)}
            changes = {"Drawbridge_Connect": address, "Drawbridge_Generate": seed}
            files = demo.in_standin(workflow, changes, Path(folder) / subject, example)
            if files is None:
                return 1
            made = [_square(Image.open(file).convert("RGB")) for file in files]
            example = example or made[0]
            shown = SCENES.get(subject, _alone)(made or [example], example)
            shown.save(graph.with_suffix(".jpg"), quality=85, optimize=True)
    return 0


def _square(picture: Image.Image) -> Image.Image:
    return ImageOps.fit(picture, (SIDE, SIDE))


def _alone(made: Pictures, example: Image.Image) -> Image.Image:
    return made[0]


def _halves(made: Pictures, example: Image.Image) -> Image.Image:
    """Show before at the upper left, after at the lower right."""
    mask = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(mask).polygon([(SIDE, 0), (SIDE, SIDE), (0, SIDE)], fill=255)
    shown = Image.composite(made[0], example, mask)
    ImageDraw.Draw(shown).line([(SIDE, 0), (0, SIDE)], fill=LINE, width=4)
    return shown


def _edges(made: Pictures, example: Image.Image) -> Image.Image:
    """Show the edges on the left, what was painted over them on the right."""
    edges = ImageOps.autocontrast(made[0].convert("L").filter(ImageFilter.FIND_EDGES), cutoff=2)
    shown = made[0].copy()
    shown.paste(edges.convert("RGB").crop((0, 0, SIDE // 2, SIDE)), (0, 0))
    ImageDraw.Draw(shown).line([(SIDE // 2, 0), (SIDE // 2, SIDE)], fill=LINE, width=4)
    return shown


def _hole(made: Pictures, example: Image.Image) -> Image.Image:
    """Show the picture with a frame of dashes around what was repainted."""
    shown = made[0].copy()
    draw = ImageDraw.Draw(shown)
    low, high = int(SIDE * 0.29), int(SIDE * 0.71)
    for at in range(low, high, 20):
        for line in (
            *([(at, low), (at + 10, low)], [(at, high), (at + 10, high)]),
            *([(low, at), (low, at + 10)], [(high, at), (high, at + 10)]),
        ):
            draw.line(line, fill=LINE, width=4)
    return shown


def _cards(made: Pictures, example: Image.Image) -> Image.Image:
    """Show several pictures, one over the other."""
    shown = Image.new("RGB", (SIDE, SIDE), PAPER)
    for place, picture in enumerate(made[:3]):
        card = ImageOps.expand(picture.resize((230, 230)), 4, LINE)
        shown.paste(card, (12 + 70 * place, 12 + 70 * place))
    return shown


def _grid(made: Pictures, example: Image.Image) -> Image.Image:
    """Show four pictures side by side, made at the same time."""
    shown = Image.new("RGB", (SIDE, SIDE), LINE)
    half = SIDE // 2
    for place, picture in enumerate(made[:4]):
        shown.paste(
            picture.resize((half - 3, half - 3)), (place % 2 * (half + 3), place // 2 * (half + 3))
        )
    return shown


def _references(made: Pictures, example: Image.Image) -> Image.Image:
    """Show small references above the picture that they led to."""
    shown = Image.new("RGB", (SIDE, SIDE), PAPER)
    for place, picture in enumerate((example, ImageOps.mirror(example), ImageOps.flip(example))):
        shown.paste(picture.resize((112, 112)), (16 + 128 * place, 16))
    shown.paste(ImageOps.fit(made[0], (368, 240)), (16, 144))
    return shown


def _stripes(made: Pictures, example: Image.Image) -> Image.Image:
    """Show the picture with a layer laid over its right half, turned."""
    layer = Image.blend(made[0], Image.new("RGB", (SIDE, SIDE), "#e58bb0"), 0.35)
    shown = Image.new("RGB", (SIDE, SIDE), PAPER)
    shown.paste(made[0].resize((270, 270)), (20, 20))
    shown.paste(ImageOps.expand(layer.resize((250, 250)), 4, LINE), (122, 122))
    return shown


def _magnified(made: Pictures, example: Image.Image) -> Image.Image:
    """Show the whole, and a part of it through a glass."""
    part = made[0].crop((220, 150, 300, 230)).resize((200, 200), Image.Resampling.LANCZOS)
    round_ = Image.new("L", part.size)
    ImageDraw.Draw(round_).ellipse([(0, 0), (199, 199)], fill=255)
    shown = made[0].copy()
    shown.paste(part, (184, 184), round_)
    ImageDraw.Draw(shown).ellipse([(182, 182), (386, 386)], outline=LINE, width=6)
    return shown


def _film(made: Pictures, example: Image.Image) -> Image.Image:
    """Show frames between the holes of a film."""
    shown = Image.new("RGB", (SIDE, SIDE), "#0b0f18")
    draw = ImageDraw.Draw(shown)
    for place in range(3):
        frame = ImageOps.fit(made[0], (280, 112), centering=(0.2 + 0.3 * place, 0.5))
        shown.paste(frame, (60, 20 + 124 * place))
    for top in range(12, SIDE, 40):
        for left in (18, SIDE - 42):
            draw.rounded_rectangle([(left, top), (left + 24, top + 18)], 4, fill=LINE)
    return shown


def _slip(made: Pictures, example: Image.Image) -> Image.Image:
    """Show a slip of settings over the picture."""
    shown = made[0].copy()
    draw = ImageDraw.Draw(shown)
    draw.rounded_rectangle([(60, 90), (340, 310)], 14, fill=PAPER, outline=LINE, width=4)
    for place, length in enumerate((150, 210, 120, 190, 90)):
        top = 122 + 36 * place
        draw.line([(90, top), (90 + length, top)], fill="#e6a84f" if place % 2 else LINE, width=10)
    return shown


def _phone(made: Pictures, example: Image.Image) -> Image.Image:
    """Show the picture above a few fields: what is left of a graph in App mode."""
    shown = Image.new("RGB", (SIDE, SIDE), PAPER)
    shown.paste(ImageOps.fit(made[0], (272, 210)), (64, 24))
    draw = ImageDraw.Draw(shown)
    for place in range(3):
        top = 250 + 46 * place
        draw.rounded_rectangle([(64, top), (336, top + 32)], 8, outline=LINE, width=3)
    return shown


def _phone_with_change(made: Pictures, example: Image.Image) -> Image.Image:
    return _phone([_halves(made, example)], example)


SCENES: dict[str, Callable[[Pictures, Image.Image], Image.Image]] = {
    "image_to_image": _halves,
    "inpainting": _hole,
    "edit_by_instruction": _halves,
    "lora_stack": _stripes,
    "controlnet": _edges,
    "moodboard": _references,
    "large_pictures": _magnified,
    "video": _film,
    "several_prompts": _cards,
    "settings_from_the_app": _slip,
    "several_servers": _grid,
    "app_text_to_image": _phone,
    "app_edit_by_instruction": _phone_with_change,
}

if __name__ == "__main__":
    raise SystemExit(main())
