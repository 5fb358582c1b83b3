"""The options of generate: what can be wished, in the words of the command line."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

from ...client.configuration import spellings
from ...client.configuration.fields import GenerationConfig
from ...client.configuration.ranges import ranges
from ...facts.hints import KINDS
from ...facts.samplers import Sampler
from ..request import add_model
from .previews import WAYS

REPAINT, NOISE = "repaint", "noise"
FITS = ("crop", "stretch", "pad")  # names of codec.fit.Fit, whose module needs torch


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of generate, in groups as a person looks for them."""
    _add_words(parser.add_argument_group("what the picture shows"))
    _add_model(parser)
    _add_settings(parser.add_argument_group("settings, which win over all of the above"))
    _add_pictures(parser.add_argument_group("pictures to start from and to follow"))
    _add_output(parser.add_argument_group("what is made of it"))


def _add_words(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--prompt",
        action="append",
        default=[],
        metavar="P",
        help="what the picture shows; given several times, each prompt is generated",
    )
    group.add_argument(
        "--prompts",
        type=Path,
        metavar="FILE",
        help="text file with a prompt a line (- is stdin); empty lines and those that begin with # "
        "are left out",
    )
    group.add_argument("--negative-prompt", metavar="P", help="what it should not show")


def _add_model(parser: argparse.ArgumentParser) -> None:
    add_model(parser, "file or name of the model (default: the configuration's)")
    add = parser.add_argument
    add(
        "--specification",
        type=Path,
        metavar="FILE",
        help="JSON object that says what the model is, as in Draw Things' custom.json: for a file "
        "that the server has and does not know, such as one from upload",
    )
    add(
        "--lora",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "WEIGHT MODE"),
        help="file or name of a LoRA, its weight (default: 0.6), and with a refiner its mode: all, "
        "base or refiner; can be given several times, and comes behind the configuration's",
    )
    add(
        "--lora-specification",
        type=Path,
        metavar="FILE",
        help="JSON of LoRAs that the server has and does not know, as in custom_lora.json",
    )
    add(
        "--preset",
        metavar="NAME",
        help="settings to start from: a preset of yours (see presets), or the app's by the "
        "beginning of a model file's name, such as z_image_turbo, or by its own, such as 'FLUX.2 "
        "[dev] with Turbo'; it brings its LoRAs and negative prompt, and a configuration wins over "
        "it",
    )
    add(
        "--configuration",
        type=Path,
        metavar="FILE",
        help="JSON that the app's Copy Configuration gives, or a PNG that the app or this command "
        "has written, whose prompts count where none are given (- is stdin)",
    )


def _add_settings(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--width", type=int, metavar="PX", help="a multiple of 64 (default: the model's)")
    add("--height", type=int, metavar="PX", help="a multiple of 64 (default: the model's)")
    add("--steps", type=int, metavar="N", help="sampling steps (default: the model's)")
    add("--guidance", type=float, metavar="G", help="how closely the prompt is followed")
    add(
        "--seed",
        type=int,
        nargs="+",
        metavar="N",
        help=f"{_range('seed')}, or -1 to draw one; of several, each is generated (default: drawn, "
        "and told)",
    )
    add(
        "--sampler",
        type=_sampler,
        metavar="NAME",
        help="as the app names it, in any case, or as other programs write that, such as euler_a",
    )
    add("--shift", type=float, metavar="S", help=f"timestep shift, {_range('shift')}")
    add(
        "--strength",
        type=float,
        metavar="S",
        help=f"how much of the image is painted anew, {_range('strength')}",
    )
    add("--batch-size", type=int, metavar="N", help=f"pictures at a time, {_range('batch_size')}")
    add(
        "--batch-count",
        type=int,
        metavar="N",
        help="how often to generate each prompt, with seed, seed + 1 and so on",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any other setting by its key in the app's configuration, such as numFrames=81 or "
        "hiresFix=true",
    )


def _add_pictures(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--image", type=Path, metavar="FILE", help="the picture to start from, or to edit")
    add("--mask", type=Path, metavar="FILE", help="white is repainted, black is kept")
    add(
        "--masked-content",
        choices=(REPAINT, NOISE),
        help="what the masked area starts from: the image at the strength, or noise",
    )
    add(
        "--fit",
        choices=FITS,
        help="how pictures of another size are brought to the result's (default: crop)",
    )
    add(
        "--control",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "KEY=VALUE"),
        help="file or name of a control, with image=FILE, kind=KIND, weight=W, start=PART, "
        "end=PART, mode=balanced|prompt|control, input=KIND, blocks=A,B, lines=dark, down=RATE, "
        f"pooling=yes|no, no_prompt=yes|no; kinds are {', '.join(KINDS)}. Without an image it "
        "reads that of --image; named as in the configuration, it gives that control its picture. "
        "The name - is for a picture that the model itself reads. Can be given several times",
    )
    add(
        "--control-specification",
        type=Path,
        metavar="FILE",
        help="JSON of controls that the server has and does not know, as in custom_controlnet.json",
    )
    add(
        "--moodboard",
        nargs="+",
        action="append",
        default=[],
        metavar=("FILE", "WEIGHT"),
        help="a reference picture, and its weight (default: 1); can be given several times",
    )
    add(
        "--moodboard-control",
        nargs="+",
        default=[],
        metavar=("NAME", "WEIGHT"),
        help="the control that reads the moodboard, such as an IP adapter (default: the model)",
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        *("-o", "--out"),
        type=Path,
        required=True,
        metavar="OUT.png",
        help="where the picture goes; of several, OUT-1.png, OUT-2.png and so on, each as soon as "
        "it is made",
    )
    add(
        "--skip-existing",
        action="store_true",
        help="leave out what is there already, so that the same command with the same seed makes "
        "the rest",
    )
    add(
        "--keep-going",
        action="store_true",
        help="when a picture fails, go on with the next; without it, the first failure ends it",
    )
    add(
        "--each-address",
        action="store_true",
        help="where a server's name has several IP addresses, use each of them as a server of its "
        "own; a computer that has several is used once",
    )
    add(
        "--no-metadata",
        action="store_true",
        help="do not write prompts and configuration into the pictures",
    )
    add(
        "--preview",
        nargs="?",
        const=WAYS[0],
        choices=WAYS,
        help="show how the picture comes along, in a terminal that can draw (default: the way that "
        "the terminal is known for)",
    )


def _sampler(label: str) -> Sampler:
    found = spellings.member(Sampler, label)
    if isinstance(found, Sampler):
        return found
    labels = [sampler.label for sampler in Sampler]
    near = difflib.get_close_matches(label, labels, cutoff=0.4) or labels
    raise argparse.ArgumentTypeError(f"{label!r} is no sampler; there are {', '.join(near)}")


def _range(field: str) -> str:
    """Return what the app offers for a field of the configuration."""
    return str(ranges(GenerationConfig)[field])
