"""The samplers, and which models they suit."""

from __future__ import annotations

import enum


class Sampler(enum.IntEnum):
    """How noise becomes a picture; flow models want an AYS or a Trailing one."""

    DPMPP_2M_KARRAS = 0
    EULER_A = 1
    DDIM = 2
    PLMS = 3
    DPMPP_SDE_KARRAS = 4
    UNIPC = 5
    LCM = 6
    EULER_A_SUBSTEP = 7
    DPMPP_SDE_SUBSTEP = 8
    TCD = 9
    EULER_A_TRAILING = 10
    DPMPP_SDE_TRAILING = 11
    DPMPP_2M_AYS = 12
    EULER_A_AYS = 13
    DPMPP_SDE_AYS = 14
    DPMPP_2M_TRAILING = 15
    DDIM_TRAILING = 16
    UNIPC_TRAILING = 17
    UNIPC_AYS = 18
    TCD_TRAILING = 19

    @property
    def label(self) -> str:
        """Return the app's name: "DPM++ 2M Karras"."""
        words = self.name.replace("DPMPP", "DPM++").replace("UNIPC", "UniPC").split("_")
        return " ".join(
            word.capitalize() if word.isalpha() and word in _PLAIN else word for word in words
        )

    @classmethod
    def from_label(cls, label: str) -> Sampler:
        """Return the sampler of that label, whatever its case. Raises KeyError."""
        return {sampler.label.casefold(): sampler for sampler in cls}[label.strip().casefold()]


_PLAIN = {"KARRAS", "EULER", "SUBSTEP", "TRAILING"}

# Those whose steps are counted from the end; the others divide by steps - 1 (docs/protocol.md 4.8).
TRAILING = frozenset(sampler for sampler in Sampler if sampler.name.endswith("_TRAILING"))
FLOW_SAMPLERS = frozenset(sampler for sampler in Sampler if sampler >= Sampler.EULER_A_TRAILING)
ALL_SAMPLERS = frozenset(Sampler)
