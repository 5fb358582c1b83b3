"""How the pieces of a large tensor become whole again (docs/protocol.md 1.8)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import BadTensor, GenerationFailed, ProtocolMismatch

# 1 GiB in pieces of 16 kB; a server's own have 4 MiB.
MOST_PIECES = 1 << 16

Piece = bytes | memoryview


class Assembler:
    """Collects the slices of one stream of tensors, never more than `limit_bytes` for one tensor,
    nor more than MOST_PIECES.

    `what` names a tensor in errors: "picture", "sound".
    """

    def __init__(self, what: str, limit_bytes: int) -> None:
        self._what = what
        self._limit_bytes = limit_bytes
        self._pieces: list[Piece] = []
        self._finished = 0
        self.pending_bytes = 0

    def add(self, elements: Sequence[Piece], more: bool) -> list[list[Piece]]:
        """Take a message's elements and return the pieces of the tensors that are whole now.

        A message without elements says nothing, whatever its chunk state: that is the enum's
        default. With `more` its one element is a slice; without, the first element ends what was
        begun and further ones are whole. Raises BadTensor beyond the limit, ProtocolMismatch where
        the rule has no meaning.
        """
        if not elements:
            return []
        if more and len(elements) > 1:
            raise ProtocolMismatch(
                f"The server sent {len(elements)} slices at once, which can"
                f" belong to any {self._what}.",
                "Update Drawbridge, and report this if it stays.",
            )
        self._take(elements[0])
        if more:
            return []
        whole = [self._pieces]
        self._pieces, self.pending_bytes = [], 0
        for element in elements[1:]:
            self._check(len(element))
            whole.append([element])
        self._finished += len(whole)
        return whole

    def finish(self) -> None:
        """Raise GenerationFailed if the stream ends with a tensor that has begun and not ended."""
        if self._pieces:
            raise GenerationFailed(
                f"The server ended before the last piece of {self._what} {self._finished + 1} had"
                f" come: {self.pending_bytes} bytes of it are here.",
                "Generate again; if it stays, look at the server's log.",
            )

    def _take(self, piece: Piece) -> None:
        self._check(self.pending_bytes + len(piece))
        if len(self._pieces) == MOST_PIECES:
            raise ProtocolMismatch(
                f"The server sends {self._what} {self._finished + 1} in more than"
                f" {MOST_PIECES:,} pieces.",
                "Check that it is a Draw Things server; if it is, report this with its version.",
            )
        self._pieces.append(piece)
        self.pending_bytes += len(piece)

    def _check(self, size_bytes: int) -> None:
        if size_bytes > self._limit_bytes:
            raise BadTensor(
                f"The server sends {self._what} {self._finished + 1} with {size_bytes} bytes or"
                f" more, beyond the limit of {self._limit_bytes}.",
                "Check that it is a Draw Things server; if it is, report this with its version and"
                " the size that was asked for.",
            )


def join(pieces: Sequence[Piece]) -> Piece:
    """Return the bytes of a tensor, copied once where they came in several pieces. For a thread:
    unlike bytes.join, numpy lets others work meanwhile.
    """
    if len(pieces) == 1:
        return pieces[0]
    whole = np.empty(sum(map(len, pieces)), np.uint8)
    end = 0
    for piece in pieces:
        start, end = end, end + len(piece)
        whole[start:end] = np.frombuffer(piece, np.uint8)
    return whole.data
