"""JWT-SVIDs: the messages of their profile, and tokens made by hand with the standard
library and openssl, so that they owe nothing to the daemon's own code."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

from . import api
from .grpc_raw import Connection

FETCH = "/SpiffeWorkloadAPI/FetchJWTSVID"
VALIDATE = "/SpiffeWorkloadAPI/ValidateJWTSVID"


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


@dataclass
class Token:
    spiffe_id: str
    svid: str
    hint: str

    @property
    def header(self) -> dict[str, Any]:
        return json.loads(decode(self.svid.split(".")[0]))

    @property
    def claims(self) -> dict[str, Any]:
        return json.loads(decode(self.svid.split(".")[1]))


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def text_field(number: int, value: str) -> bytes:
    raw = value.encode()
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def fetch_request(audiences: list[str], spiffe_id: str = "") -> bytes:
    return (b"".join(text_field(1, one) for one in audiences) +
            (text_field(2, spiffe_id) if spiffe_id else b""))


def fetch(socket_path: str, audiences: list[str], spiffe_id: str = "") -> list[Token]:
    """Raises grpc_raw.Ended when refused."""
    with Connection(socket_path) as connection:
        answer = connection.message(connection.call(FETCH, fetch_request(audiences, spiffe_id)))
    tokens = []
    for number, raw in api.fields(answer):
        assert number == 1, number
        parts = {field: value.decode() for field, value in api.fields(raw)}
        tokens.append(Token(parts.pop(1), parts.pop(2), parts.pop(3, "")))
        assert not parts, parts
    return tokens


def bundles(raw: bytes) -> dict[str, dict[str, Any]]:
    """The JWK Sets of a JWTBundlesResponse."""
    return {name: json.loads(jwks) for name, jwks in api.bundles_response(_as_x509(raw)).items()}


def _as_x509(raw: bytes) -> bytes:
    # The map stands in field 1 here and in field 2 of the X.509 profile.
    return b"".join(b"\x12" + _varint(len(value)) + value for _, value in api.fields(raw))


def fetch_bundles(socket_path: str) -> dict[str, dict[str, Any]]:
    with Connection(socket_path) as connection:
        return bundles(connection.message(connection.fetch("FetchJWTBundles")))


def validate(socket_path: str, audience: str, token: str) -> tuple[str, dict[str, Any]]:
    """The SPIFFE ID and the claims. Raises grpc_raw.Ended when it is not believed."""
    request = text_field(1, audience) + text_field(2, token)
    with Connection(socket_path) as connection:
        answer = connection.message(connection.call(VALIDATE, request))
    parts = dict(api.fields(answer))
    return parts[1].decode(), _struct(parts[2])


def _values(raw: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a google.protobuf message, numbers included."""
    at = 0
    while at < len(raw):
        tag, at = raw[at], at + 1
        if tag & 7 == 1:
            yield tag >> 3, struct.unpack("<d", raw[at:at + 8])[0]
            at += 8
        elif tag & 7 == 0:
            yield tag >> 3, raw[at]
            at += 1
        else:
            size = shift = 0
            while True:
                byte, at = raw[at], at + 1
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            yield tag >> 3, raw[at:at + size]
            at += size


def _struct(raw: bytes) -> dict[str, Any]:
    out = {}
    for _, entry in _values(raw):
        parts = dict(_values(entry))
        out[parts[1].decode()] = _value(parts[2])
    return out


def _value(raw: bytes) -> Any:
    for number, value in _values(raw):
        if number == 3:
            return value.decode()
        if number == 4:
            return bool(value)
        if number == 5:
            return _struct(value)
        if number == 6:
            return [_value(item) for _, item in _values(value)]
        return None if number == 1 else value
    return None


class Key:
    """A private key in a PEM file that signs as its kind has it."""

    def __init__(self, path: Path):
        self.path = path

    @staticmethod
    def new(folder: Path, *how: str) -> Key:
        path = folder / f"key-{len(list(folder.glob('key-*')))}.pem"
        subprocess.run(["openssl", "genpkey", "-out", path, *how], check=True, capture_output=True)
        return Key(path)

    @property
    def public_pem(self) -> bytes:
        return subprocess.run(["openssl", "pkey", "-in", self.path, "-pubout"], check=True,
                              capture_output=True).stdout

    def sign_es256(self, text: bytes) -> bytes:
        with tempfile.NamedTemporaryFile() as file:
            file.write(text)
            file.flush()
            der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.path, file.name],
                                 check=True, capture_output=True).stdout
        numbers, at = [], 2
        for _ in range(2):
            size = der[at + 1]
            numbers.append(int.from_bytes(der[at + 2:at + 2 + size], "big"))
            at += 2 + size
        return b"".join(number.to_bytes(32, "big") for number in numbers)

    def token(self, header: dict[str, Any] | str, claims: dict[str, Any] | str) -> str:
        """Signed whatever it says; a text stands as it is, so that it can be wrong."""
        parts = [part if isinstance(part, str) else json.dumps(part) for part in (header, claims)]
        text = ".".join(encode(part.encode()) for part in parts)
        return text + "." + encode(self.sign_es256(text.encode()))
