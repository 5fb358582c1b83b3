"""The immutable values that travel on our sockets, and become what the client works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import torch

from ..client.catalog.lookup import ModelFile
from ..client.catalog.records import Catalog
from ..client.configuration.fields import Control, LoRA
from ..client.generation.hints import Guide
from ..client.store.server import Server

MOST_SERVERS = 64  # of a pool


@dataclass(frozen=True)
class ServerPool:
    """Several servers that share the work; at least one, and none twice."""

    members: tuple[Server, ...]


AnyServer: TypeAlias = Server | ServerPool


def servers(server: AnyServer) -> tuple[Server, ...]:
    """Return the servers that are meant."""
    return server.members if isinstance(server, ServerPool) else (server,)


@dataclass(frozen=True)
class Model:
    """A model on a server, or on each of a pool that has it.

    `version` is the raw ModelVersion string; `specification` is the server's own JSON object of the
    model, untouched, for the override of a request ("" where the server does not tell).
    """

    server: AnyServer
    file: str
    version: str
    specification: str = ""

    @property
    def found(self) -> ModelFile:
        """Return the model as a request needs it."""
        known = Catalog.from_json(models=f"[{self.specification}]".encode())
        return ModelFile(self.file, self.version, known.model(self.file))


@dataclass(frozen=True)
class SpecifiedLoRA(LoRA):
    """A LoRA with its specification, a JSON object that a person gives: its server knows none."""

    specification: str = field(default="", repr=False)


@dataclass(frozen=True)
class Settings:
    """Fields of GenerationConfig by name, in the order in which they were set; later ones win."""

    values: tuple[tuple[str, object], ...] = ()

    def with_values(self, **values: object) -> Settings:
        """Return these settings with further ones behind them."""
        return Settings((*self.values, *values.items()))

    def as_dict(self) -> dict[str, object]:
        """Return the value of each field that was set."""
        return dict(self.values)


@dataclass(frozen=True, eq=False)
class Hinted:
    """A picture that steers a generation, and the control that reads it.

    `control` is None for a moodboard picture that the model itself reads; its file may be a display
    name. `kind` says what the picture is (client/generation/hints.py). `image` is an IMAGE, float32
    [batch, height, width, channels], 0 to 1; without it the control reads the init image. `weight`
    is a moodboard picture's. `specification` is the control's JSON object where a person gives it.
    """

    control: Control | None
    kind: str
    image: torch.Tensor | None
    weight: float = 1.0
    specification: str = field(default="", repr=False)

    @property
    def guide(self) -> Guide[torch.Tensor]:
        """Return the picture and its control as a request needs them."""
        count = 1 if self.image is None else len(self.image)
        return Guide(self.control, self.kind, self.image, count, self.weight)
