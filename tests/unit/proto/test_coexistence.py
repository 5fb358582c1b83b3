"""A stranger's schema of the same names lives in the same process, whoever comes first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
OURS = """
sys.path.insert(0, {root!r})
import checkout
checkout.register()
from drawbridge.proto import image_service_pb2 as ours
"""
STRANGER = """
file = descriptor_pb2.FileDescriptorProto(name="imageService.proto", syntax="proto3")
message = file.message_type.add(name="ImageGenerationResponse")
message.field.add(name="generatedImages", number=1, type=12, label=3)
enum = file.enum_type.add(name="DeviceType")
enum.value.add(name="PHONE", number=0)
file.service.add(name="ImageGenerationService")
pool = descriptor_pool.Default()
pool.AddSerializedFile(file.SerializeToString())
theirs = message_factory.GetMessageClass(pool.FindMessageTypeByName("ImageGenerationResponse"))
"""
CHECK = """
assert "generatedAudio" in ours.ImageGenerationResponse.DESCRIPTOR.fields_by_name
assert "generatedAudio" not in theirs.DESCRIPTOR.fields_by_name
sent = ours.ImageGenerationResponse(generatedImages=[b"a"], generatedAudio=[b"b"], downloadSize=7)
there = theirs.FromString(sent.SerializeToString())
assert list(there.generatedImages) == [b"a"]
back = ours.ImageGenerationResponse.FromString(there.SerializeToString())
assert back == sent and back.HasField("downloadSize")
assert api_implementation.Type() == {backend!r}, api_implementation.Type()
"""


@pytest.mark.parametrize("backend", ["upb", "python"])
@pytest.mark.parametrize("order", ["ours first", "theirs first"])
def test_other_schema_of_the_same_names_is_no_conflict(
    order: str, backend: str, tmp_path: Path
) -> None:
    parts = [OURS.format(root=str(ROOT)), STRANGER]
    program = [
        "import sys",
        "from google.protobuf import descriptor_pb2, descriptor_pool, message_factory",
        "from google.protobuf.internal import api_implementation",
        *(parts if order == "ours first" else reversed(parts)),
        CHECK.format(backend=backend),
    ]
    environment = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": backend}
    subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(program)],
        check=True,
        cwd=tmp_path,
        env=environment,
    )
