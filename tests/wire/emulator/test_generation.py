"""GenerateImage through a real channel: progress, previews, pictures, statuses."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable

import grpc
import numpy as np
import pytest

from drawbridge.codec import tensor
from drawbridge.emulator.server.faults import DESCRIPTIONS
from drawbridge.emulator.server.replies import SLICE_BYTES
from drawbridge.emulator.stock import entries
from drawbridge.emulator.stock.models import MODELS
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.generation_config_fbs import LoRAT
from drawbridge.proto.service import ImageGenerationStub

RAW, FPZIP = 0, 0xF7217


def assemble(messages: list[pb2.ImageGenerationResponse]) -> list[bytes]:
    """Return the images' bytes, put together by the rule of the protocol."""
    images, buffer = [], b""
    for message in messages:
        for piece in message.generatedImages:
            buffer += piece
            if message.chunkState == pb2.LAST_CHUNK:
                images.append(buffer)
                buffer = b""
    assert buffer == b""
    return images


def milestones(messages: list[pb2.ImageGenerationResponse]) -> list[str]:
    posts = []
    for message in messages:
        name = message.currentSignpost.WhichOneof("signpost")
        if name:
            step = getattr(getattr(message.currentSignpost, name), "step", None)
            posts.append(name if step is None else f"{name} {step}")
    return posts


def identifier(data: bytes) -> int:
    return struct.unpack_from("<I", data)[0]


def fails(
    stub: ImageGenerationStub, request: pb2.ImageGenerationRequest
) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as error:
        list(stub.GenerateImage(request))
    return error.value.code(), error.value.details() or ""


def test_text_to_image_tells_every_step_and_gives_one_picture(
    emulate: Callable, connect: Callable, ask: Callable
):
    emulator = emulate()
    messages = list(connect(emulator).GenerateImage(ask()))
    assert milestones(messages) == [
        "textEncoded",
        "imageEncoded",
        *(f"sampling {step}" for step in range(9)),
        "imageDecoded",
    ]
    planned = [message.signposts for message in messages if message.signposts]
    assert len(planned) == 12
    assert all(plan == planned[0] for plan in planned)
    assert {post.sampling.step for post in planned[0] if post.HasField("sampling")} == {8}
    size, result = messages[-2:]
    (data,) = result.generatedImages
    assert size == pb2.ImageGenerationResponse(downloadSize=len(data))
    assert (result.scaleFactor, result.chunkState) == (1, pb2.LAST_CHUNK)
    picture = tensor.decode(data)
    assert (picture.shape, picture.dtype) == ((1, 64, 128, 3), np.float16)
    assert emulator.journal.wait_for_event("finished")["messages"] == len(messages)


def test_previews_come_with_odd_and_late_steps_only(
    emulate: Callable, connect: Callable, ask: Callable
):
    messages = list(connect(emulate()).GenerateImage(ask(steps=10)))
    shown = [message.currentSignpost.sampling.step for message in messages if message.previewImage]
    assert shown == [1, 3, 5, 6, 7, 8, 9]


def test_previews_are_packed_where_it_pays(emulate: Callable, connect: Callable, ask: Callable):
    messages = list(connect(emulate()).GenerateImage(ask(startWidth=4, startHeight=4, steps=20)))
    codecs = [identifier(message.previewImage) for message in messages if message.previewImage]
    assert codecs == sorted(codecs)  # raw while it is noise, packed from some step on
    assert set(codecs) == {RAW, FPZIP}


