"""What rules change in the messages of a generation: their tensors, pieces, sums and number."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from ...proto import image_service_pb2 as pb2
from . import replies
from .fault_rules import Action
from .fault_tensors import damage, resized

Response = pb2.ImageGenerationResponse

_OF_RESULTS = frozenset({"slices", "damage", "size", "pictures", "announce", "scale"})
# Field 900, a number, and field 901, a text of 2 bytes.
_UNKNOWN_FIELDS = b"\xa0\x38\x07\xaa\x38\x02hi"
_NEW_MILESTONE = pb2.ImageGenerationSignpostProto.FromString(b"\xa2\x06\x00")  # field 100


def change(messages: Iterator[Response], actions: Sequence[Action]) -> Iterator[Response]:
    """Yield a generation's messages with what the rules do to them."""
    if any(action.verb in _OF_RESULTS for action in actions):
        messages = _results(messages, actions)
    for action in actions:
        if action.verb in ("drop", "repeat", "swap"):
            messages = _move(messages, action.verb, action.words[1])
        elif action.verb == "unknown":
            messages = _unknown(messages)
        elif action.verb == "endless":
            messages = _endless(messages, action.words[0])
    return messages


def add_unknown_fields(message: Response) -> Response:
    """Return a message of any kind with fields that no version knows."""
    return type(message).FromString(message.SerializeToString() + _UNKNOWN_FIELDS)


def _carries(message: Response) -> bool:
    return bool(message.generatedImages or message.generatedAudio)


def _results(messages: Iterator[Response], actions: Sequence[Action]) -> Iterator[Response]:
    """Yield progress as it comes, and the results anew, from what they were before the cut."""
    previews = itertools.count(1)
    pictures: list[bytes] = []
    sounds: list[bytes] = []
    pieces: list[bytes] = []
    scale = 1
    for message in messages:
        if message.previewImage:
            number = next(previews)
            message.previewImage = _damaged(message.previewImage, "preview", number, actions)
        if not _carries(message) and not message.HasField("downloadSize"):
            yield message
            continue
        scale = message.scaleFactor or scale
        for elements, whole in (
            (message.generatedImages, pictures),
            (message.generatedAudio, sounds),
        ):
            if elements:
                pieces.extend(elements)
            if elements and message.chunkState == pb2.LAST_CHUNK:
                whole.append(b"".join(pieces))
                pieces = []
    told = {
        action.verb: action.words[0]
        for action in actions
        if action.verb in _OF_RESULTS and action.verb != "damage"
    }
    if "pictures" in told and pictures:
        pictures = list(itertools.islice(itertools.cycle(pictures), told["pictures"]))
    if "size" in told:
        pictures = [resized(one, told["size"]) for one in pictures]
    pictures = [_damaged(one, "picture", n, actions) for n, one in enumerate(pictures, 1)]
    sounds = [_damaged(one, "sound", n, actions) for n, one in enumerate(sounds, 1)]
    for message in replies.results(
        *(pictures, sounds, told.get("scale", scale)),
        chunked=True,
        slice_bytes=told.get("slices", replies.SLICE_BYTES),
    ):
        if message.HasField("downloadSize") and "announce" in told:
            message.downloadSize = told["announce"]
        yield message


def _damaged(data: bytes, kind: str, number: int, actions: Sequence[Action]) -> bytes:
    for action in actions:
        if action.verb == "damage" and action.words[0] == kind and action.words[1] in (0, number):
            data = damage(data, action.words[2])
    return data


def _move(messages: Iterable[Response], verb: str, number: int) -> Iterator[Response]:
    """Yield the messages with the `number`th piece of a result left out, twice or one later."""
    seen = 0
    held: Response | None = None
    for message in messages:
        seen += _carries(message)
        if held is not None and _carries(message):
            yield message
            yield held
            held = None
        elif seen != number or not _carries(message):
            yield message
        elif verb == "repeat":
            yield from (message, message)
        elif verb == "swap":
            held = message
    if held is not None:
        yield held


def _unknown(messages: Iterable[Response]) -> Iterator[Response]:
    """Yield the messages with unknown fields, and behind each a milestone of tomorrow and a message
    of nothing else.
    """
    for message in messages:
        yield add_unknown_fields(message)
        yield Response(currentSignpost=_NEW_MILESTONE, signposts=[_NEW_MILESTONE])
        yield add_unknown_fields(Response())


_KINDS: dict[str, Callable[[Response], bool]] = {
    "heartbeat": lambda message: True,
    "progress": lambda message: message.HasField("currentSignpost"),
    "preview": lambda message: bool(message.previewImage),
    "picture": lambda message: bool(message.generatedImages),
    "slice": lambda message: bool(message.generatedImages),
    "sound": lambda message: bool(message.generatedAudio),
}


def _endless(messages: Iterable[Response], kind: str) -> Iterator[Response]:
    """Yield the messages up to the first of a kind, and that one for ever."""
    for message in messages:
        if not _KINDS[kind](message):
            yield message
            continue
        if kind == "heartbeat":
            message = Response()
        elif kind == "slice":
            message.chunkState = pb2.MORE_CHUNKS
        while True:
            yield message
