"""What is asked of a server, as the message that carries it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...codec import public_guide
from ...codec.tensor import Codec, encode
from ...errors import RequestRejected
from ...facts import modifiers, versions
from ...proto import image_service_pb2
from ..catalog import lookup
from ..catalog.records import Catalog, missing_keys
from ..configuration.fields import GenerationConfig
from ..connection.endpoint import TensorForm
from . import checks


@dataclass(frozen=True, eq=False)
class WeightedTensor:
    """A hint's picture; only `shuffle` hints read the weight."""

    array: np.ndarray
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Hint:
    """Pictures of one hint type; shapes and ranges by type are in docs/protocol.md 4.4."""

    type: str
    tensors: tuple[WeightedTensor, ...]


@dataclass(frozen=True, eq=False)
class GenerationRequest:
    """Everything about one generation.

    `image` is floating [1, height, width, 3], -1..1; `mask` uint8 [height, width] of mask kinds 0
    to 4. `override` holds the specifications of exactly the files that are used: the server takes
    them for its own. `model_version` says the model's version where the override has no
    specification of it; without either, what depends on it is not checked.
    """

    prompt: str
    config: GenerationConfig
    negative_prompt: str = ""
    override: Catalog = field(default_factory=Catalog)
    image: np.ndarray | None = None
    mask: np.ndarray | None = None
    hints: tuple[Hint, ...] = ()
    keywords: tuple[str, ...] = ()
    model_version: str = ""

    @property
    def version(self) -> str:
        """Return the model's version, "" where it is not known."""
        spec = self.override.model(self.config.model)
        return self.model_version or (spec.version if spec else "")

    @property
    def modifier(self) -> str:
        """Return the effective modifier, "none" where there is none (docs/protocol.md 4.6)."""
        return lookup.modifier(self.config, self.override)

    @property
    def least_pictures(self) -> int:
        """Return the fewest pictures of a complete answer (docs/protocol.md 1.8, 4.2, 5.1)."""
        known = versions.find(self.version)
        if known is not None and (known.is_video or known.single):
            return 1
        if modifiers.find(self.modifier).layered:
            return 1  # batch_size counts layers
        if self.image is not None and self.mask is None and self.config.strength == 0:
            return 1  # nothing is sampled: the image comes back
        return self.config.batch_size

    @property
    def ignores_image(self) -> bool:
        """Whether a server would not look at the image there is (docs/protocol.md 4.2, 4.6)."""
        known = versions.find(self.version)
        return (
            self.image is not None
            and self.config.strength == 1
            and self.mask is None
            and self.modifier == "none"
            and not self.config.controls
            and not (known and known.needs_image)
        )

    def check(self) -> None:
        """Raise RequestRejected for what crashes a server or what it ignores in silence."""
        self.config.check()
        checks.check(self)
        for kind in ("models", "loras", "controls", "textual_inversions", "upscalers"):
            for spec in getattr(self.override, kind):
                missing = missing_keys(kind, spec.raw)
                if missing:
                    raise RequestRejected(
                        f"The specification of {spec.file} lacks {', '.join(missing)}; a server"
                        " would drop it.",
                        "Complete it, or take the server's own.",
                    )

    def to_message(
        self,
        *,
        codec: Codec = Codec.DEFLATE,
        form: TensorForm = TensorForm.SERVER,
        user: str = "Drawbridge",
        secret: str | None = None,
    ) -> image_service_pb2.ImageGenerationRequest:
        """Return the message after `check`; pictures are packed with `codec`, never fpzip.

        Pictures travel once each in `contents` and by hash elsewhere (docs/protocol.md 2).
        """
        self.check()
        contents: dict[bytes, bytes] = {}

        def put(array: np.ndarray) -> bytes:
            data = _guide(array) if form is TensorForm.GUIDE else encode(array, codec)
            key = hashlib.sha256(data).digest()
            contents[key] = data
            return key

        message = image_service_pb2.ImageGenerationRequest(
            scaleFactor=1,  # 0, the wire's default, crashes a server
            prompt=_text("prompt", self.prompt),
            negativePrompt=_text("negative prompt", self.negative_prompt),
            configuration=self.config.to_bytes(),
            keywords=self.keywords,
            user=user,
            device=image_service_pb2.LAPTOP,
            chunked=True,
            override=_override(self.override),
        )
        if secret is not None:
            message.sharedSecret = secret
        if self.image is not None:
            message.image = put(self.image)
        if self.mask is not None:
            message.mask = put(self.mask)
        for hint in self.hints:
            message.hints.append(
                image_service_pb2.HintProto(
                    hintType=hint.type,
                    tensors=[
                        image_service_pb2.TensorAndWeight(tensor=put(t.array), weight=t.weight)
                        for t in hint.tensors
                    ],
                )
            )
        message.contents.extend(contents.values())
        return message


def _guide(array: np.ndarray) -> bytes:
    return (
        public_guide.encode_mask(array) if array.ndim == 2 else public_guide.encode_picture(array)
    )


def _override(catalog: Catalog) -> image_service_pb2.MetadataOverride:
    return image_service_pb2.MetadataOverride(
        models=_array([spec.raw for spec in catalog.models]),
        loras=_array([spec.raw for spec in catalog.loras]),
        controlNets=_array([spec.raw for spec in catalog.controls]),
        textualInversions=_array([spec.raw for spec in catalog.textual_inversions]),
        upscalers=_array([spec.raw for spec in catalog.upscalers]),
    )


def _array(elements: Sequence[str]) -> bytes:
    """Return a JSON array of the objects as they came; nothing where there are none."""
    return f"[{','.join(elements)}]".encode() if elements else b""


def _text(name: str, value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise RequestRejected(
            f"The {name} has characters that are not text.", f"Type the {name} anew."
        ) from None
    return value
