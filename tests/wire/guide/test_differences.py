"""Where the public guide differs from a server: each row of docs/guide.md, shown.

The emulator takes the server's part; strict, it says what a real one would do in silence.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from drawbridge.codec import image, public_guide, tensor
from drawbridge.devtools.emulator_requests import build_request
from drawbridge.devtools.guide_server import (
    CANNY,
    CONTENT,
    DEV,
    DEV_SPECIFICATION,
    EDIT,
    LCM,
    OWN_LORA,
    SCHNELL,
    SD15,
    SDXL,
)
from drawbridge.emulator.server.server import Emulator
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.generation_config_fbs import ControlT, LoRAT
from drawbridge.proto.service import ImageGenerationStub

Serve = Callable[..., Emulator]
PAGE = Path(__file__).resolve().parents[3] / "docs" / "guide.md"

MEADOW: dict[str, Any] = {"model": SD15, "startWidth": 2, "startHeight": 2}  # 128 x 128
XL: dict[str, Any] = {"model": SDXL, "startWidth": 2, "startHeight": 2}
HALF: dict[str, Any] = {**MEADOW, "strength": 0.5}
LARGE: dict[str, Any] = {**MEADOW, "startWidth": 14, "startHeight": 14, "steps": 2}  # 4.6 MiB
FLUX: dict[str, Any] = {"model": SCHNELL, "startWidth": 2, "startHeight": 2}
FLUX_DEV: dict[str, Any] = {**FLUX, "model": DEV}
EDITOR: dict[str, Any] = {**FLUX, "model": EDIT}


def photo(side: int = 128) -> np.ndarray:
    """Return a picture with a bright disc: float16 [1, side, side, 3], -1 to 1."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    picture = np.stack([np.full_like(x, 0.6), y / side - 0.6, 0.3 - x / side], axis=-1)
    picture[np.hypot(x - side / 2, y - side / 2) < side / 4] = (0.9, 0.9, -0.7)
    return picture.astype(np.float16)[None]


def square(low: int, high: int) -> np.ndarray:
    """Return a mask, uint8 [128, 128], with another value in its middle."""
    mask = np.full((128, 128), low, np.uint8)
    mask[40:88, 32:96] = high
    return mask


