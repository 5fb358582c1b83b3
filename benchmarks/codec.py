"""Measures the codec against limits of this machine: python benchmarks/codec.py [--quick]

Each line is a median, beside the median of a limit taken in turns with it: the plainest code that
does the same work with the same memory behaviour, or a copy of as many bytes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import checkout

checkout.register()  # takes the root off sys.path again

import fpzip as package
import numpy as np
import torch

from drawbridge.codec import fpzip, image, latent, mask, tensor
from drawbridge.facts.latent_spaces import Kind, latent_spaces
from drawbridge.facts.versions import VERSIONS

SIDE = 1024


def picture() -> np.ndarray:
    """A smooth picture with a little noise, float16 [1, SIDE, SIDE, 3], -1 to 1."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    waves = [np.sin(9 * x + 5 * c) * np.cos(7 * y - c) for c in range(3)]
    noisy = 0.8 * np.stack(waves, -1) + 0.01 * rng.standard_normal((SIDE, SIDE, 3))
    return noisy.clip(-1, 1).astype(np.float16)[np.newaxis]


def compare(work: Callable[[], object], limit: Callable[[], object], rounds: int) -> str:
    """The medians in ms of both, run in turns so that a busy machine is unfair to neither."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 2):
        for times, run in zip(taken, (work, limit), strict=True):
            start = time.perf_counter()
            run()
            if turn >= 2:  # the first ones warm up
                times.append((time.perf_counter() - start) * 1000)
    ours, theirs = map(statistics.median, taken)
    return f"{ours:9.2f} {theirs:9.2f} {ours / theirs:7.2f}x"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 5 if parser.parse_args().quick else 25

    def line(name: str, limit_name: str, work: Callable[[], object], limit: Callable[[], object]):
        sys.stdout.write(f"{name:34} {compare(work, limit, rounds)}  {limit_name}\n")
        sys.stdout.flush()

    sys.stdout.write(f"{'':34} {'ms':>9} {'limit ms':>9} {'ratio':>8}\n")
    wire = picture()
    half = torch.from_numpy(wire)
    unit = image.from_wire(wire)
    floats, halves = torch.empty(unit.shape), torch.empty(unit.shape, dtype=torch.float16)

    def plain_to_wire() -> None:
        torch.mul(unit, 2, out=floats).sub_(1)
        halves.copy_(floats)

    def plain_from_wire() -> None:
        floats.copy_(half)
        floats.add_(1).mul_(0.5).clamp_(0, 1)

    line(
        "IMAGE -> wire", "torch, no checks, kept memory", lambda: image.to_wire(unit), plain_to_wire
    )
    line(
        "wire -> IMAGE",
        "torch, inexact, kept memory",
        lambda: image.from_wire(wire),
        plain_from_wire,
    )
    raw = tensor.encode(wire)
    line(
        "raw answer -> IMAGE",
        "the same",
        lambda: image.from_wire(tensor.decode(raw)),
        plain_from_wire,
    )
    line("encode raw", "copy of the bytes", lambda: tensor.encode(wire), wire.copy)
    whites = torch.rand(SIDE, SIDE)
    line("MASK -> wire", "torch >=", lambda: mask.to_wire(whites), lambda: whites >= 0.5)

    packed = tensor.encode(wire, tensor.Codec.FPZIP)
    stream = packed[tensor.HEADER.size :]
    line(
        "fpzip answer",
        "fpzip.decompress in process",
        lambda: tensor.decode(packed),
        lambda: package.decompress(stream, order="C"),
    )
    small = tensor.encode(wire[:, :128, :128], tensor.Codec.FPZIP)
    small_stream = small[tensor.HEADER.size :]
    line(
        "fpzip preview 128 x 128 x 3",
        "fpzip.decompress in process",
        lambda: tensor.decode(small),
        lambda: package.decompress(small_stream, order="C"),
    )
    deflated = tensor.encode(wire, tensor.Codec.DEFLATE)
    inflated = deflated[tensor.HEADER.size :]
    line(
        "deflated answer",
        "zlib.decompress",
        lambda: tensor.decode(deflated),
        lambda: zlib.decompress(inflated, -15, wire.nbytes),
    )
    fpzip.close()

    rng = np.random.default_rng(7)
    for space in latent_spaces():
        if space.kind is Kind.NONE:
            continue
        version = next(row.id for row in VERSIONS.values() if space.name in row.latent_spaces)
        cells = SIDE // (space.patch or 8)
        latents = rng.standard_normal((1, cells, cells, space.channels)).astype(np.float16)
        flat = torch.from_numpy(latents).reshape(-1, space.channels)
        matrix = torch.rand(space.channels, 3)
        line(
            f"preview {space.name} {cells} x {cells} x {space.channels}",
            "torch cast and matmul",
            lambda latents=latents, version=version: latent.preview(latents, version),
            lambda flat=flat, matrix=matrix: (flat.float() @ matrix).to(torch.uint8),
        )


if __name__ == "__main__":
    main()
