"""Which controls and LoRAs of a request take effect, and what they read (docs/protocol.md 4.5)."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts import modifiers
from ...facts.hints import IMAGE, KINDS, REFERENCE_TYPES, Sources, sources
from ...facts.versions import UNSPECIFIED, takes_lora, takes_refiner
from ...proto.generation_config_fbs import ControlT
from ..stock.catalog import Catalog
from ..stock.specifications import Specification
from .effects import ActiveControl, ActiveLora, Effects, finite
from .request import Request

_BASE, _REFINER = 1, 2  # modes of a LoRA


def find_effects(request: Request, catalog: Catalog) -> Effects:
    """Sort out what a server would use and what it would pass over in silence."""
    remarks: list[str] = []
    refiner = _find_refiner(request, catalog, remarks)
    loras = tuple(_find_loras(request, catalog, refiner, remarks))
    modifiers = [
        request.model.get("modifier"),
        *(lora.entry.get("modifier") for lora in loras),
    ]
    modifier = next((str(name) for name in modifiers if name and name != "none"), "none")
    reads = set(_modifier_reads(modifier))
    if request.config.colorCalibration:
        reads.add(IMAGE)
    controls = []
    for row, entry, kind in _find_controls(request, catalog, remarks):
        places = _places(entry, kind)
        used = next((name for name in places if _has(request, name)), None)
        vace = request.version.vace and kind == "shuffle"
        if vace and request.image is not None:
            reads.add(IMAGE)
        if used:
            reads.add(used)
        elif not vace:
            remarks.append(
                f"control '{entry['file']}' finds none of {', '.join(places)}, so it is skipped"
            )
        controls.append(ActiveControl(kind, used, row, entry))
    if request.version.needs_image:
        reads.add(IMAGE)
    return Effects(
        *(modifier, loras, tuple(controls), refiner, frozenset(reads), tuple(remarks)),
        alpha=request.version.transparent,
    )


def _has(request: Request, source: str) -> bool:
    return request.image is not None if source == IMAGE else source in request.hints


def _modifier_reads(name: str) -> frozenset[str]:
    modifier = modifiers.find(name)
    reads: set[str] = {IMAGE} if modifier.reads_image else set()
    if modifier.reads_moodboard:
        reads.add("shuffle")
    if modifier.hint:
        reads.update(KINDS[modifier.hint].controlnet)
    return frozenset(reads)


def _find_refiner(request: Request, catalog: Catalog, remarks: list[str]) -> Specification | None:
    file = request.config.refinerModel
    if not file:
        return None
    entry = catalog.find("models", file, request.override["models"])
    if entry is None:
        entry = {"name": file, "file": file, "version": UNSPECIFIED, "prefix": ""}
        if catalog.exists(file):
            remarks.append(
                f"refiner '{file}' has no specification, so it is taken for version {UNSPECIFIED}"
            )
    if not catalog.exists(file):
        remarks.append(f"refiner '{file}' is not there, so it is ignored")
    elif file == request.model_file:
        remarks.append(f"refiner '{file}' is the model itself, so it is ignored")
    elif not takes_refiner(request.version.id, str(entry["version"])):
        remarks.append(
            f"refiner '{file}' is of version {entry['version']}, the model of"
            f" {request.version.id}, so it is ignored"
        )
    else:
        return entry
    return None


def _find_loras(
    request: Request, catalog: Catalog, refiner: Specification | None, remarks: list[str]
) -> Iterator[ActiveLora]:
    # Without a refiner every LoRA is for all steps, whatever its mode says.
    handover = min(max(finite(request.config.refinerStart), 0.0), 1.0)
    shares = {_BASE: handover, _REFINER: 1 - handover} if refiner else {}
    refined = str(refiner["version"]) if refiner else request.version.id
    for row in request.config.loras or ():
        file = row.file or ""
        entry = catalog.find("loras", file, request.override["loras"])
        if not catalog.exists(file):
            remarks.append(f"LoRA '{file}' is not there, so it is skipped")
            continue
        if entry is None:
            remarks.append(
                f"LoRA '{file}' has no specification, so it is taken for version {UNSPECIFIED}"
            )
            entry = {"name": file, "file": file, "version": UNSPECIFIED, "prefix": ""}
        if entry["version"] != refined and not takes_lora(
            request.version.id, str(entry["version"])
        ):
            remarks.append(
                f"LoRA '{file}' is of version {entry['version']}, the model of"
                f" {request.version.id}, so it is skipped"
            )
        else:
            yield ActiveLora(file, finite(row.weight), shares.get(row.mode, 1.0), entry)


def _find_controls(
    request: Request, catalog: Catalog, remarks: list[str]
) -> Iterator[tuple[ControlT, Specification, str]]:
    for row in request.config.controls or ():
        file = row.file or ""
        entry = catalog.find("controlNets", file, request.override["controlNets"])
        if entry is None:
            remarks.append(f"control '{file}' has no specification, so it is skipped")
        elif not catalog.exists(file):
            remarks.append(f"control '{file}' is not there, so it is skipped")
        elif entry["version"] != request.version.id:
            remarks.append(
                f"control '{file}' is of version {entry['version']}, the model of"
                f" {request.version.id}, so it is skipped"
            )
        elif row.weight <= 0:
            remarks.append(f"control '{file}' has weight {row.weight:g}, so it is skipped")
        elif not _places(entry, kind := _kind(entry, row.inputOverride)):
            remarks.append(f"control '{file}' does not know what its picture is, so it is skipped")
        else:
            yield row, entry, kind


def _kind(entry: Specification, input_override: int) -> str:
    """Return what a control's picture is; "" where nothing says so."""
    if entry["type"] in REFERENCE_TYPES:
        return str(entry["type"])
    if entry.get("modifier"):
        return str(entry["modifier"])
    chosen = next((row.name for row in KINDS.values() if row.input == input_override), "")
    return chosen if input_override else ""


def _places(entry: Specification, kind: str) -> Sources:
    """Return where a control looks for its picture, best first; () where it takes no such one."""
    control_type = str(entry["type"])
    return sources(control_type).get("shuffle" if control_type in REFERENCE_TYPES else kind, ())
