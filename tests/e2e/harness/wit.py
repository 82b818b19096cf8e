"""WIT-SVIDs: the messages of their profile, and what openssl says of them, which owes
nothing to the daemon's own code."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import api, jwt
from .grpc_raw import Connection

FETCH = "/SpiffeWorkloadAPI/FetchWITSVID"
# The SubjectPublicKeyInfo of a point on P-256, up to x.
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


@dataclass
class Wit(jwt.Token):
    key: dict[str, Any]  # The private JWK.


def request(spiffe_id: str = "") -> bytes:
    return jwt.text_field(1, spiffe_id) if spiffe_id else b""


def response(raw: bytes) -> list[Wit]:
    found = []
    for number, svid in api.fields(raw):
        assert number == 1, number
        parts = {field: value.decode() for field, value in api.fields(svid)}
        found.append(Wit(parts.pop(1), parts.pop(2), key=json.loads(parts.pop(3)),
                         hint=parts.pop(4, "")))
        assert not parts, parts
    return found


def fetch(socket_path: str, spiffe_id: str = "") -> list[Wit]:
    """One answer. Raises grpc_raw.Ended when refused."""
    with Connection(socket_path) as connection:
        return response(connection.message(connection.call(FETCH, request(spiffe_id))))


def bundles(socket_path: str) -> dict[str, dict[str, Any]]:
    with Connection(socket_path) as connection:
        return jwt.bundles(connection.message(connection.fetch("FetchWITBundles")))


def public_pem(jwk: dict[str, Any]) -> bytes:
    der = _SPKI + jwt.decode(jwk["x"]) + jwt.decode(jwk["y"])
    return _pem("PUBLIC KEY", der)


def private_pem(jwk: dict[str, Any]) -> bytes:
    """ECPrivateKey (RFC 5915) of `d` alone: openssl works the public half out by itself."""
    return _pem("EC PRIVATE KEY", b"\x30\x31\x02\x01\x01\x04\x20" + jwt.decode(jwk["d"]) +
                bytes.fromhex("a00a06082a8648ce3d030107"))


def _pem(label: str, der: bytes) -> bytes:
    return (f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(der) +
            f"-----END {label}-----\n".encode())


def openssl(*args: str, stdin: bytes) -> bytes:
    return subprocess.run(["openssl", *args], input=stdin, check=True, capture_output=True).stdout


def is_pair(private: dict[str, Any], public: dict[str, Any]) -> bool:
    """Whether openssl derives this public key from that private one."""
    derived = openssl("pkey", "-pubout", "-outform", "DER", stdin=private_pem(private))
    return derived == openssl("pkey", "-pubin", "-outform", "DER", stdin=public_pem(public))


def is_signed_by(token: str, jwk: dict[str, Any]) -> bool:
    text, _, signature = token.rpartition(".")
    raw = jwt.decode(signature)
    numbers = b"".join(_integer(half) for half in (raw[:32], raw[32:]))
    with tempfile.TemporaryDirectory() as folder:
        key, sealed = Path(folder, "key"), Path(folder, "signature")
        key.write_bytes(public_pem(jwk))
        sealed.write_bytes(b"\x30" + bytes([len(numbers)]) + numbers)
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", key, "-signature", sealed],
                              input=text.encode(), capture_output=True, check=False)
    return done.returncode == 0


def _integer(big_endian: bytes) -> bytes:
    raw = big_endian.lstrip(b"\x00")
    raw = b"\x00" + raw if raw[:1] >= b"\x80" or not raw else raw
    return b"\x02" + bytes([len(raw)]) + raw
