"""Builds message classes in a descriptor pool of our own.

Another plugin may register a schema of the same names in protobuf's process-wide pool, and whoever
comes second would fail; a private pool keeps both alive, and needs no generated code that is tied
to one protobuf release.
"""

from __future__ import annotations

import base64
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message_factory import GetMessageClass


def publish(namespace: dict[str, Any], descriptor: str) -> None:
    """Put the messages and enums of a base64 FileDescriptorProto into a module's namespace."""
    serialized = base64.b64decode(descriptor)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(serialized)
    name = descriptor_pb2.FileDescriptorProto.FromString(serialized).name
    file = namespace["DESCRIPTOR"] = pool.FindFileByName(name)
    for message in file.message_types_by_name.values():
        namespace[message.name] = _message_class(message)
    for enum in file.enum_types_by_name.values():
        namespace[enum.name] = EnumTypeWrapper(enum)
        namespace.update((value.name, value.number) for value in enum.values)


def _message_class(message: Any) -> type:
    cls = GetMessageClass(message)
    for nested in message.nested_types:  # protobuf's pure-Python backend leaves these out
        if not hasattr(cls, nested.name):
            setattr(cls, nested.name, _message_class(nested))
    return cls
