"""The fault matrix: what may go wrong in a generation, and what a person is to hear of it.

Each cell is a rule of the emulator's `--fault` with the error that it comes to, through the library
as well as through the nodes. The generation is of two pictures, sent raw in three slices each
unless a cell says otherwise, in MESSAGES messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

MESSAGES = 15
SLICED = "generate: slices 60000"
NEWS = 9  # of the messages, before the pictures
ODD_DETAILS = {
    "none": "",
    "long": "long " * 1500,
    "lines": "one\r\n\ttwo\x1b[31m\x07 \x00 three",
    "other script": "Ошибка 失敗 \u202eabc\u200b",
    "a web page": "<html><script>alert(1)</script></html>",
    "semicolons": "a; b: c % d # e",
    "a secret": "correct horse battery staple",
}
_BROKEN = "broke"
_KINDS = {
    "CANCELLED": "GenerationFailed",
    "UNKNOWN": "GenerationFailed",
    "INVALID_ARGUMENT": "RequestRejected",
    "DEADLINE_EXCEEDED": "GenerationFailed",
    "NOT_FOUND": "RequestRejected",
    "ALREADY_EXISTS": "RequestRejected",
    "PERMISSION_DENIED": "RequestRejected",
    "UNAUTHENTICATED": "RequestRejected",
    "RESOURCE_EXHAUSTED": "ServerBusy",
    "FAILED_PRECONDITION": "RequestRejected",
    "ABORTED": "GenerationFailed",
    "OUT_OF_RANGE": "RequestRejected",
    "UNIMPLEMENTED": "ProtocolMismatch",
    "INTERNAL": "GenerationFailed",
    "UNAVAILABLE": "ServerUnreachable",
    "DATA_LOSS": "GenerationFailed",
}


@dataclass(frozen=True)
class Cell:
    """A rule and what it comes to: `error`, a class of errors.py, said at `node`, or "" for none.

    `words` is to be found in the error's fact. `odd` are pictures that nobody asked for, which are
    whole all the same. `shown` is the error where only a node looks at what has come. `packed` has
    the server pack pictures.
    """

    rule: str
    error: str = ""
    words: str = ""
    node: str = "generate"
    odd: bool = False
    shown: str = ""
    packed: bool = False
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.rule.replace("generate: ", "").replace(f"{SLICED[10:]}; ", "")

    @property
    def at_node(self) -> Cell:
        """Return the cell as it looks through the nodes."""
        return replace(self, error=self.shown or self.error, words="" if self.shown else self.words)


def _sliced(rule: str, error: str = "", words: str = "", odd: bool = False) -> Cell:
    return Cell(f"{SLICED}; {rule}", error, words, odd=odd)


def _statuses() -> list[Cell]:
    found = []
    moments = ("", " after 0", " after 4", f" after {NEWS + 4}", " after end")
    for code, kind in _KINDS.items():
        for when in moments if code in ("INTERNAL", "UNAVAILABLE", "CANCELLED") else moments[2:3]:
            found.append(_sliced(f"generate: status {code}{when}", kind))
    for code in ("INTERNAL", "UNKNOWN", "INVALID_ARGUMENT", "UNAVAILABLE", "RESOURCE_EXHAUSTED"):
        for name, details in ODD_DETAILS.items():
            rule = f'generate: status {code} "{details}" after 4'
            found.append(Cell(rule, _KINDS[code], name=f"{code} {name}"))
    return found


def _ends(messages: int) -> tuple[str, str]:
    """Return what a stream comes to that ends well after so many of its messages."""
    if messages <= NEWS:
        return "GenerationFailed", "without a picture|at least picture 1 is missing"
    if messages in (NEWS + 3, NEWS + 6):
        return (
            ("GenerationFailed", "at least picture 2 is missing")
            if messages < MESSAGES
            else ("", "")
        )
    return "GenerationFailed", "before the last piece of picture"


def _damages() -> list[Cell]:
    wrong = {
        **dict.fromkeys(("empty", "header", "text", "codec", "type"), ("BadTensor", "")),
        **dict.fromkeys(("huge", "negative", "zero", "taller", "bare", "cut"), ("BadTensor", "")),
        **dict.fromkeys(("nan", "infinite", "planes"), ("", "GenerationFailed|BadTensor")),
        **dict.fromkeys(("noise", "filled"), ("", "GenerationFailed|BadTensor|")),
    }
    found = []
    for number in (1, 2):
        for how, (error, shown) in wrong.items():
            rule = f"generate: damage picture {number} {how}"
            found.append(Cell(rule, error, "Picture" if error else "", odd=not error, shown=shown))
    for how in wrong:
        found.append(Cell(f"generate: damage preview 0 {how}"))
    for how in ("bare", "cut", "taller"):
        rule = f"generate: damage picture 1 {how}"
        found.append(Cell(rule, "BadTensor", "Picture 1", packed=True, name=f"packed {how}"))
    return found


CELLS = [
    # Resets, restarts and good ends at every message.
    *(
        _sliced(f"generate: {verb} after {n}", "ServerUnreachable", _BROKEN)
        for verb in ("reset", "restart")
        for n in range(MESSAGES + 1)
    ),
    *(_sliced(f"generate: end after {n}", *_ends(n)) for n in range(MESSAGES + 1)),
    Cell("generate: reset", "ServerUnreachable", _BROKEN),
    Cell("generate: restart 50", "ServerUnreachable", _BROKEN),
    _sliced("generate: reset after end", "ServerUnreachable", _BROKEN),
    *_statuses(),
    *(Cell(f"generate: wait 20 after {n}") for n in (0, 3, NEWS)),
    # Slices.
    *(
        _sliced(f"generate: drop slice {n}", "BadTensor|GenerationFailed", "icture|tensor")
        for n in range(1, 7)
    ),
    *(
        _sliced(
            f"generate: repeat slice {n}",
            "BadTensor|GenerationFailed",
            "icture|tensor",
            odd=n in (3, 6),
        )
        for n in range(1, 7)
    ),
    *(
        _sliced(f"generate: swap slice {n}", "BadTensor|GenerationFailed", "icture|tensor")
        for n in (1, 2, 3, 4, 5)
    ),
    *(Cell(f"generate: slices {n}") for n in (1000, 147_523, 147_524, 147_525)),
    # Tensors, sizes, counts, sums.
    *_damages(),
    *(
        Cell(f"generate: size {size}", odd=True)
        for size in ("64x64", "256x128", "1x1", "2048x1", "128x192x4")
    ),
    *(
        Cell(f"generate: size 128x192x{n}", odd=True, shown="BadTensor|GenerationFailed")
        for n in (1, 2, 5)
    ),
    Cell("generate: size 1700x1700", "BadTensor", "beyond the limit"),
    Cell("generate: pictures 0", "GenerationFailed", "without a picture"),
    Cell("generate: pictures 1", "GenerationFailed", "1 of 2 pictures"),
    Cell("generate: pictures 3", odd=True),
    Cell("generate: pictures 30", "ProtocolMismatch", "more than 12 pictures", odd=True),
    Cell("generate: announce 0"),
    Cell("generate: announce 5"),
    Cell("generate: announce 4000000000000000", "GenerationFailed", "announced"),
    _sliced("generate: announce 5", "GenerationFailed", "announced"),
    Cell("generate: scale 0"),
    Cell("generate: scale 2147483647"),
    Cell("any: unknown"),
    _sliced("generate: unknown"),
    # What never ends.
    *(
        Cell(f"generate: endless {kind}", "ProtocolMismatch", "without a result")
        for kind in ("heartbeat", "progress", "preview")
    ),
    Cell("generate: endless picture", "ProtocolMismatch", "more than 12 pictures", odd=True),
    _sliced("generate: endless slice", "BadTensor", "beyond the limit"),
    # The secret, and the calls before.
    Cell("generate: demand", "GenerationFailed", "took the request and then failed"),
    Cell("echo: demand", "SecretRejected", "secret", node="connect"),
    *(
        Cell(f"echo: status {code}", kind, node="connect")
        for code, kind in {
            **dict.fromkeys(_KINDS, "ProtocolMismatch"),
            **{c: k for c, k in _KINDS.items() if k != "GenerationFailed"},
            "RESOURCE_EXHAUSTED": "ServerBusy|",  # the library takes it for a queue
        }.items()
    ),
    Cell("echo: reset", "ServerUnreachable", _BROKEN, node="connect"),
    Cell("echo: restart 30", "ServerUnreachable", _BROKEN, node="connect"),
    *(
        Cell(f"connect: {what}", "ServerUnreachable|ProtocolMismatch", node="connect")
        for what in ("refuse", 'say "SSH-2.0-OpenSSH_9"', "reset after 20", "reset after 0")
    ),
    Cell(
        'connect: say "HTTP/1.1 200 OK\r\n\r\n"', "ProtocolMismatch", node="connect", name="a web"
    ),
    *(Cell(f"connect: drip {n}") for n in ("1 1500", "7 10000", "1000")),
]


def _for_nodes(cell: Cell) -> bool:
    """Return whether a cell tells anything through the nodes that its neighbours do not."""
    place = re.search(r"(?:reset|restart|end) after ([0-9]+)$", cell.rule)
    if place:
        return int(place[1]) in (0, 4, NEWS, NEWS + 2, NEWS + 3, MESSAGES)
    return not cell.name.startswith(("UNKNOWN ", "INVALID", "UNAVAILABLE ", "RESOURCE"))


NODE_CELLS = [cell for cell in CELLS if _for_nodes(cell)]
