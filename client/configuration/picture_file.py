"""What a picture file tells of how it was made: the description that the app writes into its PNGs.

Read here are the chunks of the file alone, none of its pixels. Where a program has moved the
description (docs/configuration.md 6), it is found in these places: XMP in a chunk iTXt, zTXt or
tEXt, EXIF in a chunk eXIf.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from ...errors import RequestRejected
from .picture_metadata import XMP_KEYWORD

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_TEXT_BYTES = 4 << 20
_COMMENT = "{http://ns.adobe.com/exif/1.0/}UserComment"
_DESCRIPTION = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
_LETTER = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1}
_CODES = {b"ASCII\0\0\0": "utf-8", b"UNICODE\0": "utf-16", b"\0" * 8: "utf-8"}


def is_png(data: bytes) -> bool:
    """Return whether a file begins as a PNG does."""
    return data.startswith(SIGNATURE)


def description(data: bytes) -> str:
    """Return the JSON text in which a PNG tells how it was made.

    Raises RequestRejected where it tells nothing.
    """
    for text in _comments(data):
        if text.lstrip("\ufeff \t\r\n").startswith("{"):
            return text
    raise RequestRejected(
        "The picture does not tell how it was made.",
        "Give a PNG as Draw Things saves it, before another program has changed it.",
    )


def _comments(data: bytes) -> Iterator[str]:
    for kind, content in chunks(data):
        if kind in (b"iTXt", b"zTXt", b"tEXt"):
            keyword, text = _text(kind, content)
            if keyword == XMP_KEYWORD:
                yield from _in_xmp(text)
        elif kind == b"eXIf":
            yield from _in_exif(content)


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of a PNG's chunks, up to the first that is not whole."""
    place = len(SIGNATURE) if is_png(data) else len(data)
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 8 + length
        if end + 4 > len(data):
            return
        yield kind, data[place + 8 : end]
        place = end + 4


def _text(kind: bytes, content: bytes) -> tuple[str, str]:
    """Return keyword and text of a text chunk, "" for a text that is damaged or far too long."""
    keyword, _, rest = content.partition(b"\0")
    packed = kind == b"zTXt"
    if kind == b"zTXt":
        rest = rest[1:]  # the method, of which there is one
    elif kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:]
        for _ in range(2):  # the language, and the keyword in that
            rest = rest.partition(b"\0")[2]
    if packed:
        unpacking = zlib.decompressobj()
        try:
            rest = unpacking.decompress(rest, _MOST_TEXT_BYTES)
        except zlib.error:
            rest = b""
        if unpacking.unconsumed_tail:
            rest = b""
    return keyword.decode("latin-1"), rest[:_MOST_TEXT_BYTES].decode("utf-8", "replace")


def _in_xmp(text: str) -> Iterator[str]:
    if "<!" in text:  # entities, which can make much of little; XMP has none of its own
        return
    try:
        root = ElementTree.fromstring(text.strip("\0\ufeff \r\n"))
    except (ElementTree.ParseError, ValueError):
        return
    for one in root.iter(_COMMENT):
        inner = one.find(f".//{_LETTER}")
        yield (one if inner is None else inner).text or ""
    for one in root.iter(_DESCRIPTION):
        if _COMMENT in one.attrib:
            yield one.attrib[_COMMENT]


def _in_exif(content: bytes) -> Iterator[str]:
    """Yield the UserComment of a TIFF structure."""
    order = {b"II": "<", b"MM": ">"}.get(content[:2])
    if order is None or len(content) < 8:
        return
    (first,) = struct.unpack_from(f"{order}I", content, 4)
    directory = _entry(content, order, first, _EXIF_IFD)
    if len(directory) != 4:
        return
    (place,) = struct.unpack(f"{order}I", directory)
    comment = _entry(content, order, place, _USER_COMMENT)
    encoding = _CODES.get(comment[:8])
    if encoding == "utf-16":
        encoding = "utf-16-le" if order == "<" else "utf-16-be"
    if encoding is not None:
        yield comment[8:].decode(encoding, "replace").rstrip("\0 ")
    elif comment:
        yield comment.decode("utf-8", "replace").rstrip("\0 ")


def _entry(content: bytes, order: str, place: int, wanted: int) -> bytes:
    """Return the value of a directory's entry, nothing where there is none."""
    if place + 2 > len(content):
        return b""
    (count,) = struct.unpack_from(f"{order}H", content, place)
    for number in range(count):
        at = place + 2 + 12 * number
        if at + 12 > len(content):
            return b""
        tag, kind, items = struct.unpack_from(f"{order}HHI", content, at)
        if tag == wanted:
            size = _TYPE_BYTES.get(kind, 0) * items
            start = at + 8
            if size > 4:
                (start,) = struct.unpack_from(f"{order}I", content, at + 8)
            return content[start : start + size]
    return b""
