"""Requests to an emulated server, built without the client."""

from __future__ import annotations

from drawbridge.proto import configuration
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.generation_config_fbs import GenerationConfigurationT

SETTINGS = {
    "model": "fjord_1_quick_q8p.ckpt",
    "startWidth": 2,
    "startHeight": 1,
    "seed": 5,
    "steps": 8,
    "guidanceScale": 4.0,
    "strength": 1.0,
    "sampler": 10,
    "seedMode": 2,
}


def build_request(message: dict | None = None, **settings: object) -> pb2.ImageGenerationRequest:
    """Build a request: fields of the message as `message`, all else goes into the configuration."""
    table = GenerationConfigurationT()
    for name, value in (SETTINGS | settings).items():
        assert hasattr(table, name)
        setattr(table, name, value)
    written = {"configuration": configuration.write(table)}
    return pb2.ImageGenerationRequest(
        **{"prompt": "a lake", "scaleFactor": 1, **written, **(message or {})}
    )
