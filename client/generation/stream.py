"""How the answer to GenerateImage is read: a stream of messages becomes a stream of events."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
import numpy as np

from ...codec import public_guide, tensor
from ...codec.damage import damaged
from ...codec.tensor import Codec
from ...errors import BadTensor, DrawbridgeError, GenerationFailed
from ...proto import image_service_pb2
from ..connection import call_error
from ..connection.answer import Answer
from ..connection.call import Excess, give_up, settle
from ..connection.connection import Connection
from ..connection.endpoint import Endpoint
from ..connection.fields import Encoded
from ..threads import in_stoppable_thread, in_thread
from .allowance import Allowance
from .chunks import Assembler, Piece, join
from .events import (
    Audio,
    DownloadSize,
    Event,
    Phase,
    Picture,
    Plan,
    Preview,
    Progress,
    Queued,
    Receiving,
    RemoteDownload,
)
from .message import encoded
from .request import GenerationRequest
from .unpacking import Unpacking

if TYPE_CHECKING:
    from .images import Placed

    Receive = Callable[[Picture], Picture | Placed]

T = TypeVar("T")
Response = image_service_pb2.ImageGenerationResponse

_HEADER_BYTES = 68
# Progress, previews, signs of life: a step has a few, and a job of hours fewer than this.
MOST_NEWS = 30_000
_STEPPED = (Phase.SAMPLING, Phase.SECOND_PASS_SAMPLING)


async def generate(
    connection: Connection,
    request: GenerationRequest,
    limit_bytes: int,
    receive: Receive | None = None,
) -> AsyncGenerator[Event | Placed, None]:
    """Generate, and yield what happens; see DrawThingsClient.generate."""
    endpoint = connection.endpoint

    status: tuple[grpc.StatusCode, str | None] | None = None

    def words(code: grpc.StatusCode, details: str | None) -> DrawbridgeError:
        nonlocal status
        status, started = (code, details), reader.messages > 0
        return call_error.from_status(
            *(endpoint, code, details),
            generating=True,
            started=started,
            secret_confirmed=started or connection.secret_confirmed,
        )

    message = await in_thread(lambda: _message(connection, request))
    await connection.confirm_secret()
    reader = Reader(Allowance.of(request, limit_bytes), receive)
    try:
        with connection.explained(words):
            reading = reader.events(await connection.call("GenerateImage", message))
            async with contextlib.aclosing(reading) as events:
                async for event in events:
                    yield event
    except GenerationFailed as error:
        if status is None or reader.messages or connection.secret_confirmed:
            raise
        await connection.blame_secret()
        raise words(*status) from error.__cause__
    reader.check_damaged()
    if not reader.pictures:
        raise no_pictures(endpoint)
    if reader.pictures < request.least_pictures:
        raise too_few(endpoint, request.least_pictures, reader.pictures)


def no_pictures(endpoint: Endpoint) -> GenerationFailed:
    """Return the error for a generation that ends well and empty (docs/protocol.md 1.8)."""
    return GenerationFailed(
        f"The server at {endpoint.address} finished without a picture.",
        "It was stopped there, no project is open in the app, its numbers overflowed, or the model"
        " needs an image that it did not get: open a project there, try another seed, fewer LoRAs,"
        " a lower guidance scale, or give the image.",
    )


def too_few(endpoint: Endpoint, asked: int, got: int) -> GenerationFailed:
    """Return the error for a batch that comes back incomplete."""
    return GenerationFailed(
        f"The server at {endpoint.address} gave {got} of {asked} pictures.",
        "Generate again; if it stays, this model makes one at a time: set batch_size to 1.",
    )


def _message(connection: Connection, request: GenerationRequest) -> Encoded:
    endpoint = connection.endpoint
    return encoded(
        request,
        # Between two processes of one computer, copying bytes is cheaper than packing them.
        codec=Codec.RAW if endpoint.is_loopback else Codec.DEFLATE,
        form=endpoint.tensor_form,
        user=connection.name,
    )


class Reader:
    """Reads one generation. `messages` and `pictures` say how far it came when it fails.

    A picture or sound that cannot be read costs none of the others: it is counted and left out, and
    `check_damaged` says so at the end. `receive` is what DrawThingsClient.generate was given.
    """

    def __init__(self, allowance: Allowance, receive: Receive | None = None) -> None:
        self.messages = 0
        self.pictures = 0
        self._sounds = 0
        self._receive = receive
        self._damaged: dict[tuple[str, int], DrawbridgeError] = {}  # by what it is, and its number
        self._received_bytes = 0
        self._announced_bytes = 0
        self._allowance = allowance
        self._sound_bytes = 0
        self._news_messages = 0
        self._sliced = False
        self._one_sound = asyncio.Lock()
        self._unpacking: Unpacking[Event | Placed] = Unpacking()
        self._images = Assembler("picture", allowance.picture_bytes + _HEADER_BYTES)
        self._audio = Assembler("sound", allowance.sound_bytes + _HEADER_BYTES)

    async def events(self, call: Any) -> AsyncGenerator[Event | Placed, None]:
        """Yield what a call tells, in its order; the call is cancelled when the generator ends
        early.

        Raises what `settle` raises, Excess for more than the allowance, BadTensor for a piece that
        is too large, ProtocolMismatch, and GenerationFailed for a picture whose end is missing.
        """
        failure: Exception | None = None
        reading: asyncio.Future[Any] | None = None
        try:
            try:
                # Headers come at once, the first message when the turn does (docs/protocol.md 1.8).
                await settle(call, call.initial_metadata())
                yield Queued()
                while True:
                    reading = asyncio.ensure_future(_read(call))
                    # What is unpacked does not wait for the next one, which may take minutes.
                    while self._unpacking.left and await self._unpacking.ready_before(reading):
                        if result := await self._unpacking.take():
                            yield result
                    answer = await reading
                    if not isinstance(answer, Answer):
                        break  # gRPC's own mark for the end
                    self.messages += 1
                    self._count_news(answer)
                    for event in itertools.chain(self._news(answer.message), self._results(answer)):
                        yield event
                    while self._unpacking.due:
                        if result := await self._unpacking.take():
                            yield result
                self._images.finish()
                self._audio.finish()
                self._check_announced()
            except Exception as error:  # what came whole before is no less a result
                failure = error
                await give_up(call)
            while self._unpacking.left:
                if result := await self._unpacking.take():
                    yield result
            if isinstance(failure, Excess):
                self.check_damaged()  # which came first
            if failure is not None:
                raise failure
        finally:
            try:
                await give_up(call, *([reading] if reading is not None else []))
            finally:
                # An error's traceback would keep these: the call its connection, the error a
                # circle.
                del call, failure, reading
                await self._unpacking.close()

    def check_damaged(self) -> None:
        """Raise BadTensor if a picture or sound could not be read, or what `receive` has raised."""
        if not self._damaged:
            return
        first, *others = (self._damaged[place] for place in sorted(self._damaged))
        more = f"{len(others)} more cannot be read either." if others else ""
        raise first.with_more(more) from first.__cause__

    def _count_news(self, answer: Answer) -> None:
        """Raise Excess where a server goes on and on without a result."""
        if not answer.images and not answer.message.generatedAudio:
            self._news_messages += 1
            if self._news_messages > MOST_NEWS:
                raise Excess(f"sends more than {MOST_NEWS:,} messages without a result")

    def _check_announced(self) -> None:
        """Raise GenerationFailed where whole messages are missing, which no slice tells of, or
        where slices came twice.
        """
        if self._sliced and self._received_bytes > self._announced_bytes > 0:
            raise GenerationFailed(
                f"The server announced {self._announced_bytes} bytes of pictures and sent"
                f" {self._received_bytes}: a piece of a picture came twice.",
                "Generate again; if it stays, look at the server's log.",
            )
        if self._received_bytes < self._announced_bytes:
            raise GenerationFailed(
                f"The server announced {self._announced_bytes} bytes of pictures and ended after"
                f" {self._received_bytes}: at least picture {self.pictures + 1} is missing.",
                "Generate again; if it stays, look at the server's log.",
            )

    def _news(self, message: Response) -> Iterable[Event]:
        if message.HasField("remoteDownload"):
            remote = message.remoteDownload
            yield RemoteDownload(
                remote.bytesReceived, remote.bytesExpected, remote.item, remote.itemsExpected
            )
        if message.HasField("currentSignpost"):
            name = message.currentSignpost.WhichOneof("signpost")
            if name is not None:  # else a milestone newer than this version
                phase = Phase(name)
                yield Progress(phase, _step(message.currentSignpost, phase), _plan(message))
        most_bytes = self._allowance.preview_bytes
        if 0 < len(message.previewImage) <= most_bytes + _HEADER_BYTES:  # else not worth an error
            yield Preview(message.previewImage, most_bytes)
        if message.HasField("downloadSize"):
            self._announced_bytes = message.downloadSize
            yield DownloadSize(message.downloadSize)

    def _results(self, answer: Answer) -> Iterable[Event]:
        """Yield how far the transfer is, and begin to unpack what is whole now."""
        message, images = answer
        more = message.chunkState == image_service_pb2.MORE_CHUNKS
        if images:
            self._received_bytes += sum(map(len, images))
            yield Receiving(self._received_bytes, self._announced_bytes)
        for pieces in self._images.add(images, more):
            if self.pictures == self._allowance.pictures:
                raise Excess(f"sends more than {self.pictures} pictures for this request")
            scale_factor = message.scaleFactor or 1
            self._sliced = self._sliced or len(pieces) > 1
            self._unpacking.begin(self._picture(pieces, self.pictures, scale_factor))
            self.pictures += 1
        for pieces in self._audio.add(message.generatedAudio, more):
            if self._sounds == self._allowance.pictures:
                raise Excess(f"sends more than {self._sounds} sounds for this request")
            self._unpacking.begin(self._sound(pieces, self._sounds))
            self._sounds += 1

    async def _picture(
        self, pieces: list[Piece], index: int, scale_factor: int
    ) -> Picture | Placed | None:
        def made(array: np.ndarray) -> Picture | Placed:
            picture = Picture(array, index, scale_factor)
            return picture if self._receive is None else self._receive(picture)

        most_bytes = self._allowance.picture_bytes
        return await self._decode(pieces, "Picture", index + 1, most_bytes, made)

    async def _sound(self, pieces: list[Piece], index: int) -> Audio | None:
        async with self._one_sound:  # the limit is one of all sounds together
            left_bytes = self._allowance.sound_bytes - self._sound_bytes
            sound = await self._decode(
                pieces, "Sound", index + 1, left_bytes, lambda array: Audio(array, index)
            )
            if sound is not None:
                self._sound_bytes += sound.size_bytes
            return sound

    async def _decode(
        self,
        pieces: list[Piece],
        what: str,
        number: int,
        most_bytes: int,
        made: Callable[[np.ndarray], T],
    ) -> T | None:
        """Return what is made of a tensor's values, None for those that cannot be read."""
        try:
            return await in_stoppable_thread(lambda stop: made(_decoded(pieces, most_bytes, stop)))
        except BadTensor as error:
            told = BadTensor(f"{what} {number} cannot be read. {error.problem}", error.remedy)
            told.__cause__ = error
            self._damaged[what, number] = told
            return None
        except GenerationFailed as error:  # values that are no numbers
            self._damaged[what, number] = error
            return None


