"""Decides which hint carries which picture, in which form, and what reads it there.

The rules are those of docs/protocol.md 4.4 to 4.7. Pixels are not looked at here: a
picture can be whatever tells it from others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    """The controls for the configuration, with files for names, and the hints for the request."""

    controls: tuple[Control, ...]
    hints: tuple[HintForm[P], ...]


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
    has_image: bool,
    has_mask: bool = False,
) -> Steering[P]:
    """Return what to send for these guides; `catalog` is what is known of the server at `address`.

    A control of weight 0 is left out. Raises ModelUnavailable for a control that the server does
    not have, RequestRejected for a picture that a server would ignore or misread.
    """
    modifier = lookup.modifier(config, catalog) if catalog.model(config.model) else None
    rows = [
        _row(guide, catalog, address, modifier)
        for guide in guides
        if (guide.control is None or guide.control.weight > 0)
        and (guide.kind != "shuffle" or guide.weight > 0)
    ]
    fixed = sized_by_image(version, config.strength, has_mask) if has_image else False
    hints: dict[str, list[tuple[_Row[P], Carried[P]]]] = {}
    for row in rows:
        if row.guide.picture is not None:
            _check_picture(row, has_image)
            forms = _forms(row, config, version, modifier, hires=config.hires_fix and not fixed)
            carried = Carried(row.guide.picture, forms, row.guide.weight)
            _put(hints.setdefault(row.carrier, []), row, carried)
    available = {*hints, *([IMAGE] if has_image else [])}
    for row in rows:
        if row.guide.picture is None:
            _check_source(row, available, version)
    _check_moodboard(rows, config, catalog, version, modifier)
    return Steering(
        _controls(rows),
        tuple(HintForm(kind, tuple(one for _, one in held)) for kind, held in hints.items()),
    )


def _row(guide: Guide[P], catalog: Catalog, address: str, modifier: str | None) -> _Row[P]:
    if guide.kind not in KINDS:
        raise RequestRejected(
            f"The kind of picture {guide.kind!r} is not known.",
            f"Choose one of {', '.join(KINDS)}.",
        )
    if guide.control is None:
        return _Row(guide, None, guide.kind, _read_by_model(guide, modifier))
    spec = lookup.find_file(lookup.CONTROL, guide.control.file, catalog, address)
    kind = _kind(guide, spec)
    control = guide.control
    if spec is not None:
        control = replace(control, file=spec.file)
    if (spec is None or not spec.kind) and control.input_override is ControlInput.UNSPECIFIED:
        control = replace(control, input_override=KINDS[kind].input)
    known = sources(spec.type if spec else "")
    if kind not in known:
        raise RequestRejected(
            f"The control {control.file} takes no picture of the kind {kind}.",
            f"Choose one of {', '.join(name for name in KINDS if name in known)}.",
        )
    return _Row(guide, control, kind, known[kind])


def _read_by_model(guide: Guide[P], modifier: str | None) -> Sources:
    """Return where a model without control finds such a picture; moodboards are checked later."""
    known: dict[str, Sources] = {"shuffle": ("shuffle",)}
    for one in modifiers.MODIFIERS.values():
        if one.hint and modifier in (None, one.name):
            known[one.hint] = KINDS[one.hint].controlnet
    if guide.picture is None or guide.kind not in known:
        what = "picture" if guide.picture is None else "control that reads it"
        raise RequestRejected(
            f"There is a hint of the kind {guide.kind} but no {what}.",
            "Name a control and connect a picture, or remove the hint.",
        )
    return known[guide.kind]


def _kind(guide: Guide[P], spec: ControlSpec | None) -> str:
    """Return what the control will take the picture for (docs/protocol.md 4.5)."""
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
            raise RequestRejected(
                f"The control {spec.file} takes a picture of the kind {takes}, and"
                f" the {what} is {kind}.",
                f"Choose the kind {takes}, with an automatic input override, or another control.",
            )
    return takes


def _check_picture(row: _Row[P], has_image: bool) -> None:
    if not row.carrier:
        raise RequestRejected(
            f"The {row.label} reads Generate's image only, so a server"
            f" ignores the {row.kind} picture.",
            "Connect that picture to Generate's image instead.",
        )
    if row.sources[0] == IMAGE and has_image:
        raise RequestRejected(
            f"The {row.label} would make its {row.kind} picture from Generate's image, and a"
            " server ignores the one that is given.",
            "Disconnect Generate's image, or the picture.",
        )
    if row.guide.count != 1 and row.carrier != "shuffle":
        raise RequestRejected(
            f"The {row.kind} picture is a batch of {row.guide.count}, of which a server reads one.",
            "Connect a single picture.",
        )


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


def _put(held: list[tuple[_Row[P], Carried[P]]], row: _Row[P], carried: Carried[P]) -> None:
    """Add a picture to a hint; all but moodboards have room for one."""
    if not held or row.carrier == "shuffle":
        held.append((row, carried))
        return
    other, there = held[0]
    if there.picture is not carried.picture or there.forms != carried.forms:
        raise RequestRejected(
            f"The pictures of the kinds {other.kind} and {row.kind} use the same place in a"
            " request, and a server reads one of them.",
            "Remove one of the two hints.",
        )


def _check_source(row: _Row[P], available: set[str], version: str) -> None:
    """Raise RequestRejected unless a control without a picture finds its own elsewhere."""
    source = next((name for name in row.sources if name in available), None)
    if source in (IMAGE, "shuffle"):
        return
    known = versions.find(version)
    if source is None and row.kind == "shuffle" and known is not None and known.vace:
        return  # VACE works with nothing at all
    if source is not None:
        raise RequestRejected(
            f"The {row.label} has no picture, and would read that of another hint.",
            "Connect a picture to its hint.",
        )
    places = ["a picture to its hint"] if row.carrier else []
    places += ["an image to Generate"] if IMAGE in row.sources else []
    raise RequestRejected(f"The {row.label} has no picture.", f"Connect {' or '.join(places)}.")


def _check_moodboard(
    rows: Sequence[_Row[P]],
    config: GenerationConfig,
    catalog: Catalog,
    version: str,
    modifier: str | None,
) -> None:
    """Raise RequestRejected for moodboard pictures that nothing reads (docs/protocol.md 4.7)."""
    if not any(row.control is None and row.kind == "shuffle" for row in rows):
        return
    if modifier is None or reads_references(version, modifier):
        return
    if any(row.control is not None and "shuffle" in row.sources for row in rows):
        return
    for control in config.controls:
        spec = find(catalog.controls, control.file)
        if spec is None or spec.type in REFERENCE_TYPES or spec.kind == "shuffle":
            return
    raise RequestRejected(
        f"Neither the model {config.model} nor a control reads the moodboard.",
        "Name a control in it, such as an IP adapter, or choose an edit model (FLUX Kontext,"
        " FLUX.2, Qwen Image Edit).",
    )


def _controls(rows: Iterable[_Row[P]]) -> tuple[Control, ...]:
    """Return the controls in order; one that reads several moodboard pictures comes once."""
    controls: list[Control] = []
    for row in rows:
        shared = row.carrier == "shuffle" and row.control in controls
        if row.control is not None and not shared:
            controls.append(row.control)
    return tuple(controls)
