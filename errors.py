"""Everything that Drawbridge raises on purpose: one sentence of fact, one of remedy.

ComfyUI's error dialog shows `module.ClassName` and `str(error)`; our modules are file paths there,
so the classes say that they live in `drawbridge`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

E = TypeVar("E", bound="DrawbridgeError")
# Who writes a sentence cuts what comes from outside; this is the net below.
LONGEST_SENTENCE = 1500


class DrawbridgeError(Exception):
    """Something went wrong, and a person can do something about it.

    `problem` states what happened, with the values that matter and never a secret; `remedy` says
    what to do. Where a face may want other words for something (a transport, a path, the place to
    do a thing), the sentences name it in braces and `parts` has it: `"The file {path} is damaged."`
    with `path=...`. Such sentences are constants, since nothing that comes from outside may be
    taken for the name of a part. No program reads a sentence: it reads `parts` and the class.
    """

    def __init__(self, problem: str, remedy: str, **parts: object) -> None:
        self.parts: Mapping[str, object] = parts
        self._sentences = (problem, remedy)
        self.problem, self.remedy = self.in_words(str)
        super().__init__(self.problem, self.remedy)

    def __init_subclass__(cls) -> None:
        cls.__module__ = "drawbridge"

    def __str__(self) -> str:
        return f"{self.problem}\n\n{self.remedy}"

    @property
    def on_one_line(self) -> str:
        """Return problem and remedy where there is no room for a line each."""
        return f"{self.problem} {self.remedy}"

    def in_words(self, call: Callable[[object], str]) -> tuple[str, str]:
        """Return problem and remedy, with `call(part)` for each part."""

        def fill(found: re.Match[str]) -> str:
            name = found[1]
            return call(self.parts[name]) if name in self.parts else found[0]

        problem, remedy = (re.sub(r"\{(\w+)\}", fill, text) for text in self._sentences)
        return _shown(problem), _shown(remedy)

    def with_more(self: E, problem: str = "", remedy: str = "") -> E:
        """Return an error of the same kind that goes on with further sentences."""
        mine, ours = self._sentences
        sentences = (f"{mine} {problem}".rstrip(), f"{ours} {remedy}".rstrip())
        return type(self)(*sentences, **self.parts)

    def become(self, kind: type[E]) -> E:
        """Return an error of another kind that says the same."""
        return kind(*self._sentences, **self.parts)


def _shown(sentence: str) -> str:
    """Return a sentence without what a terminal obeys or nobody sees, cut where it has no end."""
    text = sentence[:LONGEST_SENTENCE]
    if not text.isprintable():
        text = "".join(one if one.isprintable() or one == "\n" else " " for one in text)
    return text if len(sentence) <= LONGEST_SENTENCE else f"{text}..."


class ServerUnreachable(DrawbridgeError):
    """Nobody answered at the address, or the connection broke: check address, switches, network."""


class TlsMismatch(DrawbridgeError):
    """The two sides disagree about encryption or a certificate: change the transport on one."""


class SecretRejected(DrawbridgeError):
    """The server wants another shared secret than the one that was sent: mend the credential."""


class CredentialMissing(DrawbridgeError):
    """A workflow names a credential that this computer does not have: create it or name another."""


class StoreUnusable(DrawbridgeError):
    """What this computer keeps for us cannot be read or written: mend the file or its folder."""


class ModelUnavailable(DrawbridgeError):
    """The server does not have a file that was asked for: choose another or download it there."""


class RequestRejected(DrawbridgeError):
    """A request that the server refuses, crashes on or ignores: change the input it names."""


class NoDefaultServer(RequestRejected):
    """The default server is meant and there is none: save one, or choose among those saved."""


class ServerBusy(DrawbridgeError):
    """The server did not find the time to answer: wait, or stop what occupies it."""


class GenerationFailed(DrawbridgeError):
    """A generation ended without the pictures it should have given."""


class UploadFailed(DrawbridgeError):
    """A file did not arrive on the server as it is here; what was there before is still there."""


class ProtocolMismatch(DrawbridgeError):
    """The server's bytes mean something that this version does not know: update, or report it."""


class BadTensor(ProtocolMismatch):
    """The bytes of a tensor are damaged, too large, or in a form that cannot be read."""


class DecoderUnavailable(DrawbridgeError):
    """An answer is compressed in a way that needs a package which is not installed."""


class NearbyUnavailable(DrawbridgeError):
    """Servers on the local network cannot be looked for: enter the address by hand."""


class Cancelled(Exception):
    """The person who waits has asked to stop; not an error."""
