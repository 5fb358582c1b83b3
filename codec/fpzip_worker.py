"""Decodes fpzip streams in a process of its own, which a damaged stream may crash.

`codec/fpzip.py` starts this file as a script: it may import the standard library, numpy and fpzip,
and nothing of Drawbridge. It reads requests from standard input until that ends, which it does
when Drawbridge's process ends in whatever way.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import struct
import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import numpy as np

LENGTH = struct.Struct("<I")  # in front of the first thing sent: sys.path as JSON
REQUEST = struct.Struct("<QIIIIB")  # stream bytes, padding not counted; nf, nz, ny, nx; kind
REPLY = struct.Struct("<BQ")  # status; bytes that follow: the values, or a text

READY, DECODED, BROKEN, MISSING = range(4)
FLOAT16, FLOAT32, FLOAT64 = range(3)

# The decoder looks a few bytes ahead, and has no idea where its input ends.
PADDING = bytes(64)

_BLOCK = 1 << 18  # values converted and sent at a time, so that sending overlaps converting

Decode = Callable[[bytes, int, tuple[int, ...], bool], "np.ndarray"]


class _Stream(ctypes.Structure):
    """FPZ of fpzip.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("prec", ctypes.c_int),
        ("nx", ctypes.c_int),
        ("ny", ctypes.c_int),
        ("nz", ctypes.c_int),
        ("nf", ctypes.c_int),
    )


def main() -> None:
    """Answer requests until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started us
    _stay_quiet_when_crashing()
    requests = sys.stdin.buffer
    # Whatever a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(requests, answers)
    except OSError:  # nobody reads the answers any more
        pass
    finally:
        os._exit(0)  # nothing to save, and the interpreter's own ending takes 20 ms


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Read the import path and say whether fpzip is there, then decode one stream per request."""
    (length,) = LENGTH.unpack(requests.read(LENGTH.size))
    sys.path[:] = json.loads(requests.read(length))
    try:
        decode = find_decoder(importlib.import_module("fpzip"))
    except Exception as error:
        _answer(answers, MISSING, f"{type(error).__name__}: {error}".encode())
        return
    _answer(answers, READY, b"")
    while len(request := requests.read(REQUEST.size)) == REQUEST.size:
        size, *dims, kind = REQUEST.unpack(request)
        padded = requests.read(size + len(PADDING))
        if len(padded) < size + len(PADDING):
            return
        try:
            values = decode(padded, size, tuple(dims), kind == FLOAT64)
        except Exception as error:
            _answer(answers, BROKEN, (str(error) or type(error).__name__).encode())
        else:
            _send(answers, values, half=kind == FLOAT16)
        padded = values = None  # a large picture must not stay until the next one comes


def find_decoder(fpzip: ModuleType) -> Decode:
    """Return the best way to decode that the installed package offers.

    Only the C function tells how much of the stream it has read, which shows a stream that was
    cut; the package's own function hides it. Not all builds of the package export the former.
    """
    try:
        library = ctypes.CDLL(str(fpzip.__file__))
        library.fpzip_read_from_buffer.argtypes = [ctypes.c_char_p]
        library.fpzip_read_from_buffer.restype = ctypes.POINTER(_Stream)
        library.fpzip_read_header.argtypes = [ctypes.POINTER(_Stream)]
        library.fpzip_read_header.restype = ctypes.c_int
        library.fpzip_read.argtypes = [ctypes.POINTER(_Stream), ctypes.c_void_p]
        library.fpzip_read.restype = ctypes.c_size_t
        library.fpzip_read_close.argtypes = [ctypes.POINTER(_Stream)]
        library.fpzip_read_close.restype = None
    except (AttributeError, OSError, TypeError):
        return package_decoder(fpzip)
    return library_decoder(library)


def library_decoder(library: ctypes.CDLL) -> Decode:
    """Decoding through the library's C functions."""
    import numpy as np

    def decode(padded: bytes, size: int, dims: tuple[int, ...], double: bool) -> np.ndarray:
        nf, nz, ny, nx = dims
        stream = library.fpzip_read_from_buffer(padded)
        try:
            if not library.fpzip_read_header(stream):
                raise ValueError("the stream has no readable header")
            head = stream.contents
            if (head.nf, head.nz, head.ny, head.nx, head.type) != (nf, nz, ny, nx, int(double)):
                raise ValueError("the stream's header is read in two ways")
            values = np.empty(nf * nz * ny * nx, np.float64 if double else np.float32)
            used = library.fpzip_read(stream, values.ctypes.data)
        finally:
            library.fpzip_read_close(stream)
        if used == 0:
            raise ValueError("the stream has no readable values")
        if used > size:
            raise ValueError(f"the stream is cut: it goes on for at least {used - size} bytes")
        return values

    return decode


def package_decoder(fpzip: ModuleType) -> Decode:
    """Decoding through the Python package's own function."""

    def decode(padded: bytes, size: int, dims: tuple[int, ...], double: bool) -> np.ndarray:
        values = fpzip.decompress(padded, order="C")
        if values.shape != dims or values.itemsize != (8 if double else 4):
            raise ValueError("the stream's header is read in two ways")
        return values

    return decode


def _answer(answers: BinaryIO, status: int, content: bytes) -> None:
    answers.write(REPLY.pack(status, len(content)))
    answers.write(content)
    answers.flush()


def _send(answers: BinaryIO, values: np.ndarray, *, half: bool) -> None:
    import numpy as np

    flat = values.reshape(-1)
    answers.write(REPLY.pack(DECODED, flat.size * (2 if half else flat.itemsize)))
    with np.errstate(all="ignore"):
        for start in range(0, flat.size, _BLOCK):
            block = flat[start : start + _BLOCK]
            answers.write((block.astype(np.float16) if half else block).data)
    answers.flush()


def _stay_quiet_when_crashing() -> None:
    """No core file, and no dialog that waits for a click."""
    if sys.platform == "win32":
        no_dialogs = 0x0001 | 0x0002  # SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX
        ctypes.windll.kernel32.SetErrorMode(no_dialogs)
    else:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
