"""The Workload API's messages (workload.proto), read without generated code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterator

from .grpc_raw import Connection


@dataclass
class Svid:
    spiffe_id: str = ""
    chain: bytes = b""
    key: bytes = b""
    bundle: bytes = b""
    hint: str = ""


@dataclass
class X509Response:
    svids: list[Svid] = field(default_factory=list)
    crl: list[bytes] = field(default_factory=list)
    federated: dict[str, bytes] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        return [svid.spiffe_id for svid in self.svids]


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of any message; numbers are passed over."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        if tag & 7 == 0:
            _, at = _varint(raw, at)
            continue
        if tag & 7 != 2:
            raise ValueError(f"field {tag >> 3} has wire type {tag & 7}")
        size, at = _varint(raw, at)
        yield tag >> 3, raw[at:at + size]
        at += size


def _map_entry(raw: bytes) -> tuple[str, bytes]:
    parts = dict(fields(raw))
    return parts.get(1, b"").decode(), parts.get(2, b"")


def _svid(raw: bytes) -> Svid:
    svid = Svid()
    for number, value in fields(raw):
        if number == 1:
            svid.spiffe_id = value.decode()
        elif number == 2:
            svid.chain = value
        elif number == 3:
            svid.key = value
        elif number == 4:
            svid.bundle = value
        elif number == 5:
            svid.hint = value.decode()
        else:
            raise ValueError(f"X509SVID has no field {number}")
    return svid


def x509_response(raw: bytes) -> X509Response:
    response = X509Response()
    for number, value in fields(raw):
        if number == 1:
            response.svids.append(_svid(value))
        elif number == 2:
            response.crl.append(value)
        elif number == 3:
            name, bundle = _map_entry(value)
            response.federated[name] = bundle
        else:
            raise ValueError(f"X509SVIDResponse has no field {number}")
    return response


def bundles_response(raw: bytes) -> dict[str, bytes]:
    return dict(_map_entry(value) for number, value in fields(raw) if number == 2)


def certificates(der: bytes) -> list[bytes]:
    """Splits concatenated DER, and so fails on any separator or trailing byte."""
    found = []
    while der:
        if der[0] != 0x30:
            raise ValueError(f"not a DER certificate: {der[:4].hex()}")
        size, header = der[1], 2
        if size & 0x80:
            count = size & 0x7F
            size, header = int.from_bytes(der[2:2 + count], "big"), 2 + count
        if len(der) < header + size:
            raise ValueError("a truncated certificate")
        found.append(der[:header + size])
        der = der[header + size:]
    return found


def fetch_x509(socket_path: str, timeout: float = 10) -> X509Response:
    """One answer on a connection of its own. Raises grpc_raw.Ended when refused."""
    with Connection(socket_path) as connection:
        return x509_response(connection.message(connection.fetch(), timeout))


def fetch_ids(socket_path: str, timeout: float = 10) -> list[str]:
    return fetch_x509(socket_path, timeout).ids


def fetch_bundles(socket_path: str, timeout: float = 10) -> dict[str, bytes]:
    with Connection(socket_path) as connection:
        return bundles_response(connection.message(connection.fetch("FetchX509Bundles"), timeout))
