"""The inputs that fuzzing starts from: those in the folder `corpus`, and what is made here.

A file of the folder is an input that was taken in a way of its own, or one that has found a fault.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from drawbridge.client.configuration import clipboard, wire
from drawbridge.client.configuration.fields import GenerationConfig, LoRA
from drawbridge.codec import public_guide, tensor
from drawbridge.codec.tensor import Codec
from drawbridge.proto import image_service_pb2 as pb2

from .targets import joined

FOLDER = Path(__file__).with_name("corpus")
Response = pb2.ImageGenerationResponse


def inputs(target: str) -> list[bytes]:
    """Return what a target starts from: what is made here, then the files in their order."""
    files = sorted((FOLDER / target).glob("*.bin"))
    return [*_MADE[target](), *(path.read_bytes() for path in files)]


def keep(folder: Path, target: str, data: bytes) -> Path:
    """Write an input into a folder such as FOLDER, under a name that follows from it."""
    path = folder / target / f"{hashlib.sha256(data).hexdigest()[:12]}.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _arrays() -> list[np.ndarray]:
    draw = np.random.default_rng(1)
    shapes = ((1, 8, 8, 3), (1, 8, 8, 4), (2, 4, 4, 16), (1, 4, 6, 1), (8, 8), (2, 100))
    kinds = (np.float16, np.float32, np.uint8, np.int32)
    found = [draw.random(shape).astype(np.float16) for shape in shapes]
    return found + [np.arange(24).reshape(1, 2, 4, 3).astype(kind) for kind in kinds]


def _tensors() -> list[bytes]:
    smooth = np.linspace(-1, 1, 16 * 16 * 3).reshape(1, 16, 16, 3).astype(np.float16)
    packed = [tensor.encode(smooth, codec) for codec in Codec]
    guide = public_guide.encode_picture(np.zeros((1, 8, 8, 3), np.float16))
    return [tensor.encode(one) for one in _arrays()] + [*packed, guide]


def _previews() -> list[bytes]:
    return [bytes([n]) + one for n, one in enumerate(_tensors())]


def _streams() -> list[bytes]:
    picture = tensor.encode(np.zeros((1, 8, 8, 3), np.float16))
    sound = tensor.encode(np.zeros((2, 20), np.float32))
    step = pb2.ImageGenerationSignpostProto(
        sampling=pb2.ImageGenerationSignpostProto.Sampling(step=2)
    )
    sliced = [
        Response(generatedImages=[picture[:100]], chunkState=pb2.MORE_CHUNKS),
        Response(generatedImages=[picture[100:]], chunkState=pb2.LAST_CHUNK),
    ]
    whole = [
        Response(currentSignpost=step, signposts=[step], previewImage=picture, tags=["a"]),
        Response(downloadSize=2 * len(picture)),
        Response(generatedImages=[picture], scaleFactor=1),
        Response(generatedAudio=[sound]),
        Response(remoteDownload=pb2.RemoteDownloadResponse(bytesReceived=1, bytesExpected=2)),
    ]
    streams = ([], whole, sliced, whole + sliced, sliced[:1])
    return [joined([one.SerializeToString() for one in stream]) for stream in streams]


_LIST = json.dumps(
    [
        {
            "file": "a_q8p.ckpt",
            "name": "A",
            "version": "v1",
            "default_scale": 8,
            "prefix": "",
            "upcast_attention": False,
            "modifier": "inpainting",
            "weight": {"value": 0.6, "lower_bound": -1.5, "upper_bound": 2.5},
            "keyword": "a",
            "scale_factor": 4,
            "length": 2,
            "type": "controlnet",
        },
        {"file": "b.ckpt"},
    ]
).encode()


def _echoes() -> list[bytes]:
    reply = pb2.EchoReply(message="HELLO", files=["a_q8p.ckpt"], serverIdentifier=7)
    reply.override.models = reply.override.loras = _LIST
    reply.thresholds.community = 1.5
    bare = pb2.EchoReply(message="HELLO")
    return [reply.SerializeToString(), bare.SerializeToString()]


_CONFIG = GenerationConfig(
    model="a_q8p.ckpt", loras=(LoRA("l.ckpt", 0.5),), start_width=512, start_height=768
)


def _texts() -> list[bytes]:
    text = clipboard.write(_CONFIG)
    given = ('{"steps": 20, "seed": -1}', '{"sampler": "Euler A", "loras": [{"file": "l"}]}', "[]")
    fenced = f"```json\n{text}\n```"
    return [one.encode() for one in (text, fenced, json.dumps(text), *given)]


def _bodies() -> list[bytes]:
    server = {"host": "127.0.0.1", "port": 7859, "transport": "plaintext", "certificate": ""}
    bodies = (
        {},
        {"server": {**server, "credential": ""}, "asked": True, "refresh": True},
        {"name": "studio", "secret": "s", "servers": ["127.0.0.1"], **server, "credential": ""},
        {"text": clipboard.write(_CONFIG), "widgets": {"steps": 4}, "model": "a", "version": "v1"},
        {"host": "127.0.0.1", "port": 7859, "address": "127.0.0.1:7859"},
    )
    return [bytes([n]) + json.dumps(body).encode() for n in range(13) for body in bodies]


_MADE = {
    "tensor": _tensors,
    "image": _tensors,
    "preview": _previews,
    "stream": _streams,
    "echo": _echoes,
    "catalog": lambda: [_LIST, b"[]", b""],
    "clipboard": _texts,
    "configuration": lambda: [wire.write(_CONFIG), wire.write(GenerationConfig())],
    "route": _bodies,
    "fpzip": _tensors,
}
