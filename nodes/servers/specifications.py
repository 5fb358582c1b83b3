"""Specifications that people give for LoRAs and controls, from their nodes to the requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ...client.catalog.names import find
from ...client.catalog.records import Catalog, ControlSpec, LoRASpec
from ...client.catalog.specification import read_controls, read_loras, read_model
from ...client.configuration.fields import LoRA
from ...client.configuration.json_text import listed
from ...errors import RequestRejected
from .. import checks
from ..records import Hinted, SpecifiedLoRA


def catalog(loras: Iterable[LoRA] = (), hinted: Iterable[Hinted] = ()) -> Catalog:
    """Return what people say about these LoRAs and controls; nothing about others."""
    about_loras = [lora.specification for lora in loras if isinstance(lora, SpecifiedLoRA)]
    about_controls = [one.specification for one in hinted if one.specification]
    return Catalog.from_json(
        loras=f"[{','.join(dict.fromkeys(about_loras))}]".encode(),
        controls=f"[{','.join(dict.fromkeys(about_controls))}]".encode(),
    )


def model_complaint(specification: str | None) -> bool | str:
    """Return what is wrong with the text about a model, True if nothing is, if it is empty, or not
    yet known.
    """
    return _complaint(read_model, specification)


def loras_complaint(specification: str | None) -> bool | str:
    """Return the same of a text about LoRAs."""
    return _complaint(read_loras, specification)


def controls_complaint(specification: str | None) -> bool | str:
    """Return the same of a text about controls."""
    return _complaint(read_controls, specification)


def with_specification(
    loras: Sequence[LoRA], specification: str, rows: Iterable[str]
) -> tuple[LoRA, ...]:
    """Return the LoRAs, with file and specification where the text speaks of them.

    `rows` are all names of the node's rows, whether they are in use or not. Raises RequestRejected
    for a specification of no use, or of LoRAs that nobody names.
    """
    if not specification.strip():
        return tuple(loras)
    specs = read_loras(specification)
    if not any(find(specs, name) for name in (*rows, *(lora.file for lora in loras))):
        raise RequestRejected(
            f"The specification is that of {_files(specs)}, which no row names.",
            f"Enter {specs[0].file} as a LoRA, or empty the specification.",
        )
    return tuple(_specified(lora, find(specs, lora.file)) for lora in loras)


def control(name: str, specification: str) -> tuple[str, str]:
    """Return file and specification of a control; without a text, its name and "".

    Raises RequestRejected for a specification of no use, or of another control.
    """
    if not specification.strip():
        return name, ""
    specs = read_controls(specification)
    spec = find(specs, name)
    if spec is None:
        raise RequestRejected(
            f"The specification is that of {_files(specs)}, not of {name or 'no control'}.",
            f"Enter {specs[0].file} as the control, or empty the specification.",
        )
    return spec.file, spec.raw


def _specified(lora: LoRA, spec: LoRASpec | None) -> LoRA:
    if spec is None or isinstance(lora, SpecifiedLoRA):
        return lora
    return SpecifiedLoRA(spec.file, lora.weight, lora.mode, spec.raw)


def _files(specs: Iterable[LoRASpec | ControlSpec]) -> str:
    return listed(spec.file for spec in specs)


def _complaint(read: Callable[[str], object], specification: str | None) -> bool | str:
    if specification and specification.strip():
        return checks.complaint(lambda: read(specification))
    return True
