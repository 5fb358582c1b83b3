"""Every recorded request, sent to the emulator: what a real server answered is what it answers."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest

from drawbridge.devtools.recordings import make_full, make_small, recording
from drawbridge.emulator.server.server import Emulator, Options
from drawbridge.proto import image_service_pb2 as pb2

ROWS: list[dict[str, Any]] = recording("index")
RESPONSES = {
    "Echo": pb2.EchoReply,
    "FilesExist": pb2.FileExistenceResponse,
    "GenerateImage": pb2.ImageGenerationResponse,
    "Hours": pb2.HoursResponse,
    "Pubkey": pb2.PubkeyResponse,
    "UploadFile": pb2.UploadResponse,
}
FLAGS = {
    "--no-tls": {},
    "--model-browser": {"model_browser": True},
    "--no-response-compression": {"compression": False},
    "--shared-secret": {"secret": "open sesame"},
}
_DEADLINE_SECONDS = 60.0

# What differs on purpose, and why.
OTHER_MODEL = (
    "the model is not there, so the first built-in one makes a clip with sound; the recorded "
    "stand-in for a generator makes one picture whatever the model is"
)
NO_GENERATOR = "the recorded stand-in for a generator was told to give nothing, without a word"
MASKED = (
    "an area of the mask starts from noise or not, which says how many steps are sampled; the "
    "recorded stand-in for a generator samples every step"
)
DIES = "the generator behind the service ends the process on it; the recorded stand-in does not"
INSIDE = "the emulator tells nothing about files outside of its folder"
DIFFERENT = {
    **dict.fromkeys(
        [row["name"] for row in ROWS if row["name"].startswith("odd_") and row["status"] == "OK"],
        OTHER_MODEL,
    ),
    **dict.fromkeys(("secret_right_generate", "generate_all_fields"), OTHER_MODEL),
    **dict.fromkeys(("generate_image_mask_raw", "generate_image_mask_deflate"), MASKED),
    "generate_empty_result": NO_GENERATOR,
    "odd_mask_3_dims": DIES,
    "files_exist": INSIDE,
}


class Servers:
    """One emulator for each set of flags and folder, as the conversations were recorded."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self._root = root
        self._stack = stack
        self._running: dict[tuple[str, ...], Emulator] = {}

    def of(self, row: dict[str, Any]) -> Emulator:
        """Return the emulator of a conversation, started if need be."""
        key = (row["models"], *row["flags"])
        if key not in self._running:
            self._running[key] = self._start(row)
        return self._running[key]

    def _start(self, row: dict[str, Any]) -> Emulator:
        folder = self._root / f"{row['models']}{len(self._running)}"
        folder.mkdir()
        {"small": make_small, "full": make_full, "up": lambda folder: folder}[row["models"]](folder)
        chosen: dict[str, Any] = {"model_browser": False}
        for flag in row["flags"]:
            chosen |= FLAGS.get(flag, {})
        return self._stack.enter_context(Emulator(Options(models=folder, **chosen)))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(tmp_path_factory.mktemp("models"), stack)


def _ask(
    emulator: Emulator, recorded: dict[str, Any], seconds: float
) -> tuple[list[bytes], str, str]:
    """Send the recorded requests over a connection of their own; return the answers, the status and
    its details.
    """
    path = recorded["rpc"]
    path = path if path.startswith("/") else f"/ImageGenerationService/{path}"
    requests = [b64decode(request) for request in recorded["requests"]]
    options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    answers: list[bytes] = []
    with grpc.insecure_channel(emulator.address, options=options) as channel:
        call = channel.stream_stream(path)(iter(requests), timeout=seconds, wait_for_ready=True)
        with suppress(grpc.RpcError):
            answers.extend(call)
        return answers, call.code().name, call.details()


def _parts(recorded: dict[str, Any]) -> list[Any]:
    """Return the recorded answers, of the long ones their beginning."""
    kind = RESPONSES.get(recorded["rpc"])
    parts = []
    for response in recorded["responses"]:
        if isinstance(response, dict):
            parts.append(response)
        else:
            assert kind is not None
            parts.append(kind.FromString(b64decode(response)))
    return parts


@pytest.mark.parametrize("name", [row["name"] for row in ROWS])
@pytest.mark.xdist_group("conversations")  # uploads follow one another
def test_conversation_goes_as_recorded(servers: Servers, name: str) -> None:
    recorded = recording(name)
    emulator = servers.of(recorded)
    if DIFFERENT.get(name) == NO_GENERATOR:
        emulator.faults = ["no-pictures:1"]
    hangs = recorded["status"] == "DEADLINE_EXCEEDED"
    seen = len(emulator.journal.events("crash"))
    answers, status, details = _ask(emulator, recorded, 2.0 if hangs else _DEADLINE_SECONDS)
    if recorded.get("process_died") or DIFFERENT.get(name) == DIES:
        assert status == "UNAVAILABLE"
        assert answers == []
        assert len(emulator.journal.events("crash")) == seen + 1  # and it says so
        return
    assert status == recorded["status"]
    if not hangs:  # whose words are the client's own
        assert details == recorded["details"]
    mine = [RESPONSES[recorded["rpc"]].FromString(answer) for answer in answers]
    if "reply" in recorded:  # too long to be kept as it came
        _compare_catalogue(mine, recorded["reply"])
        return
    theirs = _parts(recorded)
    if not theirs:
        assert mine == []
        return
    compare = {
        "Echo": _compare_echo,
        "FilesExist": _compare_files,
        "GenerateImage": _compare_generation,
    }.get(recorded["rpc"], _compare_whole)
    compare(name, mine, theirs)