def _decoded(pieces: list[Piece], most_bytes: int, stop: Callable[[], bool]) -> np.ndarray:
    """Return the values of a tensor, a picture's with its batch; may block.

    Raises what `tensor.decode` raises, BadTensor where a piece came twice.
    """
    data = join(pieces)
    if len(pieces) > 1 and (surplus_bytes := tensor.surplus_bytes(data)):
        raise damaged(f"{surplus_bytes} bytes follow its values, so a piece came twice")
    pieces.clear()  # which are as large as the whole
    array = tensor.decode(data, limit_bytes=most_bytes, stop=stop)
    if public_guide.recognises(data) and array.ndim == 3:  # planes without a batch
        return np.moveaxis(array, 0, -1)[np.newaxis]
    return array


async def _read(call: Any) -> Any:
    try:
        return await settle(call, call.read())
    finally:
        del call  # as in `settle`


def _step(signpost: image_service_pb2.ImageGenerationSignpostProto, phase: Phase) -> int:
    return getattr(signpost, phase.value).step if phase in _STEPPED else 0


def _plan(message: Response) -> Plan:
    """Read the milestones of the job: a set without order, in which `step` is a total.

    See docs/protocol.md 9.1.
    """
    phases, totals = set(), {phase: 0 for phase in _STEPPED}
    for signpost in message.signposts:
        name = signpost.WhichOneof("signpost")
        if name is None:
            continue
        phase = Phase(name)
        phases.add(phase)
        if phase in totals:
            totals[phase] = _step(signpost, phase)
    return Plan(frozenset(phases), totals[Phase.SAMPLING], totals[Phase.SECOND_PASS_SAMPLING])
