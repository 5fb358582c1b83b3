"""How the pieces of a large tensor become whole again (docs/protocol.md 1.8)."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import BadTensor, GenerationFailed, ProtocolMismatch

# 1 GiB in pieces of 16 kB; a server's own have 4 MiB.
MOST_PIECES = 1 << 16


class Assembler:
    """Collects the slices of one stream of tensors, never more than `limit_bytes` for one tensor,
    nor more than MOST_PIECES.

    `what` names a tensor in errors: "picture", "sound". `joined` says of how many pieces the last
    tensor was made.
    """

    def __init__(self, what: str, limit_bytes: int) -> None:
        self._what = what
        self._limit_bytes = limit_bytes
        self._pieces: list[bytes] = []
        self._finished = 0
        self.pending_bytes = 0
        self.joined = 0

    def add(self, elements: Sequence[bytes], more: bool) -> list[bytes]:
        """Take a message's elements and return the tensors that are whole now.

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
        whole = [b"".join(self._pieces)]
        self.joined = len(self._pieces)
        self._pieces, self.pending_bytes = [], 0
        for element in elements[1:]:
            self.joined = 1
            self._check(len(element))
            whole.append(element)
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

    def _take(self, piece: bytes) -> None:
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