@pytest.mark.parametrize("entry", MODELS, ids=lambda entry: entry["file"])
def test_every_model_gives_what_its_version_gives(
    emulate: Callable, connect: Callable, ask: Callable, entry: dict
):
    image = tensor.encode(np.zeros((1, 64, 64, 3), np.float16))
    needs_image = entry["version"].startswith(("svd", "seedvr2", "longcat"))
    message = {"image": image if needs_image else None}
    messages = list(
        connect(emulate()).GenerateImage(
            ask(
                message,
                model=entry["file"],
                startWidth=1,
                startHeight=1,
                steps=4,
                numFrames=9,
                batchSize=2,
            )
        )
    )
    images = [tensor.decode(data) for data in assemble(messages)]
    videos = ("svd", "hunyuan", "wan", "ltx", "longcat", "minimax_h3")
    video = entry["version"].startswith(videos)
    assert len(images) == (9 if video else 1 if entry["version"].startswith("seedvr2") else 2)
    layered = entry.get("modifier") == "qwenimage_layered"
    channels = 4 if layered or entry["version"] == "qwen_image_2.1" else 3
    assert {image.shape for image in images} == {(1, 64, 64, channels)}
    assert len({image.tobytes() for image in images}) == len(images)
    sound = [piece for message in messages for piece in message.generatedAudio]
    assert len(sound) == entry["version"].startswith(("ltx", "minimax_h3"))
    assert any(message.previewImage for message in messages)


@pytest.mark.parametrize("model", ["brook_i2v_xt_1.1_q6p_q8p.ckpt", "sharpen_vr_3b_q8p.ckpt"])
def test_model_that_needs_a_picture_ends_well_without_one(
    emulate: Callable, connect: Callable, ask: Callable, model: str
):
    messages = list(connect(emulate()).GenerateImage(ask(model=model)))
    assert messages == [pb2.ImageGenerationResponse(scaleFactor=1)]


def test_batch_starts_with_the_picture_of_a_single_one(
    emulate: Callable, connect: Callable, ask: Callable
):
    stub = connect(emulate())
    (single,) = assemble(list(stub.GenerateImage(ask())))
    several = assemble(list(stub.GenerateImage(ask(batchSize=3))))
    assert several[0] == single
    assert len(set(several)) == 3


def test_large_pictures_come_in_slices_only_if_asked(
    emulate: Callable, connect: Callable, ask: Callable
):
    stub = connect(emulate(compression=False))
    settings = {"startWidth": 14, "startHeight": 14, "steps": 2}
    whole = list(stub.GenerateImage(ask(**settings)))
    sliced = list(stub.GenerateImage(ask({"chunked": True}, **settings)))
    size = 896 * 896 * 3 * 2 + 68
    assert [len(data) for message in whole for data in message.generatedImages] == [size]
    pieces = [message for message in sliced if message.generatedImages]
    assert [len(message.generatedImages[0]) for message in pieces] == [
        SLICE_BYTES,
        size - SLICE_BYTES,
    ]
    assert [message.chunkState for message in pieces] == [pb2.MORE_CHUNKS, pb2.LAST_CHUNK]
    assert assemble(whole) == assemble(sliced)


@pytest.mark.parametrize(
    ("options", "codec", "datatype"),
    [
        ({}, FPZIP, 0x20000),
        ({"compression": False}, RAW, 0x20000),
        ({"float32": True}, FPZIP, 0x4000),
        ({"float32": True, "compression": False}, RAW, 0x4000),
    ],
)
def test_pictures_come_in_the_codec_and_type_of_the_server(
    emulate: Callable, connect: Callable, ask: Callable, options: dict, codec: int, datatype: int
):
    (data,) = assemble(list(connect(emulate(**options)).GenerateImage(ask())))
    assert struct.unpack_from("<4I", data) == (codec, 1, 2, datatype)


def test_upscaler_enlarges_and_says_by_how_much(
    emulate: Callable, connect: Callable, ask: Callable
):
    messages = list(connect(emulate()).GenerateImage(ask(upscaler="realesrgan_x2plus_f16.ckpt")))
    assert "imageUpscaled" in milestones(messages)
    assert messages[-1].scaleFactor == 2
    assert tensor.decode(messages[-1].generatedImages[0]).shape == (1, 128, 256, 3)


