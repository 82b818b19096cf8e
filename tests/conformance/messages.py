"""The messages of the Workload API, made of the .proto file itself: its descriptors lie in
the file that WORKLOAD_DESCRIPTORS names."""

from __future__ import annotations

import os
from pathlib import Path

from google.protobuf import (descriptor_pb2, descriptor_pool, message_factory, struct_pb2)

_SET = descriptor_pb2.FileDescriptorSet.FromString(
    Path(os.environ["WORKLOAD_DESCRIPTORS"]).read_bytes())
_POOL = descriptor_pool.DescriptorPool()
_POOL.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
_POOL.Add(_SET.file[0])
FILE = _SET.file[0].SerializeToString()


def _message(name: str) -> type:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(name))


X509SVIDResponse = _message("X509SVIDResponse")
X509BundlesResponse = _message("X509BundlesResponse")
JWTSVIDRequest = _message("JWTSVIDRequest")
JWTSVIDResponse = _message("JWTSVIDResponse")
JWTBundlesResponse = _message("JWTBundlesResponse")
WITSVIDRequest = _message("WITSVIDRequest")
WITSVIDResponse = _message("WITSVIDResponse")
WITBundlesResponse = _message("WITBundlesResponse")
ValidateJWTSVIDRequest = _message("ValidateJWTSVIDRequest")
ValidateJWTSVIDResponse = _message("ValidateJWTSVIDResponse")


def field(number: int, value: bytes) -> bytes:
    """One field of bytes on the wire; its number is below 16."""
    size, length = b"", len(value)
    while length > 127:
        size, length = size + bytes([length & 127 | 128]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + value


def file_with(change: str) -> bytes:
    """The descriptor of the file with a field or an RPC more than the specification has."""
    file = descriptor_pb2.FileDescriptorProto.FromString(FILE)
    if change == "field":
        [message] = [one for one in file.message_type if one.name == "X509SVID"]
        message.field.add(name="extra", number=99, type=9, label=1)
    else:
        file.service[0].method.add(name="Extra", input_type=".X509SVIDRequest",
                                   output_type=".X509SVIDResponse")
    return file.SerializeToString()
