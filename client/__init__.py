"""The library: connect to a Draw Things server, ask it, generate on it. Stands without ComfyUI.

What people import stands here, under names that stay, and the root of the package has the same:
`from drawbridge import DrawThingsClient` (docs/client.md). A name is loaded when it is first asked
for, with what it needs and no more.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..codec.audio import Sound
    from ..codec.fit import Fit
    from ..errors import (
        BadTensor,
        Cancelled,
        CredentialMissing,
        DecoderUnavailable,
        DrawbridgeError,
        GenerationFailed,
        ModelUnavailable,
        NearbyUnavailable,
        NoDefaultServer,
        ProtocolMismatch,
        RequestRejected,
        SecretRejected,
        ServerBusy,
        ServerUnreachable,
        StoreUnusable,
        TlsMismatch,
        UploadFailed,
    )
    from ..facts.hints import ControlInput
    from ..facts.samplers import Sampler
    from .address import Address
    from .catalog.lookup import ModelFile
    from .catalog.records import (
        Catalog,
        ControlSpec,
        LoRASpec,
        ModelSpec,
        RemoteFile,
        ServerInfo,
        TextualInversionSpec,
        Thresholds,
        UpscalerSpec,
    )
    from .catalog.specification import read_controls, read_loras, read_model
    from .client import DrawThingsClient
    from .configuration.enums import (
        ColorCalibration,
        CompressionMethod,
        ControlMode,
        LoRAMode,
        SeedMode,
    )
    from .configuration.fields import Control, GenerationConfig, LoRA
    from .connection.endpoint import Endpoint, TensorForm
    from .generation.assemble import Prepared, Wishes
    from .generation.events import (
        Audio,
        DownloadSize,
        Event,
        Phase,
        Picture,
        Plan,
        Preview,
        Progress,
        Queued,
        Receiving,
        RemoteDownload,
    )
    from .generation.hints import Guide
    from .generation.request import GenerationRequest, Hint, WeightedTensor
    from .generation.results import to_image, to_pixels, to_preview, to_sound
    from .pool.events import (
        Away,
        Back,
        Began,
        Finished,
        LeftOut,
        Missing,
        News,
        Planned,
        PoolEvent,
        Returned,
    )
    from .pool.kept import Kept
    from .pool.member import Member
    from .pool.pace import Paces
    from .pool.pool import Pool
    from .server_fields import Transport
    from .store.credentials import Credentials
    from .store.pins import Pin, Pins
    from .store.secret import Identity, Secret
    from .store.server import Server
    from .upload.transfer import Done, Hashing, Sending, UploadEvent, Verifying

# Where each name is at home, once more: the imports above are for those who check types.
_HOMES = {
    "DrawThingsClient": ".client",
    "Endpoint": ".connection.endpoint",
    "TensorForm": ".connection.endpoint",
    "Transport": ".server_fields",
    "Address": ".address",
    "Server": ".store.server",
    "Credentials": ".store.credentials",
    "Secret": ".store.secret",
    "Identity": ".store.secret",
    "Pin": ".store.pins",
    "Pins": ".store.pins",
    "Catalog": ".catalog.records",
    "ModelSpec": ".catalog.records",
    "LoRASpec": ".catalog.records",
    "ControlSpec": ".catalog.records",
    "TextualInversionSpec": ".catalog.records",
    "UpscalerSpec": ".catalog.records",
    "ServerInfo": ".catalog.records",
    "RemoteFile": ".catalog.records",
    "Thresholds": ".catalog.records",
    "ModelFile": ".catalog.lookup",
    "read_model": ".catalog.specification",
    "read_loras": ".catalog.specification",
    "read_controls": ".catalog.specification",
    "Wishes": ".generation.assemble",
    "Prepared": ".generation.assemble",
    "Guide": ".generation.hints",
    "Fit": "..codec.fit",
    "GenerationRequest": ".generation.request",
    "Hint": ".generation.request",
    "WeightedTensor": ".generation.request",
    "GenerationConfig": ".configuration.fields",
    "LoRA": ".configuration.fields",
    "Control": ".configuration.fields",
    "Sampler": "..facts.samplers",
    "ControlInput": "..facts.hints",
    "ColorCalibration": ".configuration.enums",
    "CompressionMethod": ".configuration.enums",
    "ControlMode": ".configuration.enums",
    "LoRAMode": ".configuration.enums",
    "SeedMode": ".configuration.enums",
    "Event": ".generation.events",
    "Phase": ".generation.events",
    "Plan": ".generation.events",
    "Progress": ".generation.events",
    "Queued": ".generation.events",
    "Preview": ".generation.events",
    "RemoteDownload": ".generation.events",
    "DownloadSize": ".generation.events",
    "Receiving": ".generation.events",
    "Picture": ".generation.events",
    "Audio": ".generation.events",
    "Pool": ".pool.pool",
    "Member": ".pool.member",
    "Kept": ".pool.kept",
    "Paces": ".pool.pace",
    "PoolEvent": ".pool.events",
    "Planned": ".pool.events",
    "Began": ".pool.events",
    "News": ".pool.events",
    "Returned": ".pool.events",
    "Finished": ".pool.events",
    "Missing": ".pool.events",
    "Away": ".pool.events",
    "Back": ".pool.events",
    "LeftOut": ".pool.events",
    "to_image": ".generation.results",
    "to_pixels": ".generation.results",
    "to_preview": ".generation.results",
    "to_sound": ".generation.results",
    "Sound": "..codec.audio",
    "UploadEvent": ".upload.transfer",
    "Hashing": ".upload.transfer",
    "Sending": ".upload.transfer",
    "Verifying": ".upload.transfer",
    "Done": ".upload.transfer",
    "DrawbridgeError": "..errors",
    "ServerUnreachable": "..errors",
    "TlsMismatch": "..errors",
    "SecretRejected": "..errors",
    "CredentialMissing": "..errors",
    "StoreUnusable": "..errors",
    "ModelUnavailable": "..errors",
    "RequestRejected": "..errors",
    "NoDefaultServer": "..errors",
    "ServerBusy": "..errors",
    "GenerationFailed": "..errors",
    "UploadFailed": "..errors",
    "ProtocolMismatch": "..errors",
    "BadTensor": "..errors",
    "DecoderUnavailable": "..errors",
    "NearbyUnavailable": "..errors",
    "Cancelled": "..errors",
}

__all__ = [
    "Address",
    "Audio",
    "Away",
    "Back",
    "BadTensor",
    "Began",
    "Cancelled",
    "Catalog",
    "ColorCalibration",
    "CompressionMethod",
    "Control",
    "ControlInput",
    "ControlMode",
    "ControlSpec",
    "CredentialMissing",
    "Credentials",
    "DecoderUnavailable",
    "Done",
    "DownloadSize",
    "DrawThingsClient",
    "DrawbridgeError",
    "Endpoint",
    "Event",
    "Finished",
    "Fit",
    "GenerationConfig",
    "GenerationFailed",
    "GenerationRequest",
    "Guide",
    "Hashing",
    "Hint",
    "Identity",
    "Kept",
    "LeftOut",
    "LoRA",
    "LoRAMode",
    "LoRASpec",
    "Member",
    "Missing",
    "ModelFile",
    "ModelSpec",
    "ModelUnavailable",
    "NearbyUnavailable",
    "News",
    "NoDefaultServer",
    "Paces",
    "Phase",
    "Picture",
    "Pin",
    "Pins",
    "Plan",
    "Planned",
    "Pool",
    "PoolEvent",
    "Prepared",
    "Preview",
    "Progress",
    "ProtocolMismatch",
    "Queued",
    "Receiving",
    "RemoteDownload",
    "RemoteFile",
    "RequestRejected",
    "Returned",
    "Sampler",
    "Secret",
    "SecretRejected",
    "SeedMode",
    "Sending",
    "Server",
    "ServerBusy",
    "ServerInfo",
    "ServerUnreachable",
    "Sound",
    "StoreUnusable",
    "TensorForm",
    "TextualInversionSpec",
    "Thresholds",
    "TlsMismatch",
    "Transport",
    "UploadEvent",
    "UploadFailed",
    "UpscalerSpec",
    "Verifying",
    "WeightedTensor",
    "Wishes",
    "read_controls",
    "read_loras",
    "read_model",
    "to_image",
    "to_pixels",
    "to_preview",
    "to_sound",
]


if not TYPE_CHECKING:  # who checks types shall be told of a name that there is none of

    def __getattr__(name: str) -> object:
        """Return what is exported under a name, loaded now. Raise AttributeError."""
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(importlib.import_module(home, __name__), name)
        return found


def __dir__() -> list[str]:
    """Return all names, those included that are not loaded yet."""
    return sorted({*globals(), *__all__})
