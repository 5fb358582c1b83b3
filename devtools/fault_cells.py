"""The fault matrix: what may go wrong in a generation, and what a person is to hear of it.

Each cell is a rule of the emulator's `--fault` with the error that it comes to, through the library
as well as through the nodes. The generation is of two pictures, sent raw in three slices each
unless a cell says otherwise, in MESSAGES messages. That of a `video` cell is of FRAMES frames in
two slices each and a sound in three, in VIDEO_MESSAGES.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

MESSAGES = 15
SLICED = "generate: slices 60000"
NEWS = 9  # of the messages, before the pictures
VIDEO_MODEL, VIDEO_VERSION = "larch_2.3_22b_dev_q6p.ckpt", "ltx2.3"
VIDEO_SLICED = "generate: slices 50000"
FRAMES = 9
VIDEO_MESSAGES = NEWS + 2 * FRAMES + 3
ODD_DETAILS = {
    "none": "",
    "long": "long " * 1500,
    "lines": "one\r\n\ttwo\x1b[31m\x07 \x00 three",
    "other script": "Ошибка 失敗 \u202eabc\u200b",
    "a web page": "<html><script>alert(1)</script></html>",
    "semicolons": "a; b: c % d # e",
    "a secret": "correct horse battery staple",
}
ODD_DETAILS["all of it"] = " ".join(ODD_DETAILS.values())
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
    video: bool = False
    name: str = ""

    def __str__(self) -> str:
        rule = self.rule.replace("generate: ", "")
        for usual in (SLICED, VIDEO_SLICED):
            rule = rule.replace(f"{usual[10:]}; ", "")
        return self.name or ("video " if self.video else "") + rule

    @property
    def at_node(self) -> Cell:
        """Return the cell as it looks through the nodes."""
        return replace(self, error=self.shown or self.error, words="" if self.shown else self.words)


def _sliced(rule: str, error: str = "", words: str = "", odd: bool = False) -> Cell:
    return Cell(f"{SLICED}; {rule}", error, words, odd=odd)


def _video(rule: str, error: str = "", words: str = "", odd: bool = False) -> Cell:
    return Cell(f"{VIDEO_SLICED}; generate: {rule}", error, words, odd=odd, video=True)


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
    details = ODD_DETAILS["all of it"]
    for code in sorted(_KINDS.keys() - {cell.name.split(" ")[0] for cell in found}):
        rule = f'generate: status {code} "{details}" after 4'
        found.append(Cell(rule, _KINDS[code], name=f"{code} all of it"))
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


# How a tensor is damaged: the error of the library, and where it has none, that of the node.
_DAMAGED = {
    **dict.fromkeys(("empty", "header", "text", "codec", "type"), ("BadTensor", "")),
    **dict.fromkeys(("huge", "negative", "zero", "taller", "bare", "cut"), ("BadTensor", "")),
    **dict.fromkeys(("nan", "infinite", "planes"), ("", "GenerationFailed|BadTensor")),
    **dict.fromkeys(("noise", "filled"), ("", "GenerationFailed|BadTensor|")),
}
_ODD_SLICE = "BadTensor|GenerationFailed"


def _damages() -> list[Cell]:
    found = []
    for number in (1, 2):
        for how, (error, shown) in _DAMAGED.items():
            rule = f"generate: damage picture {number} {how}"
            found.append(Cell(rule, error, "Picture" if error else "", odd=not error, shown=shown))
    for how in _DAMAGED:
        found.append(Cell(f"generate: damage preview 0 {how}"))
    for how in ("bare", "cut", "taller"):
        rule = f"generate: damage picture 1 {how}"
        found.append(Cell(rule, "BadTensor", "Picture 1", packed=True, name=f"packed {how}"))
    return found


def _videos() -> list[Cell]:
    """Return what may go wrong with frames and a sound: where they begin, within, at their end."""
    in_frame, between = NEWS + 5, NEWS + 6
    in_sound = VIDEO_MESSAGES - 1
    frames = NEWS + 2 * FRAMES
    found = [
        _video(f"{verb} after {n}", "ServerUnreachable", _BROKEN)
        for verb in ("reset", "restart")
        for n in (in_frame, between, frames, in_sound, VIDEO_MESSAGES)
    ]
    found += [
        _video(f"end after {in_frame}", "GenerationFailed", "before the last piece of picture 3"),
        _video(f"end after {in_sound}", "GenerationFailed", "before the last piece of sound 1"),
        _video(f"status INTERNAL after {between}", "GenerationFailed"),
        _video(f"status INTERNAL after {in_sound}", "GenerationFailed"),
        *(
            replace(
                _video(f"endless {what}", "ProtocolMismatch", f"more than 26 {what}s", odd=True),
                rule=f"generate: endless {what}",
            )
            for what in ("picture", "sound")
        ),
        _video("endless sound", "BadTensor", "ound 1 .*beyond the limit"),
        _video("swap slice 18"),  # those of frames and sounds are apart
        _video("unknown"),
        *(_video(f"drop slice {n}", _ODD_SLICE, "icture|ound|tensor") for n in (5, 6, 19, 21)),
        *(_video(f"repeat slice {n}", _ODD_SLICE, "ound|tensor") for n in (19, 20)),
        *(_video(f"swap slice {n}", _ODD_SLICE, "icture|ound|tensor") for n in (5, 20)),
    ]
    for how, (error, shown) in _DAMAGED.items():
        for what, number in (("picture", 3), ("sound", 1)):
            rule = f"generate: damage {what} {number} {how}"
            words = what.capitalize() if error else ""
            if (what, how) == ("sound", "planes"):  # a short sound, like any other
                shown = ""
            found.append(Cell(rule, error, words, odd=not error, shown=shown, video=True))
    found += [
        Cell(
            f"generate: damage sound 1 {how}",
            "BadTensor",
            "Sound",
            packed=True,
            video=True,
            name=f"packed sound {how}",
        )
        for how in ("bare", "cut", "taller")
    ]
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
    *_videos(),
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
    damaged = re.search(r"damage picture 3 ([a-z]+)$", cell.rule)
    if damaged:  # a frame is as any picture
        return damaged[1] in ("cut", "nan", "noise")
    if cell.name.endswith(" all of it"):
        return not cell.name.startswith("INTERNAL")
    return not cell.name.startswith(("UNKNOWN ", "INVALID", "UNAVAILABLE ", "RESOURCE"))


NODE_CELLS = [cell for cell in CELLS if _for_nodes(cell)]
