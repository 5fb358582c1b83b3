"""The little language in which `--fault` says what goes wrong, in which call, and when.

A rule is CALL[WHICH]: ACTION, as in "generate[2]: reset after 3": the connection of the second
generation breaks after three messages. Several stand in lines of their own or between semicolons;
what follows a # is a comment. docs/emulator.md has the whole of it for people.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc

from .fault_tensors import DAMAGES

CALLS = ("echo", "files", "generate", "upload", "hours", "pubkey")
CONNECT = "connect"
ANY = "any"
END = -1
CATALOGS = ("cut", "deep", "empty", "kinds", "names", "numbers", "text")

_RULE = re.compile(r"(?P<call>[a-z]+)(?:\[(?P<which>[^\]]*)\])?\s*:\s(?P<action>.*)", re.DOTALL)
_WHICH = re.compile(r"(?P<first>[1-9][0-9]*)(?P<range>-(?P<last>[1-9][0-9]*)?)?")
_STATEMENT = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^";\n#])+', re.DOTALL)
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|#[^\n]*', re.DOTALL)
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)', re.DOTALL)


@dataclass(frozen=True)
class Action:
    """One thing that goes wrong: `words` are those of its verb, `after` so many messages, or bytes
    of a connection; END is behind the last one, None before the call is looked at.
    """

    verb: str
    words: tuple[Any, ...] = ()
    after: int | None = None


@dataclass(frozen=True)
class Rule:
    """An action, and the calls in which it happens: from the `first` to the `last`, from 1."""

    call: str
    first: int
    last: int | None
    action: Action

    def meets(self, call: str, number: int) -> bool:
        """Return whether it is about this call, the `number`th of its name."""
        named = self.call == call or (self.call == ANY and call != CONNECT)
        return named and self.first <= number and (self.last is None or number <= self.last)


@dataclass(frozen=True)
class Verb:
    """How an action is written: `words` are what stands behind it, of which the last `optional`
    may be left out; `timed` ones take "after N" as well.
    """

    calls: tuple[str, ...]
    shown: str
    text: str
    words: tuple[Callable[[str], Any], ...] = ()
    optional: int = 0
    timed: bool = False


def parse(text: str) -> list[Rule]:
    """Return the rules in a text. Raises ValueError, which quotes what cannot be understood."""
    bare = _COMMENT.sub(lambda found: found[1] or "", text)
    statements = (found.strip() for found in _STATEMENT.findall(bare))
    return [_rule(statement) for statement in statements if statement]


def is_rule(text: str) -> bool:
    """Return whether a fault is written in this language, not the name of one."""
    return any(mark in text for mark in (": ", "[", "\n", ";"))


def _rule(statement: str) -> Rule:
    found = _RULE.fullmatch(statement)
    if not found:
        raise ValueError(f"'{statement}' is no rule such as 'generate[2]: reset after 3'")
    call = found["call"]
    if call not in (*CALLS, CONNECT, ANY):
        raise ValueError(
            f"there is no call '{call}'; there are {', '.join((*CALLS, CONNECT, ANY))}"
        )
    first, last = _which(found["which"])
    return Rule(call, first, last, _action(call, found["action"].strip()))


def _which(text: str | None) -> tuple[int, int | None]:
    if text is None:
        return 1, None
    found = _WHICH.fullmatch(text.strip())
    if not found:
        raise ValueError(f"'[{text}]' is not which call; write [2], [2-4] or [2-]")
    first = int(found["first"])
    if not found["range"]:
        return first, first
    return first, int(found["last"]) if found["last"] else None


def _action(call: str, text: str) -> Action:
    words = [_unquoted(found) for found in _WORD.finditer(text)]
    verb = VERBS.get(words[0]) if words else None
    if verb is None:
        raise ValueError(f"there is no action '{text}'; there are {', '.join(VERBS)}")
    if call != ANY and call not in verb.calls:
        raise ValueError(f"'{words[0]}' is nothing that can happen to '{call}'")
    rest, after = words[1:], None
    if verb.timed and len(rest) >= 2 and rest[-2] == "after":
        after = END if rest[-1] == "end" else _number(rest[-1])
        rest = rest[:-2]
    if not len(verb.words) - verb.optional <= len(rest) <= len(verb.words):
        raise ValueError(f"'{text}' is not written as {verb.shown}")
    values = tuple(read(word) for read, word in zip(verb.words, rest, strict=False))
    return Action(words[0], values, after)


def _unquoted(found: re.Match[str]) -> str:
    return found[2] if found[1] is None else re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)


def _number(word: str) -> int:
    if not (word.isascii() and word.isdecimal()):
        raise ValueError(f"'{word}' is no number")
    return int(word)


def _status(word: str) -> grpc.StatusCode:
    try:
        return grpc.StatusCode[word]
    except KeyError:
        raise ValueError(f"there is no status '{word}'") from None


def _size(word: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[1-9][0-9]*(x[1-9][0-9]*){1,2}", word):
        raise ValueError(f"'{word}' is no size such as 640x480, or 640x480x4 with its channels")
    return tuple(map(int, word.split("x")))


def _one_of(*known: str) -> Callable[[str], str]:
    def read(word: str) -> str:
        if word not in known:
            raise ValueError(f"'{word}' is none of {', '.join(known)}")
        return word

    return read


_STREAMS = ("generate", "upload")
_TENSORS = ("picture", "preview", "sound")
_ENDLESS = ("heartbeat", "progress", "preview", "picture", "slice", "sound")

VERBS = {
    "reset": Verb(
        (*CALLS, CONNECT),
        "reset [after N]",
        "the connection breaks (of connect: after N bytes)",
        timed=True,
    ),
    "status": Verb(
        CALLS,
        'status NAME ["details"] [after N]',
        "the call ends with this status",
        (_status, str),
        1,
        timed=True,
    ),
    "end": Verb(
        _STREAMS, "end [after N]", "the stream ends there, as if all were well", timed=True
    ),
    "stall": Verb(
        (*CALLS, CONNECT),
        "stall [after N]",
        "nothing more comes, until it is cancelled",
        timed=True,
    ),
    "wait": Verb(CALLS, "wait MS [after N]", "a pause of so many ms", (_number,), timed=True),
    "restart": Verb(
        CALLS,
        "restart [MS] [after N]",
        "the server ends and comes back, away for so many ms",
        (_number,),
        1,
        timed=True,
    ),
    "demand": Verb(
        tuple(call for call in CALLS if call not in ("hours", "pubkey")),
        "demand",
        "the secret is another one from now on",
    ),
    "unknown": Verb(CALLS, "unknown", "messages have fields that nobody knows"),
    "catalog": Verb(
        ("echo",), f"catalog {'|'.join(CATALOGS)}", "its lists are damaged", (_one_of(*CATALOGS),)
    ),
    "deny": Verb(("upload",), "deny", "parts of the file are answered with no"),
    "slices": Verb(
        ("generate",), "slices N", "pictures and sounds are cut into pieces of N bytes", (_number,)
    ),
    **{
        verb: Verb(("generate",), f"{verb} slice N", text, (_one_of("slice"), _number))
        for verb, text in (
            ("drop", "the Nth piece of a picture or sound never comes"),
            ("repeat", "it comes twice"),
            ("swap", "it comes after the one behind it"),
        )
    },
    "damage": Verb(
        ("generate",),
        "damage picture|preview|sound N HOW",
        f"the Nth one, 0 for each of them, is damaged: {', '.join(DAMAGES)}",
        (_one_of(*_TENSORS), _number, _one_of(*DAMAGES)),
    ),
    "size": Verb(
        ("generate",), "size WIDTHxHEIGHT[xCHANNELS]", "pictures have another size", (_size,)
    ),
    "pictures": Verb(("generate",), "pictures N", "so many pictures come", (_number,)),
    "announce": Verb(("generate",), "announce N", "N bytes are announced", (_number,)),
    "scale": Verb(("generate",), "scale N", "the factor of the size is N", (_number,)),
    "endless": Verb(
        ("generate",),
        f"endless {'|'.join(_ENDLESS)}",
        "from the first one of its kind on, it comes for ever",
        (_one_of(*_ENDLESS),),
    ),
    "refuse": Verb((CONNECT,), "refuse", "the connection is closed at once"),
    "say": Verb((CONNECT,), 'say "WORDS"', "something else answers: these words", (str,)),
    "drip": Verb(
        (CONNECT,),
        "drip N [BYTES]",
        "the first BYTES, or all, come N at a time",
        (_number, _number),
        1,
    ),
}
