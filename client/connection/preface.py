"""HTTP/2's first words, which tell whether a gRPC server is behind a connection (RFC 9113 3.4)."""

from __future__ import annotations

import socket

# What a client says first, with empty settings.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_HEAD_BYTES = 9  # of a frame: 3 of length, 1 of type, 1 of flags, 4 of the stream
_SETTINGS = 4


def speaks_http2(connection: socket.socket) -> bool:
    """Say a client's first words and see whether settings come back, as every HTTP/2 server sends
    first. A real server says nothing before (docs/protocol.md 1.10).
    """
    head = b""
    try:
        connection.sendall(PREFACE)
        while len(head) < _HEAD_BYTES:
            block = connection.recv(_HEAD_BYTES - len(head))
            if not block:
                return False
            head += block
    except OSError:
        return False
    return head[3] == _SETTINGS and head[5:] == bytes(4)
