"""Echo is asked and understood without protobuf, and just as with it."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from drawbridge.client.connection import fields, greeting
from drawbridge.client.connection.greeting import Greeting
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.service import SERVICE

_LISTS = ("models", "loras", "controlNets", "textualInversions", "upscalers")
_REPLIES = st.builds(
    pb2.EchoReply,
    message=st.text(),
    files=st.lists(st.text(), max_size=4),
    override=st.none()
    | st.builds(pb2.MetadataOverride, **dict.fromkeys(_LISTS, st.binary(max_size=200))),
    sharedSecretMissing=st.booleans(),
    serverIdentifier=st.integers(0, (1 << 64) - 1),
)
_THRESHOLDS = st.builds(
    pb2.ComputeUnitThreshold,
    community=st.floats(allow_nan=False),
    plus=st.floats(allow_nan=False),
    expireAt=st.integers(-(1 << 63), (1 << 63) - 1),
)


def _expected(reply: pb2.EchoReply) -> Greeting:
    units = reply.thresholds
    return Greeting(
        message=reply.message,
        files=list(reply.files),
        lists=[getattr(reply.override, name) for name in _LISTS]
        if reply.HasField("override")
        else None,
        secret_missing=reply.sharedSecretMissing,
        server_identifier=reply.serverIdentifier,
        thresholds=(units.community, units.plus, units.expireAt)
        if reply.HasField("thresholds")
        else None,
    )


def _agrees(data: bytes) -> None:
    """Hold that some bytes are read as protobuf reads them."""
    try:
        expected = _expected(pb2.EchoReply.FromString(data))
    except DecodeError:
        with pytest.raises(DecodeError):
            greeting.read(data)
        return
    assert greeting.read(data) == expected


@given(_REPLIES)
def test_an_answer_is_read_without_protobuf(reply: pb2.EchoReply) -> None:
    assert greeting._plain(reply.SerializeToString()) == _expected(reply)


@given(_REPLIES, _THRESHOLDS)
def test_a_cloud_servers_answer_is_read(
    reply: pb2.EchoReply, thresholds: pb2.ComputeUnitThreshold
) -> None:
    reply.thresholds.CopyFrom(thresholds)
    assert greeting.read(reply.SerializeToString()) == _expected(reply)


@given(_REPLIES, _REPLIES, st.lists(st.integers(0, 400), max_size=3), st.binary(max_size=3))
def test_answers_that_are_merged_cut_and_changed_are_read_as_protobuf_reads_them(
    one: pb2.EchoReply, other: pb2.EchoReply, cuts: list[int], put: bytes
) -> None:
    data = one.SerializeToString() + other.SerializeToString()
    _agrees(data)
    for cut in cuts:
        _agrees(data[:cut] + put + data[cut:])
        _agrees(data[:cut])


_PARTS = [bytes([n]) for n in (*range(64), 0x80, 0xC3, 0xFF)]


@given(st.lists(st.sampled_from(_PARTS), max_size=14))
@example([b"\x0a\x01\xff"])  # no UTF-8
@example([b"\x12\x03\xed\xa0\x80"])  # half of a surrogate
@example([b"\x1a\x03\x0a\x01a", b"\x1a\x03\x12\x01b"])  # lists in two parts, which are merged
@example([b"\x1a\x03\x0a\x01a", b"\x1a\x00"])
@example([b"\x1a\x05\x0a\x01a\x38\x01"])  # something else beside the lists
@example([b"\x1a\x03\x0a\x05a"])  # a list that is cut off in a part that is not
@example([b"\x1a\x05\x0a\x01a\x0b\x0c"])  # a group beside the lists
@example([b"\x3a\x01x"])  # a field of a newer server
@example([b"\x0b\x0a\x01a\x0c"])  # a group
@example([b"\x0b\x0a\x01a"])  # a group that does not end
@example([b"\x0a\x01a", b"\x0a\x00"])  # the last one counts
@example([b"\x20\x02"])  # a number where there should be 0 or 1
@example([b"\x20\x80\x80\x80\x80\x10"])  # 1 << 32 there
@example([b"\x30" + b"\xff" * 9 + b"\x01"])  # the largest number
@example([b"\x30" + b"\xff" * 9 + b"\x7f"])  # one beyond
@example([b"\x30" + b"\xff" * 10 + b"\x01"])
@example([b"\x8a\x00\x01a"])  # a tag in more bytes than it needs
@example([b"\x8a\x80\x80\x80\x10\x01a"])  # a tag beyond 32 bits
@example([b"\x02\x01a"])  # a field of the number 0
@example([b"\x0a\xff\xff\xff\xff\x0fa"])  # longer than there can be
def test_any_bytes_are_read_as_protobuf_reads_them(parts: list[bytes]) -> None:
    _agrees(b"".join(parts))


@given(st.text(max_size=300), st.none() | st.text(min_size=1, max_size=300))
def test_the_question_is_what_protobuf_writes(name: str, secret: str | None) -> None:
    asked = greeting.request(name)
    signature = b"" if secret is None else fields.piece(asked.secret, secret.encode())
    expected = pb2.EchoRequest(name=name, sharedSecret=secret)
    assert asked.data + signature == expected.SerializeToString()


def test_it_goes_where_the_service_has_it() -> None:
    method = SERVICE.methods_by_name[greeting.METHOD]
    assert f"/{SERVICE.full_name}/{method.name}" == greeting.PATH
    assert (method.input_type.name, method.output_type.name) == ("EchoRequest", "EchoReply")