def _compare_whole(name: str, mine: list[Any], theirs: list[Any]) -> None:
    assert name not in DIFFERENT
    assert mine == theirs


def _compare_files(name: str, mine: list[Any], theirs: list[Any]) -> None:
    [answer], [other] = mine, theirs
    if DIFFERENT.get(name) == INSIDE:
        outside = [index for index, file in enumerate(other.files) if file.startswith("../")]
        for index in outside:
            assert other.existences[index]
            other.existences[index] = False
    assert answer == other


def _compare_echo(name: str, mine: list[Any], theirs: list[Any]) -> None:
    """Files and lists have no order: a file system's, and that of a Swift dictionary's keys."""
    assert name not in DIFFERENT
    [answer], [other] = mine, theirs
    assert answer.message == other.message
    assert answer.sharedSecretMissing == other.sharedSecretMissing
    assert bool(answer.serverIdentifier) == bool(other.serverIdentifier)
    assert sorted(answer.files) == sorted(other.files)
    assert answer.HasField("thresholds") == other.HasField("thresholds")
    assert answer.HasField("override") == other.HasField("override")
    for kind in pb2.MetadataOverride.DESCRIPTOR.fields_by_name:
        told, expected = getattr(answer.override, kind), getattr(other.override, kind)
        assert bool(told) == bool(expected)
        if expected:
            assert _by_file(json.loads(told)) == _by_file(json.loads(expected)), kind


def _by_file(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: entry["file"])


def _compare_catalogue(mine: list[Any], reply: dict[str, Any]) -> None:
    """Compare the whole built-in catalogue, kept sorted and without the descriptive texts."""
    [answer] = mine
    assert answer.message == reply["message"]
    assert sorted(answer.files) == reply["files"]
    for kind, expected in reply["override"].items():
        told = json.loads(getattr(answer.override, kind))
        assert _by_file(told) == _by_file(expected), kind


def _kind(message: pb2.ImageGenerationResponse) -> tuple[str, ...]:
    """Return what a message of a generation is, without what a generator has put into it."""
    post = message.currentSignpost.WhichOneof("signpost")
    if post:
        step = getattr(message.currentSignpost, post)
        return (post, str(step.step)) if "ampling" in post else (post,)
    if message.generatedImages or message.generatedAudio:
        assert len(message.generatedImages) + len(message.generatedAudio) == 1
        what = "picture" if message.generatedImages else "sound"
        return what, pb2.ChunkState.Name(message.chunkState), str(message.scaleFactor)
    assert message.HasField("downloadSize") != message.HasField("scaleFactor")
    return ("size",) if message.HasField("downloadSize") else ("nothing", str(message.scaleFactor))


def _header(tensor: bytes) -> tuple[int, ...]:
    """Return memory type, format, data type and dimensions of a tensor."""
    return tuple(int.from_bytes(tensor[at : at + 4], "little") for at in range(4, 68, 4))


def _compare_generation(name: str, mine: list[Any], theirs: list[Any]) -> None:
    reason = DIFFERENT.get(name)
    kinds = [_kind(message) for message in mine]
    long = [part for part in theirs if isinstance(part, dict)]
    others = [_kind(part) for part in theirs if not isinstance(part, dict)]
    if reason == NO_GENERATOR:
        assert [kinds[-1]] == others
        return
    if reason in (OTHER_MODEL, MASKED):
        assert _phases(kinds) == _phases(others)
        return
    if long:  # too long to be kept: pieces of one picture
        assert kinds[: len(others)] == others
        assert [answer.ByteSize() for answer in mine[len(others) :]] == [
            part["bytes"] for part in long
        ]
        for answer, part in zip(mine[len(others) :], long, strict=True):
            start = b64decode(part["first_256"])
            head = start.index(start[:1]) + 1
            assert answer.SerializeToString()[:head] == start[:head]
    else:
        assert kinds == others
    for answer, other in zip(mine, [part for part in theirs if part not in long], strict=False):
        for tensor, expected in zip(answer.generatedImages, other.generatedImages, strict=True):
            assert _header(tensor) == _header(expected)
        if answer.previewImage:  # how many there are in one is a generator's business
            head, other_head = _header(answer.previewImage), _header(other.previewImage)
            assert head[:4] + head[5:] == other_head[:4] + other_head[5:]


def _phases(kinds: list[tuple[str, ...]]) -> list[str]:
    """Return the order of what happens in every generation: each kind once."""
    own = ("sound", "second", "face", "imageUpscaled")  # what only some models and settings have
    return list(dict.fromkeys(kind[0] for kind in kinds if not kind[0].startswith(own)))


def test_every_conversation_is_compared() -> None:
    assert len(ROWS) == 83
    assert set(DIFFERENT) <= {row["name"] for row in ROWS}