def test_transparent_lora_gives_alpha_before_the_colours(
    emulate: Callable, connect: Callable, ask: Callable
):
    loras = [LoRAT(file="glass_xl_transparent_lora_f16.ckpt")]
    request = ask(model="sd_xl_base_1.0_q6p_q8p.ckpt", loras=loras)
    (data,) = assemble(list(connect(emulate(strict=True)).GenerateImage(request)))
    picture = tensor.decode(data)
    assert picture.shape == (1, 64, 128, 4)
    alpha, colours = picture[..., 0], picture[..., 1:]
    assert (alpha.min(), alpha.max()) == (0, 1)
    assert colours.min() < 0


@pytest.mark.parametrize("model", ["fjord_1_quick_q8p.ckpt", "larch_2.3_22b_dev_q6p.ckpt"])
def test_strength_zero_gives_the_image_back(
    emulate: Callable, connect: Callable, ask: Callable, model: str
):
    image = np.linspace(-1, 1, 64 * 64 * 3).reshape(1, 64, 64, 3).astype(np.float16)
    messages = list(
        connect(emulate()).GenerateImage(
            ask({"image": tensor.encode(image)}, strength=0.0, model=model)
        )
    )
    assert milestones(messages) == ["textEncoded"]
    (data,) = assemble(messages)
    assert np.array_equal(tensor.decode(data), image)


def test_hires_fix_tells_both_passes(emulate: Callable, connect: Callable, ask: Callable):
    messages = list(
        connect(emulate()).GenerateImage(
            ask(
                startWidth=4,
                startHeight=4,
                hiresFix=True,
                hiresFixStartWidth=2,
                hiresFixStartHeight=2,
                hiresFixStrength=0.5,
                steps=4,
                sampler=16,
                resolutionDependentShift=False,
            )
        )
    )
    posts = Counter(post.partition(" ")[0] for post in milestones(messages))
    assert (posts["sampling"], posts["secondPassSampling"]) == (5, 3)
    sides = [
        tensor.decode(message.previewImage).shape[1] for message in messages if message.previewImage
    ]
    assert sides == [16, 16, 32]


def test_unknown_model_is_the_first_one_that_every_server_knows(
    emulate: Callable, connect: Callable, ask: Callable
):
    messages = list(connect(emulate()).GenerateImage(ask(model="absent.ckpt", numFrames=9)))
    assert sum(len(message.generatedImages) for message in messages) == 9
    assert any(message.generatedAudio for message in messages)
    status, details = fails(connect(emulate(strict=True)), ask(model="absent.ckpt"))
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert "'ltx_2.3_22b_distilled_1.1_q8p.ckpt' is used instead" in details


