"""What a server sends too much of is stopped at its node and at the page's route, too."""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import numpy as np
import pytest
from standin.outcomes import assert_failed
from standin.stage import Stage, graph
from standin.validation import Prompt

from drawbridge.codec import tensor
from drawbridge.devtools import byte_server
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS
from drawbridge.proto import image_service_pb2 as pb2

Serve = Callable[..., Emulator]
Ask = Callable[..., Awaitable[Any]]
BOMB = b"\x12\x00" * (50 << 20)  # 100 MiB, of which gzip makes 100 kB
Response = pb2.ImageGenerationResponse


@pytest.fixture
def raw() -> Iterator[Callable[..., int]]:
    """Start servers that answer with bytes as they are given."""
    with byte_server.serving() as serve:
        yield serve


MODEL = next(spec for spec in MODELS if spec["version"] == "v1")
GREETING = pb2.EchoReply(message="HELLO", files=[str(MODEL["file"])])
GREETING.override.models = json.dumps([MODEL]).encode()
SHORT = GREETING.SerializeToString()


def _prompt(port: int) -> Prompt:
    return graph(port, model=str(MODEL["file"]), height=128)


def _picture(dims: tuple[int, ...], codec: tensor.Codec = tensor.Codec.DEFLATE) -> bytes:
    return tensor.encode(np.zeros(dims, np.float16), codec)


def test_greeting_of_100_mib_is_said_at_connect(
    raw: Callable[..., int], serve: Serve, stage: Stage
) -> None:
    outcome = stage.host.run(_prompt(raw(BOMB)))
    assert_failed(outcome, "connect", "ProtocolMismatch", "more than 16 MiB at once")
    assert stage.host.run(graph(serve().port)).status == "success"


async def test_greeting_of_100_mib_is_said_to_the_page(raw: Callable[..., int], ask: Ask) -> None:
    where = {"host": "127.0.0.1", "port": raw(BOMB), "transport": "plaintext"}
    told = await ask("server", server={**where, "certificate": "", "credential": ""}, asked=True)
    assert "more than 16 MiB at once" in repr(told)


@pytest.mark.parametrize(
    ("messages", "kind", "words"),
    [
        ([b"\x32\x00" * (8 << 20)], "ProtocolMismatch", "a message of more than 4,096 parts"),
        (
            itertools.repeat(Response(generatedImages=[_picture((1, 128, 128, 3))])),
            "ProtocolMismatch",
            "sends more than 10 pictures",
        ),
        (
            itertools.repeat(Response(generatedAudio=[_picture((2, 4))])),
            "ProtocolMismatch",
            "sends more than 10 sounds",
        ),
        (
            itertools.repeat(Response(generatedAudio=[_picture((2, 10 << 20))])),
            "BadTensor",
            "Sound 2 cannot be read",
        ),
        ([Response(generatedImages=[_picture((1, 8192, 8192, 3))])], "BadTensor", r"384\.0 MiB"),
    ],
    ids=["tags", "pictures", "sounds", "bytes of sounds", "a picture"],
)
def test_too_much_of_a_generation_is_said_at_generate(
    raw: Callable[..., int], serve: Serve, stage: Stage, messages: Any, kind: str, words: str
) -> None:
    told = (one if isinstance(one, bytes) else one.SerializeToString() for one in messages)
    assert_failed(stage.host.run(_prompt(raw(SHORT, stream=told))), "generate", kind, words)
    assert stage.pictures == []
    assert stage.host.run(graph(serve().port)).status == "success"


def test_preview_that_unpacks_to_512_mib_is_left_out(
    raw: Callable[..., int], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[int] = []
    original = tensor.decode

    def decode(data: bytes, limit_bytes: int = 1 << 30, **rest: Any) -> np.ndarray:
        limits.append(limit_bytes)
        return original(data, limit_bytes=limit_bytes, **rest)

    monkeypatch.setattr(tensor, "decode", decode)
    stream = [
        Response(previewImage=_picture((1, 8192, 8192, 4))),
        Response(generatedImages=[_picture((1, 128, 128, 3))]),
    ]
    outcome = stage.host.run(
        _prompt(raw(SHORT, stream=[one.SerializeToString() for one in stream]))
    )
    assert outcome.status == "success", outcome.exception_message
    assert {told["size"] for told in stage.told("preview", node="generate")} <= {(128, 128)}
    assert limits
    assert max(limits) < 64 << 20
