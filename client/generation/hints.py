"""Decides which hint carries which picture, in which form, and what reads it there.

The rules are those of docs/protocol.md 4.4 to 4.7. Pixels are not looked at here: a
picture can be whatever tells it from others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ...errors import RequestRejected
from ...facts import modifiers, versions
from ...facts.hints import IMAGE, KINDS, REFERENCE_TYPES, ControlInput, Sources, sources
from ...facts.versions import reads_alpha, reads_references, sized_by_image
from ..catalog import lookup
from ..catalog.names import find
from ..catalog.records import Catalog, ControlSpec
from ..configuration.fields import Control, GenerationConfig
from .adjustments import lack

P = TypeVar("P")  # a picture
ALPHA_CHANNELS = 4


@dataclass(frozen=True, eq=False)
class Guide(Generic[P]):
    """A picture that steers a generation, and the control that reads it.

    Without a control the model itself reads the picture. The same object as `picture` means the
    same one, None that the control shall read the init image; `count` is how many its batch holds.
    `weight` counts for the kind "shuffle", a moodboard's; 0 and less leaves the picture out.
    Pictures with lines have light ones on dark.
    """

    control: Control | None
    kind: str
    picture: P | None = None
    count: int = 1
    weight: float = 1.0


@dataclass(frozen=True)
class Form:
    """How a picture of 0..1 is written: `low` to 1 in float16.

    `size` is width and height in pixels, None to leave it as it is; one channel is a depth map,
    from far to near over the whole range, and with four channels alpha goes along where there is
    any.
    """

    size: tuple[int, int] | None = None
    channels: int = 3
    low: float = -1.0
    inverted: bool = False


@dataclass(frozen=True)
class Carried(Generic[P]):
    """A picture in a hint, once in each form."""

    picture: P
    forms: tuple[Form, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class HintForm(Generic[P]):
    """A hint as it will be: its wire type and its pictures."""

    type: str
    pictures: tuple[Carried[P], ...]


@dataclass(frozen=True)
class Steering(Generic[P]):
    """The controls for the configuration, with files for names, and the hints for the request;
    `notes` are sentences about what is left out.
    """

    controls: tuple[Control, ...]
    hints: tuple[HintForm[P], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Row(Generic[P]):
    guide: Guide[P]
    control: Control | None
    kind: str
    sources: Sources

    @property
    def label(self) -> str:
        return f"control {self.control.file}" if self.control else f"{self.kind} picture"

    @property
    def carrier(self) -> str:
        """Return the hint type that brings a picture; "" where only the init image is read."""
        return next((source for source in self.sources if source != IMAGE), "")


def steer(
    guides: Iterable[Guide[P]],
    config: GenerationConfig,
    catalog: Catalog,
    address: str,
    version: str,
    *,
    absent: Collection[str] | None = None,
    has_image: bool,
    has_mask: bool = False,
) -> Steering[P]:
    """Return what to send for these guides; `catalog` is what is known of the server at `address`.

    A control of weight 0 is left out. What a server would ignore or misread is left out with a
    sentence, and so is a control that finds no picture. Where `absent` is not None, so are controls
    that the server does not have, and those; else it raises ModelUnavailable for them. Raises
    RequestRejected for a kind of picture that nobody knows.
    """
    modifier = lookup.modifier(config, catalog) if catalog.model(config.model) else None
    notes: list[str] = []
    rows: list[_Row[P]] = []
    for guide in guides:
        if (guide.control is None or guide.control.weight > 0) and (
            guide.kind != "shuffle" or guide.weight > 0
        ):
            try:
                rows.append(_row(guide, catalog, address, absent, modifier, notes))
            except _Unread as unread:
                notes += [str(unread)] if str(unread) not in notes else []
    rows = _with_readers(rows, config, catalog, version, modifier, notes)
    rows = [_with_picture(row, notes, has_image=has_image) for row in rows]
    fixed = sized_by_image(version, config.strength, has_mask) if has_image else False
    hires = config.hires_fix and not fixed
    hints: dict[str, list[Carried[P]]] = {}
    kept = []
    for row in rows:
        if row.guide.picture is not None:
            forms = _forms(row, config, version, modifier, hires=hires)
            carried = Carried(row.guide.picture, forms, row.guide.weight)
            if not _put(hints.setdefault(row.carrier, []), row, carried):
                notes.append(
                    f"The {row.label} is left out: the place of its {row.kind} picture in a request"
                    " is taken by another picture."
                )
                continue
        kept.append(row)
    available = {*hints, *([IMAGE] if has_image else [])}
    steering = []
    for row in kept:
        lack = _lack(row, available, version) if row.guide.picture is None else ""
        if lack:
            notes.append(lack)
        else:
            steering.append(row)
    return Steering(
        _controls(steering),
        tuple(HintForm(kind, tuple(held)) for kind, held in hints.items()),
        tuple(notes),
    )


class _Unread(Exception):
    """No server would read the picture as it is meant; its text is a note for a person."""


def _row(
    guide: Guide[P],
    catalog: Catalog,
    address: str,
    absent: Collection[str] | None,
    modifier: str | None,
    notes: list[str],
) -> _Row[P]:
    if guide.kind not in KINDS:
        raise RequestRejected(
            f"The kind of picture {guide.kind!r} is not known.",
            f"Choose one of {', '.join(KINDS)}.",
        )
    if guide.control is None:
        return _Row(guide, None, guide.kind, _read_by_model(guide, modifier))
    if absent is not None:
        note = lack(lookup.CONTROL, guide.control.file, catalog, address, absent)
        if note:
            raise _Unread(note)
    spec = lookup.find_file(lookup.CONTROL, guide.control.file, catalog, address)
    kind = _kind(guide, spec, notes)
    control = guide.control
    if spec is not None:
        control = replace(control, file=spec.file)
    if (spec is None or not spec.kind) and control.input_override is ControlInput.UNSPECIFIED:
        control = replace(control, input_override=KINDS[kind].input)
    known = sources(spec.type if spec else "")
    if kind not in known:
        fitting = ", ".join(name for name in KINDS if name in known)
        raise _Unread(
            f"The control {control.file} takes no picture of the kind {kind}, only {fitting}: it is"
            " left out."
        )
    return _Row(guide, control, kind, known[kind])


def _read_by_model(guide: Guide[P], modifier: str | None) -> Sources:
    """Return where a model without control finds such a picture; moodboards are checked later."""
    known: dict[str, Sources] = {"shuffle": ("shuffle",)}
    for one in modifiers.MODIFIERS.values():
        if one.hint and modifier in (None, one.name):
            known[one.hint] = KINDS[one.hint].controlnet
    if guide.picture is None:
        raise RequestRejected(
            f"There is a hint of the kind {guide.kind} but no picture.",
            "Name a control and connect a picture, or remove the hint.",
        )
    if guide.kind not in known:
        raise _Unread(
            f"The {guide.kind} picture is left out: neither the model nor a control reads it."
        )
    return known[guide.kind]


def _kind(guide: Guide[P], spec: ControlSpec | None, notes: list[str]) -> str:
    """Return what the control will take the picture for (docs/protocol.md 4.5): a kind of its own
    wins.
    """
    assert guide.control is not None
    override = guide.control.input_override
    wanted = guide.kind if override is ControlInput.UNSPECIFIED else override.name.lower()
    takes = spec.kind if spec else ""
    if spec is not None and spec.type in REFERENCE_TYPES:
        takes = "shuffle"
    if spec is None or not takes:
        return wanted
    if guide.picture is None:
        return takes  # what an imported control says besides is not looked at
    for kind, what in ((guide.kind, "kind"), (wanted, "input override")):
        if kind != takes:
            notes.append(
                f"The control {spec.file} takes a picture of the kind {takes}, and the {what}"
                f" {kind} is not looked at."
            )
            break
    return takes


def _with_picture(row: _Row[P], notes: list[str], *, has_image: bool) -> _Row[P]:
    """Return the row without a picture that no server would read."""
    if row.guide.picture is None:
        return row
    if not row.carrier or (row.sources[0] == IMAGE and has_image):
        notes.append(
            f"The {row.label} reads Generate's image, and the {row.kind} picture is left out."
        )
        return replace(row, guide=replace(row.guide, picture=None))
    if row.guide.count != 1 and row.carrier != "shuffle":
        notes.append(
            f"The {row.kind} picture is a batch of {row.guide.count}, of which the first is taken."
        )
    return row


def _forms(
    row: _Row[P], config: GenerationConfig, version: str, modifier: str | None, *, hires: bool
) -> tuple[Form, ...]:
    """Return the forms of a picture, one for each tensor (docs/protocol.md 4.4)."""
    full = (config.start_width, config.start_height)
    known = versions.find(version)
    match row.carrier:
        case "depth":
            return (Form(full, channels=1),)
        case "scribble":
            return (Form(full, low=0.0),)
        case "pose":  # passed on unscaled; models with flow encode it like an image
            low = -1.0 if known is None or known.flow else 0.0
            first = (config.hires_fix_start_width, config.hires_fix_start_height)
            return tuple(Form(size, low=low) for size in ([first, full] if hires else [full]))
        case "color":
            return (Form(full),)
        case "custom":
            size = None if known is not None and known.fits_hints else full
            return (Form(size, inverted=row.kind == "lineart"),)
    if row.control is None and modifier is not None:
        if modifiers.find(modifier).last_frame:  # which a server stretches to the video's size
            return (Form(full),)
        if reads_alpha(version, modifier):
            return (Form(channels=ALPHA_CHANNELS),)
    return (Form(),)


def _put(held: list[Carried[P]], row: _Row[P], carried: Carried[P]) -> bool:
    """Add a picture to a hint, and return whether there was room: all but moodboards have it for
    one.
    """
    if not held or row.carrier == "shuffle":
        held.append(carried)
        return True
    [there] = held
    return there.picture is carried.picture and there.forms == carried.forms


def _lack(row: _Row[P], available: set[str], version: str) -> str:
    """Return why a control without a picture is left out, "" where it finds one elsewhere."""
    source = next((name for name in row.sources if name in available), None)
    if source in (IMAGE, "shuffle"):
        return ""
    known = versions.find(version)
    if source is None and row.kind == "shuffle" and known is not None and known.vace:
        return ""  # VACE works with nothing at all
    if row.control is None:
        return f"The {row.label} is left out: the model reads Generate's image alone."
    if source is not None:
        return f"The {row.label} has no picture, and would read that of another: it is left out."
    places = ["a picture to its hint"] if row.carrier else []
    places += ["an image to Generate"] if IMAGE in row.sources else []
    return f"The {row.label} has no picture, and is left out: connect {' or '.join(places)}."


def _with_readers(
    rows: Sequence[_Row[P]],
    config: GenerationConfig,
    catalog: Catalog,
    version: str,
    modifier: str | None,
    notes: list[str],
) -> list[_Row[P]]:
    """Return the rows without moodboard pictures that nothing reads (docs/protocol.md 4.7)."""
    board = [row for row in rows if row.control is None and row.kind == "shuffle"]
    if not board or modifier is None or reads_references(version, modifier):
        return list(rows)
    if any(row.control is not None and "shuffle" in row.sources for row in rows):
        return list(rows)
    for control in config.controls:
        spec = find(catalog.controls, control.file)
        if spec is None or spec.type in REFERENCE_TYPES or spec.kind == "shuffle":
            return list(rows)
    notes.append(
        f"The moodboard is left out: neither the model {config.model} nor a control reads it."
    )
    return [row for row in rows if row not in board]


def _controls(rows: Iterable[_Row[P]]) -> tuple[Control, ...]:
    """Return the controls in order; one that reads several moodboard pictures comes once."""
    controls: list[Control] = []
    for row in rows:
        shared = row.carrier == "shuffle" and row.control in controls
        if row.control is not None and not shared:
            controls.append(row.control)
    return tuple(controls)
