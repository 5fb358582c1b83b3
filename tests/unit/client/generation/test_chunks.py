"""Slices become tensors again, in any cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawbridge.client.generation.chunks import MOST_PIECES, Assembler, join
from drawbridge.errors import BadTensor, GenerationFailed, ProtocolMismatch


@given(st.lists(st.lists(st.binary(max_size=6), min_size=1, max_size=5), max_size=5))
def test_any_cut_of_any_tensors_gives_the_same_tensors(tensors: list[list[bytes]]) -> None:
    assembler = Assembler("picture", 100)
    whole: list[bytes | memoryview] = []
    for slices in tensors:
        for piece in slices[:-1]:
            assert assembler.add([piece], more=True) == []
            assert assembler.add([], more=False) == []  # a message about progress in between
        whole += map(join, assembler.add([slices[-1]], more=False))
    assembler.finish()
    assert whole == [b"".join(slices) for slices in tensors]


def test_further_elements_of_a_last_message_are_whole() -> None:
    assembler = Assembler("picture", 100)
    assembler.add([b"a"], more=True)
    assert assembler.add([b"b", b"c", b"d"], more=False) == [[b"a", b"b"], [b"c"], [b"d"]]


def test_a_stream_that_ends_inside_of_a_tensor_says_so() -> None:
    assembler = Assembler("picture", 100)
    assembler.add([b"whole"], more=False)
    assembler.add([b"abc"], more=True)
    with pytest.raises(GenerationFailed, match="last piece of picture 2 had come: 3 bytes"):
        assembler.finish()


def test_an_empty_slice_also_waits_for_its_end() -> None:
    assembler = Assembler("picture", 100)
    assembler.add([b""], more=True)
    with pytest.raises(GenerationFailed):
        assembler.finish()


def test_a_tensor_beyond_the_limit_is_refused_before_it_is_collected() -> None:
    assembler = Assembler("sound", 5)
    assembler.add([b"1234"], more=True)
    with pytest.raises(BadTensor, match="sound 1 with 6 bytes"):
        assembler.add([b"56"], more=True)
    assert assembler.pending_bytes == 4
    with pytest.raises(BadTensor):
        Assembler("sound", 5).add([b"1", b"123456"], more=False)


def test_several_slices_at_once_are_a_protocol_mismatch() -> None:
    with pytest.raises(ProtocolMismatch, match="2 slices at once"):
        Assembler("picture", 5).add([b"1", b"2"], more=True)


@pytest.mark.parametrize("piece", [b"", b"x"])
def test_endless_pieces_of_next_to_nothing_come_to_an_end(piece: bytes) -> None:
    assembler = Assembler("picture", 1 << 30)
    for _ in range(MOST_PIECES):
        assembler.add([piece], more=True)
    with pytest.raises(ProtocolMismatch, match=r"picture 1 in more than 65,536 pieces"):
        assembler.add([piece], more=True)
