"""What can go wrong with a server, by name: for tests, and for people who want to see it once.

What is to go wrong in one call and at one message is said by rules: fault_rules.py.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator

import grpc
import numpy as np

from ...codec import tensor
from ...proto import image_service_pb2 as pb2
from .fault_rules import Action, Rule, is_rule, parse

DESCRIPTIONS = {
    "bad-preview": "previews are bytes that are no tensor",
    "cancel-status": "a generation ends with the status CANCELLED though nobody cancelled it",
    "damaged-picture": "the body of the first picture is damaged behind a valid header",
    "die-mid-stream": "the server dies within a picture, or before one that is sent whole",
    "heartbeats": "messages without any field between the others, as a proxy sends them",
    "internal-error": "a generation ends with the status INTERNAL after its first step",
    "missing-last-chunk": "the last message of the last picture is never sent",
    "nan-pixels": "pictures contain values that are not numbers",
    "no-pictures": "a generation ends well, but without a picture",
    "remote-download": "messages about a download come before the generation",
    "short-batch": "one picture fewer than asked for is sent",
    "silent": "a generation never answers, until it is cancelled",
    "slow-echo": "Echo answers only after two seconds",
    "truncated-picture": "the first picture lacks its last bytes",
    "wrong-preview-channels": "previews have five channels, which no model has",
}

_HEADER_BYTES = 68


class Faults:
    """The faults that are switched on: by name, some for a number of generations only, and rules.

    A fault is written NAME, or NAME:COUNT to have it for the first COUNT generations, or it is a
    rule. May be used from any thread. Raises ValueError for what is neither.
    """

    def __init__(self, faults: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self.replace(faults)

    def replace(self, faults: Iterable[str]) -> None:
        """Forget the faults there were and switch these on; calls are counted anew."""
        left: dict[str, int | None] = {}
        rules: list[Rule] = []
        for fault in faults:
            if is_rule(fault):
                rules += parse(fault)
            else:
                name, count = _parse(fault)
                left[name] = count
        with self._lock:
            self._left = left
            self._rules = rules
            self._calls: Counter[str] = Counter()

    @property
    def names(self) -> frozenset[str]:
        """Return the faults that the next generation would show."""
        with self._lock:
            return frozenset(self._left)

    def take(self) -> frozenset[str]:
        """Return the faults for one generation, counting it."""
        with self._lock:
            taken = frozenset(self._left)
            self._left = {
                name: None if count is None else count - 1
                for name, count in self._left.items()
                if count is None or count > 1
            }
            return taken

    def call(self, name: str) -> list[Action]:
        """Return what the rules say of the next call of that name, counting it."""
        with self._lock:
            self._calls[name] += 1
            number = self._calls[name]
            return [rule.action for rule in self._rules if rule.meets(name, number)]


def _parse(fault: str) -> tuple[str, int | None]:
    name, _, count = fault.partition(":")
    if name not in DESCRIPTIONS:
        raise ValueError(f"there is no fault '{name}'; there are {', '.join(DESCRIPTIONS)}")
    if not count:
        return name, None
    if not count.isdecimal() or int(count) < 1:
        raise ValueError(f"'{count}' is no number of generations")
    return name, int(count)


class Interruption(Exception):
    """A fault ends the stream with a status."""

    def __init__(self, status: grpc.StatusCode, details: str) -> None:
        super().__init__(status, details)
        self.status = status
        self.details = details


DEATH = "Socket closed"  # what gRPC itself says of a connection whose other end is gone
UNKNOWN_ERROR = "unknown error processing request"


def spoil_messages(
    messages: Iterator[pb2.ImageGenerationResponse], active: frozenset[str]
) -> Iterator[pb2.ImageGenerationResponse]:
    """Yield a generation's messages with the faults in them.

    Raises Interruption where a fault ends the stream.
    """
    if "remote-download" in active:
        yield from _download()
    held: pb2.ImageGenerationResponse | None = None
    for message in messages:
        if "heartbeats" in active:
            yield pb2.ImageGenerationResponse()
        if message.previewImage:
            _spoil_preview(message, active)
        if "missing-last-chunk" in active and message.generatedImages:
            if held is not None:
                yield held
            held = message
            continue
        if "die-mid-stream" in active and message.generatedImages:
            if message.chunkState == pb2.MORE_CHUNKS:
                yield message
            raise Interruption(grpc.StatusCode.UNAVAILABLE, DEATH)
        yield message
        if message.currentSignpost.sampling.step == 1:
            if "internal-error" in active:
                raise Interruption(grpc.StatusCode.INTERNAL, UNKNOWN_ERROR)
            if "cancel-status" in active:
                raise Interruption(grpc.StatusCode.CANCELLED, "CANCELLED")


def _download() -> Iterator[pb2.ImageGenerationResponse]:
    expected = 151_000_000
    for received in (0, expected // 2, expected):
        yield pb2.ImageGenerationResponse(
            remoteDownload=pb2.RemoteDownloadResponse(
                bytesReceived=received, bytesExpected=expected, item=1, itemsExpected=1
            )
        )


def _spoil_preview(message: pb2.ImageGenerationResponse, active: frozenset[str]) -> None:
    if "bad-preview" in active:
        message.previewImage = b"\x07" * 100
    if "wrong-preview-channels" in active:
        message.previewImage = tensor.encode(np.zeros((1, 8, 8, 5), np.float16))


def spoil_pictures(pictures: Iterator[np.ndarray], active: frozenset[str]) -> Iterator[np.ndarray]:
    """Yield the pictures with the faults in them: fewer, none, or with holes.

    `pictures`: float [1, height, width, channels] each.
    """
    if "no-pictures" in active:
        return
    held: np.ndarray | None = None
    for picture in pictures:
        if "nan-pixels" in active:
            picture = picture.copy()
            height, width = picture.shape[1:3]
            picture[:, height // 2 :, : width // 2] = np.nan
        if "short-batch" in active:
            if held is not None:
                yield held
            held = picture
        else:
            yield picture


def damage(images: list[bytes], active: frozenset[str]) -> list[bytes]:
    """Return encoded pictures, the first of them damaged if a fault says so."""
    if images and "damaged-picture" in active:
        start = _HEADER_BYTES + (len(images[0]) - _HEADER_BYTES) // 3
        images = [images[0][:start] + b"\xff" * (len(images[0]) - start), *images[1:]]
    if images and "truncated-picture" in active:
        images = [images[0][: _HEADER_BYTES + (len(images[0]) - _HEADER_BYTES) // 2], *images[1:]]
    return images
