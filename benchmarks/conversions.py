"""Conversions of one megapixel against the best single-thread pass over the same bytes.

That pass is torch on one thread, into memory that is kept, in whichever blocks are fastest: it does
the plain arithmetic and looks for nothing. Ours makes new memory, looks for NaN, and gives every
8-bit level its exact value.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator

import fpzip as package
import numpy as np
import peer
import torch
from samples import SIDE, picture
from turns import Figure, medians

from drawbridge.client.threads import in_stoppable_thread
from drawbridge.codec import fpzip, image, latent, mask, tensor
from drawbridge.facts.latent_spaces import Kind, latent_spaces
from drawbridge.facts.versions import VERSIONS

GROUP = "conversions"
_BLOCKS = (1 << 15, 1 << 16, 1 << 17, 1 << 18, 1 << 20, 1 << 30)


def on_one_thread(work: Callable[[], None]) -> Callable[[], None]:
    """Return the work done by one of torch's threads."""

    def run() -> None:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            work()
        finally:
            torch.set_num_threads(threads)

    return run


def best(pass_over: Callable[[int], Callable[[], None]]) -> Callable[[], None]:
    """Return the pass in the blocks with which it is fastest."""
    passes = [on_one_thread(pass_over(block)) for block in _BLOCKS]
    times = medians(7, *passes)
    return passes[times.index(min(times))]


def plain_to_wire(unit: torch.Tensor) -> Callable[[int], Callable[[], None]]:
    """Return the pass from 0..1 to float16 -1..1."""
    source, wire = unit.reshape(-1), torch.empty(unit.numel(), dtype=torch.float16)
    less = torch.tensor(-1.0)

    def of(block: int) -> Callable[[], None]:
        parts = list(zip(source.split(block), wire.split(block), strict=True))
        kept = torch.empty(min(block, len(source)))

        def work() -> None:
            for part, target in parts:
                signed = kept[: len(part)]
                torch.add(less, part, alpha=2, out=signed)
                target.copy_(signed)

        return work

    return of


def plain_from_wire(wire: np.ndarray) -> Callable[[int], Callable[[], None]]:
    """Return the pass from float16 -1..1 to 0..1, clamped."""
    source = torch.from_numpy(wire).reshape(-1)
    unit, half = torch.empty(len(source)), torch.tensor(0.5)

    def of(block: int) -> Callable[[], None]:
        parts = list(zip(source.split(block), unit.split(block), strict=True))

        def work() -> None:
            for part, target in parts:
                target.copy_(part)
                torch.add(half, target, alpha=0.5, out=target).clamp_(0, 1)

        return work

    return of


def plain_mask(shades: torch.Tensor) -> Callable[[int], Callable[[], None]]:
    """Return the pass from 0..1 to true and false."""
    source = shades.reshape(-1)
    white = torch.empty(len(source), dtype=torch.bool)

    def of(block: int) -> Callable[[], None]:
        parts = list(zip(source.split(block), white.split(block), strict=True))

        def work() -> None:
            for part, target in parts:
                torch.ge(part, 0.5, out=target)

        return work

    return of


def figures(rounds: int) -> Iterator[Figure]:
    """Yield the lines of the table."""
    theirs = peer.milliseconds()
    wire = picture()
    unit, shades = image.from_wire(wire), torch.rand(SIDE, SIDE)
    raw, packed = tensor.encode(wire), tensor.encode(wire, tensor.Codec.FPZIP)
    stream = packed[tensor.HEADER.size :]
    one_pass = "one pass on one thread"
    to_wire, from_wire = best(plain_to_wire(unit)), best(plain_from_wire(wire))

    def line(
        name: str,
        work: Callable[[], object],
        limit: Callable[[], object],
        limit_name: str,
        target: float | None,
        of_peer: str = "",
        times: int = rounds,
    ) -> Figure:
        ours, least = medians(times, work, limit)
        known = theirs.get(of_peer)
        return Figure(GROUP, name, ours, "ms", least, limit_name, target, peer_ms=known)

    yield line("IMAGE to wire", lambda: image.to_wire(unit), to_wire, one_pass, 1.5, peer.IMAGE_OUT)
    yield line("wire to IMAGE", lambda: image.from_wire(wire), from_wire, one_pass, 1.5)
    yield line(
        *("raw answer to IMAGE", lambda: image.from_wire(tensor.decode(raw)), from_wire),
        *(one_pass, 1.5, peer.RAW_IN),
    )
    yield line(
        *("MASK to wire", lambda: mask.to_wire(shades), best(plain_mask(shades))),
        *(one_pass, 1.5, peer.MASK_OUT),
    )

    def unpacked() -> torch.Tensor:
        return image.from_wire(tensor.decode(packed))

    async def at_once(count: int) -> None:
        await asyncio.gather(*(in_stoppable_thread(lambda _: unpacked()) for _ in range(count)))

    few = max(3, rounds // 4)
    yield line(
        *("fpzip answer to IMAGE", unpacked, lambda: package.decompress(stream, order="C")),
        *("fpzip.decompress alone", 1.2, peer.FPZIP_IN, few),
    )
    yield line(
        "four fpzip answers at once",
        lambda: asyncio.run(at_once(4)),
        lambda: [unpacked() for _ in range(4)],
        *("four in a row", 0.6, "", few),
    )
    fpzip.close()
    deflated = tensor.encode(wire, tensor.Codec.DEFLATE)
    body = deflated[tensor.HEADER.size :]
    yield line(
        *("deflated answer", lambda: tensor.decode(deflated)),
        *(lambda: zlib.decompress(body, -15, wire.nbytes), "zlib.decompress", None, "", few),
    )
    yield from _previews(rounds, theirs)


def _previews(rounds: int, theirs: dict[str, float]) -> Iterator[Figure]:
    """Yield how long a preview takes from its bytes to a picture."""
    rng = np.random.default_rng(7)
    for space in latent_spaces():
        if space.kind is Kind.NONE:
            continue
        version = next(row.id for row in VERSIONS.values() if space.name in row.latent_spaces)
        cells = SIDE // (space.patch or 8)
        latents = rng.standard_normal((1, cells, cells, space.channels)).astype(np.float16)
        data = tensor.encode(latents)
        [ours] = medians(rounds, lambda d=data, v=version: latent.preview(tensor.decode(d), v))
        yield Figure(
            GROUP,
            f"preview {space.name}, {cells} x {cells} x {space.channels}",
            ours,
            target=1.0 if space.channels <= 16 else None,
            peer_ms=theirs[peer.PREVIEW] if space.name == "flux1" else None,
        )