class Lab:
    """Servers of both kinds, and requests as a stranger would build them."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.lenient = serve(strict=False, compression=False)
        self.strict = serve()

    def messages(
        self, emulator: Emulator, message: dict[str, Any] | None = None, **settings: Any
    ) -> list[pb2.ImageGenerationResponse]:
        """Generate, and return every message."""
        request = build_request({"chunked": True, **(message or {})}, **settings)
        options = [("grpc.max_receive_message_length", -1)]
        with grpc.insecure_channel(emulator.address, options) as channel:
            return list(ImageGenerationStub(channel).GenerateImage(request, timeout=60))

    def show(self, message: dict[str, Any] | None = None, **settings: Any) -> list[np.ndarray]:
        """Return the pictures of a lenient server: [height, width, 3] each."""
        return _joined(self.messages(self.lenient, message, **settings))

    def accepts(self, message: dict[str, Any] | None = None, **settings: Any) -> None:
        """Demand that a strict server has no remark."""
        assert self.messages(self.strict, message, **settings)

    def objection(self, message: dict[str, Any] | None = None, **settings: Any) -> str:
        """Return why a strict server refuses."""
        with pytest.raises(grpc.RpcError) as caught:
            self.messages(self.strict, message, **settings)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        return caught.value.details() or ""

    def ask(self, emulator: Emulator, method: str, request: Any) -> Any:
        """Make a call of one question and one answer."""
        with grpc.insecure_channel(emulator.address) as channel:
            return getattr(ImageGenerationStub(channel), method)(request, timeout=30)

    def status(self, emulator: Emulator, method: str, request: Any) -> grpc.StatusCode:
        """Return the status of a call that fails, of any kind."""
        with grpc.insecure_channel(emulator.address) as channel:
            answer = getattr(ImageGenerationStub(channel), method)(request, timeout=30)
            with pytest.raises(grpc.RpcError) as caught:
                list(answer)
        return caught.value.code()


def _joined(messages: list[pb2.ImageGenerationResponse]) -> list[np.ndarray]:
    pictures, buffer = [], b""
    for message in messages:
        for data in message.generatedImages:
            buffer += data
            if message.chunkState == pb2.LAST_CHUNK:
                pictures.append(tensor.decode(buffer)[0])
                buffer = b""
    return pictures


@pytest.fixture
def lab(serve: Serve) -> Lab:
    return Lab(serve)


def given(data: bytes) -> dict[str, Any]:
    return {"image": data}


def override(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "override": pb2.MetadataOverride(
            **{kind: json.dumps(entries).encode() for kind, entries in lists.items()}
        )
    }


def hint(kind: str, array: np.ndarray) -> dict[str, Any]:
    row = pb2.TensorAndWeight(tensor=tensor.encode(array), weight=1)
    return {"hints": [pb2.HintProto(hintType=kind, tensors=[row])]}


# Pictures and masks


def tensor_header(lab: Lab) -> None:
    assert "crash" in lab.objection(given(public_guide.encode_picture(photo())), **HALF)
    ours = tensor.encode(photo())
    assert struct.unpack_from("<5I4i", ours) == (0, 1, 2, 0x20000, 0, 1, 128, 128, 3)
    lab.accepts(given(ours), **HALF)


def codec_identifiers(lab: Lab) -> None:
    ours = tensor.encode(photo())
    (without,) = lab.show(**HALF)
    (flagged,) = lab.show(given(struct.pack("<I", 3) + ours[4:]), **HALF)
    assert np.array_equal(flagged, without)  # cannot be read: as if there were no picture
    identifiers = [codec.value for codec in tensor.Codec]
    assert identifiers == [0, 0x217, 0xF7217]


def deflate_stream(lab: Lab) -> None:
    header = tensor.encode(photo(), tensor.Codec.DEFLATE)[:68]
    with_zlib_header = header + zlib.compress(photo().tobytes())
    assert "the image cannot be read" in lab.objection(given(with_zlib_header), **HALF)
    packer = zlib.compressobj(wbits=-15)
    lab.accepts(given(header + packer.compress(photo().tobytes()) + packer.flush()), **HALF)


def element_type(lab: Lab) -> None:
    for emulator, datatype in ((lab.lenient, 0x20000), (lab.serve(float32=True), 0x4000)):
        last = [one for one in lab.messages(emulator, **MEADOW) if one.generatedImages][-1]
        assert struct.unpack_from("<4I", last.generatedImages[0])[3] == datatype


def layout(lab: Lab) -> None:
    planes = np.ascontiguousarray(np.moveaxis(photo()[0], -1, 0))
    assert "[3, 128, 128] instead of [1, height, width, 3]" in lab.objection(
        given(tensor.encode(planes)), **HALF
    )
    assert lab.show(**MEADOW)[0].shape == (128, 128, 3)


def masked(array: np.ndarray) -> dict[str, Any]:
    return given(tensor.encode(photo())) | {"mask": tensor.encode(array)}


def mask_layout(lab: Lab) -> None:
    assert "a mask of shape [1, 128, 128]" in lab.objection(masked(square(3, 2)[None]), **MEADOW)
    lab.accepts(masked(square(3, 2)), **MEADOW)


def mask_values(lab: Lab) -> None:
    (plain,) = lab.show(given(tensor.encode(photo())), **HALF)
    assert np.array_equal(lab.show(masked(square(0, 255)), **HALF)[0], plain)
    (inpainted,) = lab.show(masked(square(3, 2)), **HALF, preserveOriginalAfterInpaint=True)
    assert np.array_equal(inpainted[:24], photo()[0][:24])
    assert not np.array_equal(inpainted[56:72], photo()[0][56:72])


def mask_datatype(lab: Lab) -> None:
    floating = square(3, 2).astype(np.float32)
    assert "the mask is of float32 instead of uint8, so it is misread" in lab.objection(
        masked(floating), **MEADOW
    )


def float_to_8_bit(lab: Lab) -> None:
    levels = np.arange(256, dtype=np.float32)
    wire = (levels * 2 / 255 - 1).astype(np.float16)
    truncated = ((wire.astype(np.float32) + 1) * 127.5).astype(np.uint8)
    assert (truncated != levels).any()
    (row,) = image.from_wire(np.broadcast_to(wire[None, None, :, None], (1, 1, 256, 3)).copy())
    assert np.array_equal((row.numpy() * 255).astype(np.uint8)[0, :, 0], levels.astype(np.uint8))


# Models, LoRAs, controls


def listed(lab: Lab, kind: str) -> list[dict[str, Any]]:
    reply = lab.ask(lab.lenient, "Echo", pb2.EchoRequest(name="x"))
    return json.loads(getattr(reply.override, kind))


def json_keys(lab: Lab) -> None:
    keys = {key for entry in listed(lab, "models") for key in entry}
    assert {"default_scale", "upcast_attention", "text_encoder"} <= keys
    assert not [key for key in keys if key.lower() != key]


def version_names(lab: Lab) -> None:
    entry = {**DEV_SPECIFICATION, "version": "sdxlBase"}
    assert "dropped" in lab.objection(override(models=[entry]), **FLUX_DEV)
    versions = {entry["version"] for entry in listed(lab, "models")}
    assert {"sdxl_base_v0.9", "flux1", "v1"} <= versions


def default_scale_of_flux(lab: Lab) -> None:
    scales = {entry["default_scale"] for entry in listed(lab, "models") if entry["file"] == SCHNELL}
    assert scales == {16}


def lora_specification(lab: Lab) -> None:
    short = {"file": LCM, "weight": 1.0, "version": "sdxl_base_v0.9"}
    assert "override.loras[0] has no 'name', so it is dropped" in lab.objection(
        override(loras=[short]), **XL
    )
    whole = [entry for entry in listed(lab, "loras") if entry["file"] == LCM]
    lab.accepts(override(loras=whole), **XL, loras=[LoRAT(file=LCM, weight=1.0)])


def applying_a_lora(lab: Lab) -> None:
    whole = [entry for entry in listed(lab, "loras") if entry["file"] == LCM]
    (plain,) = lab.show(**XL)
    assert np.array_equal(lab.show(override(loras=whole), **XL)[0], plain)
    (applied,) = lab.show(**XL, loras=[LoRAT(file=LCM, weight=1.0)])
    assert not np.array_equal(applied, plain)


def lora_weight(lab: Lab) -> None:
    (entry,) = (entry for entry in listed(lab, "loras") if entry["file"] == OWN_LORA)
    assert set(entry["weight"]) == {"value", "lower_bound", "upper_bound"}
    number = {**entry, "weight": 1.0}
    assert "'weight' of the wrong type" in lab.objection(override(loras=[number]), **XL)
    weak, strong = (lab.show(**XL, loras=[LoRAT(file=OWN_LORA, weight=w)])[0] for w in (0.2, 1.0))
    assert not np.array_equal(weak, strong)


def control_specification(lab: Lab) -> None:
    short = override(controlNets=[{"file": CANNY, "weight": 1.0}])
    assert "override.controlNets[0] has no 'global_average_pooling'" in lab.objection(
        short, **MEADOW
    )
    edges = hint("custom", photo())
    assert "read by nothing" in lab.objection(edges, **MEADOW)
    lab.accepts(edges, **MEADOW, controls=[ControlT(file=CANNY, weight=1.0)])


def hint_types(lab: Lab) -> None:
    settings: dict[str, Any] = {**MEADOW, "controls": [ControlT(file=CANNY, weight=1.0)]}
    assert lab.objection(hint("canny", photo()), **settings)
    (plain,) = lab.show(**MEADOW)
    assert np.array_equal(lab.show(hint("canny", photo()), **settings)[0], plain)
    assert not np.array_equal(lab.show(hint("custom", photo()), **settings)[0], plain)


def moodboard_on_plain_flux(lab: Lab) -> None:
    known = override(models=[DEV_SPECIFICATION])
    board = hint("shuffle", photo())
    assert "hint 'shuffle' is read by nothing" in lab.objection(known | board, **FLUX_DEV)
    lab.accepts(board, **EDITOR)


def flux_dev_without_specification(lab: Lab) -> None:
    assert "taken for version v1" in lab.objection(**FLUX_DEV)
    lab.accepts(override(models=[DEV_SPECIFICATION]), **FLUX_DEV)


# Settings


def size_in_blocks(lab: Lab) -> None:
    wide: dict[str, Any] = {**MEADOW, "startWidth": 3}
    assert lab.show(**wide)[0].shape == (128, 192, 3)
    assert "65536" in lab.objection(**{**wide, "startWidth": 1024})


def batch_count(lab: Lab) -> None:
    assert len(lab.show(**MEADOW, batchCount=3)) == 1
    assert len(lab.show(**MEADOW, batchSize=3)) == 3
    assert "batch_count 3" in lab.objection(**MEADOW, batchCount=3)


def guidance_of_schnell(lab: Lab) -> None:
    lab.accepts(**FLUX, guidanceScale=0.0)


def samplers(lab: Lab) -> None:
    for sampler in (0, 1, 6):
        assert "does not fit version flux1" in lab.objection(**FLUX, sampler=sampler)
        lab.accepts(**MEADOW, sampler=sampler)
    lab.accepts(**FLUX, sampler=17)


def defaults_left_out(lab: Lab) -> None:
    assert "steps is 0" in lab.objection(**MEADOW, steps=0)
    (returned,) = lab.show(given(tensor.encode(photo())), **MEADOW, strength=0.0)
    assert np.array_equal(returned, photo()[0])


def dropping_the_original(lab: Lab) -> None:
    given_both = masked(square(3, 2))
    first, second = (lab.show(given_both, **MEADOW, imagePriorSteps=n)[0] for n in (3, 9))
    assert np.array_equal(first, second)
    kept, dropped = (
        lab.show(given_both, **MEADOW, preserveOriginalAfterInpaint=flag)[0]
        for flag in (True, False)
    )
    assert np.array_equal(kept[:24], photo()[0][:24])
    assert not np.array_equal(dropped[:24], photo()[0][:24])


def edit_models(lab: Lab) -> None:
    assert "does not fit" in lab.objection(given(tensor.encode(photo())), **EDITOR, sampler=0)
    odd = given(tensor.encode(photo(100)))
    assert "no multiple of 64" in lab.objection(odd, **EDITOR, strength=0.75)
    lab.accepts(odd, **EDITOR, strength=1.0, sampler=17)


def image_size(lab: Lab) -> None:
    odd = given(tensor.encode(photo(100)))
    assert "no multiple of 64" in lab.objection(odd, **MEADOW, strength=0.75)
    assert lab.show(given(tensor.encode(photo(192))), **MEADOW, strength=0.75)[0].shape == (
        *(192, 192, 3),
    )


# The conversation


def chunks(lab: Lab) -> None:
    messages = [one for one in lab.messages(lab.lenient, **LARGE) if one.generatedImages]
    assert [one.chunkState for one in messages] == [pb2.MORE_CHUNKS, pb2.LAST_CHUNK]
    assert len(messages[0].generatedImages[0]) == 4 << 20
    assert _joined(messages)[0].shape == (896, 896, 3)
    assert len(messages[-1].generatedImages[0]) < 896 * 896 * 3 * 2  # what else would be left


def message_size(lab: Lab) -> None:
    request = build_request({"chunked": True}, **LARGE)
    assert lab.status(lab.lenient, "GenerateImage", request) is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert lab.show(**LARGE)


def wrong_secret(lab: Lab) -> None:
    emulator = lab.serve(secret="right")
    assert lab.ask(emulator, "Echo", pb2.EchoRequest(name="x")).sharedSecretMissing
    request = build_request({"sharedSecret": "wrong"}, **MEADOW)
    assert lab.status(emulator, "GenerateImage", request) is grpc.StatusCode.INTERNAL


def secret_in_each_request(lab: Lab) -> None:
    emulator = lab.serve(secret="right")
    asked = pb2.EchoRequest(name="x", sharedSecret="right")
    assert not lab.ask(emulator, "Echo", asked).sharedSecretMissing
    refused = lab.status(emulator, "GenerateImage", build_request(**MEADOW))
    assert refused is grpc.StatusCode.INTERNAL  # the greeting opened nothing
    assert lab.messages(emulator, {"sharedSecret": "right"}, **MEADOW)


def greeting_with_a_wrong_secret(lab: Lab) -> None:
    reply = lab.ask(
        *(lab.serve(secret="right"), "Echo"), pb2.EchoRequest(name="x", sharedSecret="wrong")
    )
    assert (reply.message, reply.serverIdentifier) == ("", 0)


def response_metadata(lab: Lab) -> None:
    assert not hasattr(lab.messages(lab.lenient, **MEADOW)[0], "_metadata")


def empty_result(lab: Lab) -> None:
    messages = lab.messages(lab.serve(faults=("no-pictures",)), **MEADOW)  # ends with status OK
    assert messages
    assert _joined(messages) == []


def _upload(data: bytes, sha256: bytes, piece_bytes: int) -> Iterator[pb2.FileUploadRequest]:
    init = pb2.InitUploadRequest(filename="new.ckpt", sha256=sha256, totalSize=len(data))
    yield pb2.FileUploadRequest(initRequest=init)
    for start in range(0, len(data), piece_bytes):
        chunk = pb2.FileChunk(content=data[start : start + piece_bytes], offset=start)
        yield pb2.FileUploadRequest(chunk=chunk)


def upload(lab: Lab) -> None:
    wrong = _upload(CONTENT, hashlib.sha256(b"other").digest(), 8)
    assert lab.status(lab.lenient, "UploadFile", wrong) is grpc.StatusCode.DATA_LOSS


def upload_chunk_size(lab: Lab) -> None:
    data = bytes(9 << 20)
    with grpc.insecure_channel(lab.lenient.address) as channel:
        pieces = _upload(data, hashlib.sha256(data).digest(), 4 << 20)
        answers = list(ImageGenerationStub(channel).UploadFile(pieces, timeout=30))
    assert [one.receivedOffset for one in answers] == [0, 4 << 20, 8 << 20, 9 << 20]


def model_lists(lab: Lab) -> None:
    reply = lab.ask(lab.serve(model_browser=False), "Echo", pb2.EchoRequest(name="x"))
    assert not reply.HasField("override")
    assert not reply.files


def model_is_complete(lab: Lab) -> None:
    folder = lab.lenient.options.models
    assert folder is not None
    entry = {**DEV_SPECIFICATION, "autoencoder": "absent_vae.ckpt"}
    (folder / "custom.json").write_text(json.dumps([entry]), encoding="utf-8")
    emulator = lab.serve()
    found = lab.ask(emulator, "FilesExist", pb2.FileListRequest(files=[DEV]))
    assert list(found.existences) == [True]
    reply = lab.ask(emulator, "Echo", pb2.EchoRequest(name="x"))
    assert DEV not in [entry["file"] for entry in json.loads(reply.override.models)]


def reflection(lab: Lab) -> None:
    with grpc.insecure_channel(lab.lenient.address) as channel:
        ask = channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        )
        with pytest.raises(grpc.RpcError) as caught:
            list(ask(iter([b""]), timeout=30))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def tls_names(lab: Lab) -> None:
    emulator = lab.serve(tls=True)
    credentials = grpc.ssl_channel_credentials(emulator.certificate)

    def greet(*names: tuple[str, str]) -> str:
        with grpc.secure_channel(emulator.address, credentials, list(names)) as channel:
            return ImageGenerationStub(channel).Echo(pb2.EchoRequest(name="x"), timeout=30).message

    with pytest.raises(grpc.RpcError):
        greet(("grpc.ssl_target_name_override", "mac.example"))
    assert greet(("grpc.ssl_target_name_override", "localhost")) == "HELLO x"


def pubkey_and_hours(lab: Lab) -> None:
    assert lab.ask(lab.lenient, "Pubkey", pb2.PubkeyRequest()) == pb2.PubkeyResponse()
    assert lab.ask(lab.lenient, "Hours", pb2.HoursRequest()) == pb2.HoursResponse()


def contents_and_hashes(lab: Lab) -> None:
    data = tensor.encode(photo())
    by_hash = {"image": hashlib.sha256(data).digest(), "contents": [data]}
    assert np.array_equal(lab.show(by_hash, **HALF)[0], lab.show(given(data), **HALF)[0])


def byte_order(lab: Lab) -> None:
    last = [one for one in lab.messages(lab.lenient, **MEADOW) if one.generatedImages][-1]
    assert struct.unpack_from("<12i", last.generatedImages[0], 20)[:5] == (1, 128, 128, 3, 0)


# The first cell of each row in docs/guide.md, and what shows it.
ROWS: dict[str, Callable[[Lab], None]] = {
    "Header of a tensor": tensor_header,
    "Codec": codec_identifiers,
    "Deflate": deflate_stream,
    "Element type": element_type,
    "Layout of a picture": layout,
    "Layout of a mask": mask_layout,
    "Values of a mask": mask_values,
    "Type of a mask": mask_datatype,
    "To 8 bits": float_to_8_bit,
    "Byte order": byte_order,
    "JSON keys": json_keys,
    "Version names": version_names,
    "`default_scale` of FLUX": default_scale_of_flux,
    "FLUX.1 dev": flux_dev_without_specification,
    "Specification of a LoRA": lora_specification,
    "Applying a LoRA": applying_a_lora,
    "Weight of a LoRA": lora_weight,
    "Specification of a control": control_specification,
    "Hint types": hint_types,
    "Moodboard": moodboard_on_plain_flux,
    "Is a model there?": model_is_complete,
    "Width and height": size_in_blocks,
    "Batch count": batch_count,
    "Guidance of schnell": guidance_of_schnell,
    "Samplers": samplers,
    "Fields left out": defaults_left_out,
    "Dropping the original": dropping_the_original,
    "Edit models": edit_models,
    "Size of the image": image_size,
    "Pieces of a picture": chunks,
    "Size of a message": message_size,
    "Where the secret goes": secret_in_each_request,
    "Wrong secret": wrong_secret,
    "Echo with a secret": greeting_with_a_wrong_secret,
    "Errors of a stream": response_metadata,
    "No picture": empty_result,
    "Upload": upload,
    "Pieces of an upload": upload_chunk_size,
    "What a server has": model_lists,
    "Reflection": reflection,
    "TLS": tls_names,
    "Pubkey and Hours": pubkey_and_hours,
    "Contents": contents_and_hashes,
}
# What only an app on a Mac could show.
UNSHOWN = {"Bridge mode"}


@pytest.mark.parametrize("row", ROWS)
def test_server_differs_from_the_guide_as_the_page_says(lab: Lab, row: str) -> None:
    ROWS[row](lab)


def test_every_row_of_the_page_is_shown() -> None:
    text = PAGE.read_text(encoding="utf-8")
    cells = re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE)
    assert len(cells) == len(set(cells))
    assert set(cells) == {*ROWS, *UNSHOWN}
