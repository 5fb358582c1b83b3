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


_PLAIN = {"KARRAS", "EULER", "SUBSTEP", "TRAILING"}

ALL_SAMPLERS = frozenset(Sampler)
# Those whose steps are counted from the end.
TRAILING = frozenset(sampler for sampler in Sampler if sampler.name.endswith("_TRAILING"))
# Those that divide by steps - 1, so that a single step ends a server (docs/protocol.md 4.8).
LINEAR = ALL_SAMPLERS - TRAILING
# Those that draw right with flow models, too (docs/configuration.md 2).
FLOW_SAMPLERS = TRAILING | {sampler for sampler in Sampler if sampler.name.endswith("_AYS")}
# Those that read stochastic_sampling_gamma (docs/configuration.md 1).
TCD = frozenset(sampler for sampler in Sampler if sampler.name.startswith("TCD"))
# Those that take a strength as a share of the steps, not of the noise (docs/protocol.md 9.2).
BY_STEP = frozenset({Sampler.PLMS})
