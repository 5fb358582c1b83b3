"""Echo's request and answer, read and written by hand: to load protobuf takes longer than to ask.

What is not written as protobuf writes it, or is a cloud server's alone, is left to protobuf.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from . import fields
from .fields import BYTES, VARINT, Encoded, piece, varint
from .limits import SERVICE

METHOD = "Echo"
PATH = f"/{SERVICE}/{METHOD}"
# The fields of EchoRequest, and the tags of those of EchoReply and MetadataOverride.
_NAME, _SECRET = 1, 2
_MESSAGE, _FILE, _OVERRIDE = (number << 3 | BYTES for number in (1, 2, 3))
_SECRET_MISSING, _IDENTIFIER = (number << 3 | VARINT for number in (4, 6))
_LISTS = [number << 3 | BYTES for number in (1, 2, 3, 4, 5)]


class Greeting(NamedTuple):
    """What a server has answered.

    `lists` are JSON arrays of models, LoRAs, controls, textual inversions and upscalers, None where
    the server keeps them to itself; `thresholds` are the compute units of a cloud account: those
    of the community, those of a subscriber, and when they end.
    """

    message: str = ""
    files: Sequence[str] = ()
    lists: Sequence[bytes] | None = None
    secret_missing: bool = False
    server_identifier: int = 0
    thresholds: tuple[float, float, int] | None = None


def request(name: str) -> Encoded:
    """Return the question of somebody of that name, unsigned."""
    return Encoded(_SECRET, piece(_NAME, name.encode()) if name else b"")


def read(data: bytes) -> Greeting:
    """Return the answer that `data` is; raises what protobuf raises for bytes that are none."""
    try:
        return _plain(data)
    except (IndexError, ValueError):
        return _otherwise(data)


def _plain(data: bytes) -> Greeting:
    """Raise IndexError or ValueError for all that is not plain."""
    message, files, lists, secret_missing, identifier = "", [], None, 0, 0
    for tag, _, start, end in fields.fields(data):
        if end > len(data):
            raise ValueError("it is cut off")
        if tag == _FILE:
            files.append(data[start:end].decode())
        elif tag == _MESSAGE:
            message = data[start:end].decode()
        elif tag == _OVERRIDE and lists is None:
            lists = _lists(data[start:end])
        elif tag == _SECRET_MISSING:
            secret_missing, _ = varint(data, start)
        elif tag == _IDENTIFIER:
            identifier, _ = varint(data, start)
        else:
            raise ValueError("a field that is seldom there")
    if secret_missing > 1 or identifier >= 1 << 64:
        raise ValueError("a number beyond its type")
    return Greeting(message, files, lists, secret_missing == 1, identifier)


def _lists(data: bytes) -> list[bytes]:
    found = dict.fromkeys(_LISTS, b"")
    for tag, _, start, end in fields.fields(data):
        if tag not in found or end > len(data):
            raise ValueError("no list, or cut off")
        found[tag] = data[start:end]
    return list(found.values())


def _otherwise(data: bytes) -> Greeting:
    from ...proto.image_service_pb2 import EchoReply

    reply = EchoReply.FromString(data)
    told, units = reply.override, reply.thresholds
    lists = [told.models, told.loras, told.controlNets, told.textualInversions, told.upscalers]
    return Greeting(
        reply.message,
        list(reply.files),
        lists if reply.HasField("override") else None,
        reply.sharedSecretMissing,
        reply.serverIdentifier,
        (units.community, units.plus, units.expireAt) if reply.HasField("thresholds") else None,
    )