def test_cut_deflate_stream_hangs_the_queue_while_echo_answers(
    emulate: Callable, connect: Callable, ask: Callable
):
    packed = tensor.encode(np.zeros((1, 64, 128, 3), np.float16), tensor.Codec.DEFLATE)
    emulator = emulate()
    stub = connect(emulator)
    hanging = stub.GenerateImage(ask({"image": packed[: len(packed) // 2]}))
    emulator.journal.wait_for_event("crash")
    waiting = stub.GenerateImage(ask())
    emulator.journal.wait_for_event("queued", generation=2)
    assert stub.Echo(pb2.EchoRequest(name="Ada"), timeout=30).message == "HELLO Ada"
    assert emulator.journal.events("started", generation=2) == []
    hanging.cancel()  # a real server would not come back even so
    assert len([m for m in waiting if m.generatedImages]) == 1


def test_model_without_specification_is_taken_for_version_1(
    emulate: Callable, connect: Callable, ask: Callable
):
    messages = list(connect(emulate()).GenerateImage(ask(model=entries.UNSPECIFIED_MODEL)))
    (last,) = [message for message in messages if message.currentSignpost.sampling.step == 7]
    assert tensor.decode(last.previewImage).shape == (1, 8, 16, 4)


def test_crash_looks_like_a_dead_server_unless_strict(
    emulate: Callable, connect: Callable, ask: Callable
):
    bad = ask({"configuration": b""})
    assert fails(connect(emulate()), bad)[0] is grpc.StatusCode.UNAVAILABLE
    status, details = fails(connect(emulate(strict=True)), bad)
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith("A real server would crash: configuration is no Generation")


def test_strict_refuses_what_would_be_ignored_with_every_reason(
    emulate: Callable, connect: Callable, ask: Callable
):
    settings = {"batchCount": 3, "sampler": 1}
    assert len(assemble(list(connect(emulate()).GenerateImage(ask(**settings))))) == 1
    status, details = fails(connect(emulate(strict=True)), ask(**settings))
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert "batch_count 3" in details
    assert "sampler 1" in details


def test_journal_holds_the_request_in_plain_words(
    emulate: Callable, connect: Callable, ask: Callable
):
    emulator = emulate()
    image = tensor.encode(np.zeros((1, 64, 64, 3), np.float16))
    list(connect(emulator).GenerateImage(ask({"image": image, "prompt": "ein See"}, seed=77)))
    (call,) = emulator.journal.events("call", rpc="GenerateImage")
    request = call["request"]
    assert request["prompt"] == "ein See"
    assert request["configuration"]["seed"] == 77
    assert request["configuration"]["start_width"] == 2
    assert request["image"]["shape"] == [1, 64, 64, 3]
    steps = [entry["step"] for entry in emulator.journal.events("step", generation=1)]
    assert steps == list(range(9))


@pytest.mark.parametrize(
    "fault", [name for name in DESCRIPTIONS if name not in ("silent", "slow-echo")]
)
def test_fault_shows_once_and_then_all_is_well(
    emulate: Callable, connect: Callable, ask: Callable, fault: str
):
    emulator = emulate()
    stub = connect(emulator)
    request = ask({"chunked": True}, batchSize=2)
    sound = list(stub.GenerateImage(request))
    emulator.faults = (f"{fault}:1",)
    messages: list[pb2.ImageGenerationResponse] = []
    status = grpc.StatusCode.OK
    try:
        messages.extend(stub.GenerateImage(request))
    except grpc.RpcError as error:
        status = error.code()
    images = [data for message in messages for data in message.generatedImages]
    healthy = [data for message in sound for data in message.generatedImages]
    match fault:
        case "die-mid-stream":
            assert status is grpc.StatusCode.UNAVAILABLE
        case "internal-error":
            assert status is grpc.StatusCode.INTERNAL
        case "cancel-status":
            assert status is grpc.StatusCode.CANCELLED
        case "no-pictures":
            assert messages[-1] == pb2.ImageGenerationResponse(scaleFactor=1)
        case "short-batch" | "missing-last-chunk":
            assert images == healthy[:1]
        case "truncated-picture":
            assert healthy[0].startswith(images[0])
            assert images[1] == healthy[1]
        case "damaged-picture":
            assert images[0][:100] == healthy[0][:100]
            assert len(images[0]) == len(healthy[0])
            assert images[0] != healthy[0]
        case "nan-pixels":
            assert np.isnan(tensor.decode(images[0]).astype(np.float32)).any()
        case "heartbeats":
            assert pb2.ImageGenerationResponse() in messages
            assert images == healthy
        case "remote-download":
            assert (
                messages[0].remoteDownload.bytesExpected > messages[0].remoteDownload.bytesReceived
            )
        case "bad-preview":
            previews = [message.previewImage for message in messages if message.previewImage]
            assert set(previews) == {b"\x07" * 100}
        case "wrong-preview-channels":
            previews = [message.previewImage for message in messages if message.previewImage]
            assert tensor.decode(previews[0]).shape[-1] == 5
        case _:
            pytest.fail(f"nothing is known about {fault}")
    assert [
        data for message in stub.GenerateImage(request) for data in message.generatedImages
    ] == healthy
