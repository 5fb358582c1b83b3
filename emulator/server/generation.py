"""Plays one generation: a server's messages for it, in their order (docs/protocol.md 1.8, 9)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...proto import image_service_pb2 as pb2
from ..painting import audio, latents
from ..painting.pictures import Pictures
from ..understanding.effects import Effects
from ..understanding.plan import Plan, Route
from ..understanding.request import Request
from . import faults, replies


class Generation:
    """One job that is known not to crash; `messages` may be read once."""

    def __init__(
        self,
        request: Request,
        effects: Effects,
        plan: Plan,
        *,
        compress: bool = True,
        float32: bool = False,
        active: frozenset[str] = frozenset(),
    ) -> None:
        self._request = request
        self._effects = effects
        self._plan = plan
        self._compress = compress
        self._float32 = float32
        self._faults = active

    def messages(self) -> Iterator[pb2.ImageGenerationResponse]:
        """Yield progress, then results. Raises Interruption where a fault ends the stream."""
        yield from faults.spoil_messages(self._messages(), self._faults)

    def _messages(self) -> Iterator[pb2.ImageGenerationResponse]:
        route = self._plan.route
        if route is Route.NOTHING:
            yield from replies.results([], [], 1, chunked=self._request.chunked)
            return
        yield self._progress("textEncoded")
        pictures = Pictures(self._request, self._effects, self._plan)
        if route is not Route.RETURN:  # which goes to the post-processing without another word
            yield self._progress("imageEncoded")
            yield from self._sample(pictures)
            if self._plan.restores_faces:
                yield self._progress("faceRestored")
            if self._plan.upscales:
                yield self._progress("imageUpscaled")
        arrays = faults.spoil_pictures(pictures.results(), self._faults)
        images = [self._encode(array) for array in arrays]
        yield from replies.results(
            faults.damage(images, self._faults),
            list(self._sounds()) if images else [],
            self._plan.scale if images else 1,
            chunked=self._request.chunked,
        )

    def _sample(self, pictures: Pictures) -> Iterator[pb2.ImageGenerationResponse]:
        plan = self._plan
        total = self._request.config.steps
        count = plan.latent_frames if self._request.version.is_video else plan.batch
        stage = latents.Stage.FIRST if self._request.version.two_stages else latents.Stage.ONLY
        first = latents.Previews(
            self._request.version,
            pictures.first_pass_frames(count),
            plan.first_width,
            plan.first_height,
            self._seed,
            stage,
        )
        yield from self._pass("sampling", first, plan.start, plan.start + plan.steps)
        yield self._progress("imageDecoded")
        if not plan.second_steps:
            return
        yield self._progress("secondPassImageEncoded")
        if stage is latents.Stage.FIRST:
            stage, start, total = latents.Stage.SECOND, 0, plan.second_steps
        else:
            start = total - plan.second_steps
        second = latents.Previews(
            self._request.version,
            pictures.frames(count),
            plan.width,
            plan.height,
            self._seed + 1,
            stage,
        )
        yield from self._pass("secondPassSampling", second, start, total)
        yield self._progress("secondPassImageDecoded")

    @property
    def _seed(self) -> int:
        return self._request.config.seed

    def _pass(
        self, name: str, previews: latents.Previews, start: int, total: int
    ) -> Iterator[pb2.ImageGenerationResponse]:
        """Yield one message for the start and one after each step, some with a preview."""
        for step in range(start, total + 1):
            message = self._progress(name, step - start)
            shown = step % 2 == 1 or step > max(start, total // 2)
            if shown and start < step < total:
                done = (step - start) / (total - start)
                message.previewImage = self._encode(previews.at(done))
            yield message

    def _progress(self, name: str, step: int | None = None) -> pb2.ImageGenerationResponse:
        message = pb2.ImageGenerationResponse(signposts=self._plan.signposts)
        post = getattr(message.currentSignpost, name)
        post.SetInParent()
        if step is not None:
            post.step = step
        return message

    def _encode(self, array: np.ndarray) -> bytes:
        return replies.encode(array, compress=self._compress, float32=self._float32)

    def _sounds(self) -> Iterator[bytes]:
        if self._request.version.audio_rate and self._plan.route is not Route.RETURN:
            sound = audio.compose(self._request.version, self._plan.latent_frames, self._seed)
            yield replies.encode_audio(sound, compress=self._compress)
