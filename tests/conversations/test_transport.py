"""What the port says to raw bytes, compared with what a real server's said."""

from __future__ import annotations

import base64
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from drawbridge.devtools.recordings import recording
from drawbridge.emulator.server.server import Emulator, Options
from drawbridge.proto import image_service_pb2 as pb2

ROWS: list[dict[str, Any]] = recording("transport")
_SILENCE_SECONDS = 0.7
_PATIENCE_SECONDS = 30.0
_SETTINGS, _GOAWAY = 4, 7

# Differs: where HTTP/2 was agreed on and something else comes, a real server says GOAWAY after its
# settings; gRPC's library behind the emulator's port just closes.
CLOSES = {("tls", ("h2",), "GET, Connection: close")}


@pytest.fixture(scope="module")
def emulators(small: Path) -> Iterator[dict[str, Emulator]]:
    with (
        Emulator(Options(models=small)) as plaintext,
        Emulator(Options(models=small, tls=True)) as tls,
    ):
        yield {"plaintext": plaintext, "tls": tls}


def _key(row: dict[str, Any]) -> tuple[str, tuple[str, ...], str]:
    return row["transport"], tuple(row.get("offered", ())), row["label"]


def _closes(row: dict[str, Any]) -> bool:
    return row["closed_by_server"] or _key(row) in CLOSES


def _talk(emulator: Emulator, row: dict[str, Any]) -> tuple[bytes, bool, str | None]:
    """Send what was sent; return the answer, whether the server closed, and what ALPN chose."""
    context = ssl.create_default_context(cadata=emulator.certificate.decode() or None)
    if row.get("offered"):
        context.set_alpn_protocols(row["offered"])
    answer, closed, chosen = b"", False, None
    with ExitStack() as stack:
        stream = socket.create_connection(("127.0.0.1", emulator.port), timeout=20)
        if row["transport"] == "tls":
            shaken = context.wrap_socket(stream, server_hostname="localhost")
            chosen = shaken.selected_alpn_protocol()
            stream = shaken
        stack.enter_context(stream)
        try:
            stream.sendall(base64.b64decode(row["sent"]))
            while True:
                expected = _closes(row) or (row["received"] and not answer)
                stream.settimeout(_PATIENCE_SECONDS if expected else _SILENCE_SECONDS)
                block = stream.recv(1 << 16)
                closed = not block
                if closed:
                    break
                answer += block
        except TimeoutError:
            pass
        except OSError:
            closed = True
    return answer, closed, chosen


def _frames(data: bytes) -> list[tuple[int, int]]:
    """Return type and flags of the HTTP/2 frames that matter to a client."""
    frames = []
    while len(data) >= 9:
        length = int.from_bytes(data[:3], "big")
        if data[3] in (_SETTINGS, _GOAWAY):
            frames.append((data[3], data[4]))
        data = data[9 + length :]
    return frames


def _settings(data: bytes) -> dict[int, int]:
    body = data[9 : 9 + int.from_bytes(data[:3], "big")]
    pairs = [body[at : at + 6] for at in range(0, len(body), 6)]
    return {int.from_bytes(pair[:2], "big"): int.from_bytes(pair[2:], "big") for pair in pairs}


def _web(data: bytes) -> tuple[bytes, list[int], pb2.EchoReply, bytes]:
    """Return the head, the flags of the parts, the reply and the trailers of a gRPC-Web answer."""
    head, _, rest = data.partition(b"\r\n\r\n")
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    parts = []
    while body:
        length = int.from_bytes(body[1:5], "big")
        parts.append((body[0], body[5 : 5 + length]))
        body = body[5 + length :]
    return head, [flag for flag, _ in parts], pb2.EchoReply.FromString(parts[0][1]), parts[-1][1]


@pytest.mark.parametrize(
    "row", ROWS, ids=[f"{r['transport']} {r.get('offered', '')} {r['label']}" for r in ROWS]
)
def test_port_answers_as_recorded(emulators: dict[str, Emulator], row: dict[str, Any]) -> None:
    answer, closed, chosen = _talk(emulators[row["transport"]], row)
    recorded = base64.b64decode(row["received"])
    assert chosen == row.get("alpn")
    assert closed is _closes(row)
    if "gRPC-Web" in row["label"]:
        mine, theirs = _web(answer), _web(recorded)
        for part in (0, 1, 3):
            assert mine[part] == theirs[part]
        assert mine[2].message == theirs[2].message == "HELLO "
        return
    if _frames(recorded) and not re.match(rb"HTTP/", recorded):
        assert _frames(answer) == _frames(recorded)[: 1 if _key(row) in CLOSES else None]
        assert _settings(answer)[3] == _settings(recorded)[3] == 100  # streams at once
    else:
        assert answer == recorded


def test_every_row_is_compared() -> None:
    assert len(ROWS) == 16
