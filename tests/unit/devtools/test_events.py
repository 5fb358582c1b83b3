"""Are ComfyUI's messages read as it writes them? Bytes laid out by hand."""

from __future__ import annotations

import json
import struct

import pytest

from drawbridge.devtools.comfyui.events import Event, Listener, parse
from drawbridge.devtools.comfyui.interpreter import HostError
from drawbridge.devtools.comfyui.process import free_port

JPEG = b"\xff\xd8 and so on"


def test_words_are_read() -> None:
    text = json.dumps({"type": "progress", "data": {"value": 1, "max": 4, "prompt_id": "p"}})

    assert parse(text) == Event("progress", {"value": 1, "max": 4, "prompt_id": "p"}, "p")


def test_preview_with_metadata_is_read() -> None:
    metadata = json.dumps({"node_id": "7", "prompt_id": "p", "image_type": "image/jpeg"}).encode()

    event = parse(struct.pack(">II", 4, len(metadata)) + metadata + JPEG)

    assert event is not None
    assert (event.type, event.data["node_id"], event.prompt_id) == ("preview", "7", "p")
    assert event.picture == JPEG


def test_preview_without_metadata_is_read() -> None:
    assert parse(struct.pack(">II", 1, 1) + JPEG) == Event("preview", {}, None, JPEG)


def test_text_on_a_node_is_read() -> None:
    message = struct.pack(">II", 3, 2) + b"12" + "Schritt 1 für alle".encode()

    assert parse(message) == Event("text", {"node": "12", "text": "Schritt 1 für alle"})


def test_unknown_binary_kind_is_passed_over() -> None:
    assert parse(struct.pack(">I", 99)) is None


def test_nobody_there_is_an_error() -> None:
    listener = Listener(f"ws://127.0.0.1:{free_port()}/ws")

    with pytest.raises(HostError, match="does not answer"):
        listener.start()
