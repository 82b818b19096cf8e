"""Certificates and tokens of a trust domain, right unless told otherwise."""

from __future__ import annotations

import base64
import datetime
import json
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DER = serialization.Encoding.DER
AUTHENTICATION = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
# Made once: whose key is whose matters, not how many there are.
ROOT, SIGNER, LEAF, STRANGER, TOKEN, SECOND, WIT, HOLDER = (
    ec.generate_private_key(ec.SECP256R1()) for _ in range(8))


def usage(*names: str) -> x509.KeyUsage:
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: name in names for name in every})


@dataclass
class Form:
    """What a certificate says."""

    uris: list[str] = field(default_factory=list)
    ca: bool = False
    usage: x509.KeyUsage | None = field(default_factory=lambda: usage("digital_signature"))
    usage_critical: bool = True
    purposes: tuple[x509.ObjectIdentifier, ...] = AUTHENTICATION
    subject: str = ""
    names_critical: bool = True
    begins: int = -60  # Seconds from now.
    ends: int = 3600
    signed_by: ec.EllipticCurvePrivateKey = SIGNER


def common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def certificate(form: Form, key: ec.EllipticCurvePrivateKey, issuer: str) -> x509.Certificate:
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (x509.CertificateBuilder()
               .subject_name(common_name(form.subject)).issuer_name(common_name(issuer))
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now + datetime.timedelta(seconds=form.begins))
               .not_valid_after(now + datetime.timedelta(seconds=form.ends))
               .add_extension(x509.BasicConstraints(form.ca, None), True))
    if form.uris:
        names = x509.SubjectAlternativeName(map(x509.UniformResourceIdentifier, form.uris))
        builder = builder.add_extension(names, form.names_critical)
    if form.usage:
        builder = builder.add_extension(form.usage, form.usage_critical)
    if form.purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(form.purposes), False)
    return builder.sign(form.signed_by, hashes.SHA256())


def signing(domain: str, subject: str, **changes: Any) -> Form:
    form = {"uris": [f"spiffe://{domain}"], "ca": True, "subject": subject,
            "usage": usage("key_cert_sign", "crl_sign"), "purposes": (), "signed_by": ROOT}
    return Form(**{**form, **changes})


def der(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(DER) for one in certificates)


def pem(one: x509.Certificate) -> bytes:
    return one.public_bytes(serialization.Encoding.PEM)


def private(key: ec.EllipticCurvePrivateKey, encoding=DER,
            form=serialization.PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(encoding, form, serialization.NoEncryption())


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


def crl() -> bytes:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateRevocationListBuilder().issuer_name(common_name("signer"))
            .last_update(now).next_update(now + datetime.timedelta(hours=1))
            .sign(SIGNER, hashes.SHA256()).public_bytes(DER))


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encode(raw) != text:
        raise ValueError("not the one form of base64url")
    return raw


def jwk(key: ec.EllipticCurvePrivateKey, kid: str, use: str = "jwt-svid") -> dict[str, str]:
    return {"use": use, "kid": kid, **point(key)}


def point(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32, "big")),
            "y": encode(numbers.y.to_bytes(32, "big"))}


def private_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    scalar = key.private_numbers().private_value
    return {**point(key), "d": encode(scalar.to_bytes(32, "big"))}


def sealed(header: dict[str, Any], claims: dict[str, Any],
           key: ec.EllipticCurvePrivateKey = TOKEN) -> str:
    """A token signed with ES256, whatever its header says."""
    text = encode(json.dumps(header).encode()) + "." + encode(json.dumps(claims).encode())
    r, s = utils.decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return text + "." + encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


@dataclass
class Opened:
    """A token taken apart; raises ValueError if it is none."""

    text: str

    def __post_init__(self) -> None:
        header, claims, signature = self.text.split(".")
        self.header, self.claims = json.loads(decode(header)), json.loads(decode(claims))
        self.signature = decode(signature)

    def signed_by(self, key: ec.EllipticCurvePrivateKey) -> bool:
        if self.header["alg"] != "ES256" or len(self.signature) != 64:
            return False
        numbers = (int.from_bytes(half, "big") for half in (self.signature[:32],
                                                            self.signature[32:]))
        try:
            key.public_key().verify(utils.encode_dss_signature(*numbers),
                                    self.text.rpartition(".")[0].encode(),
                                    ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    def fresh(self) -> bool:
        return self.claims["exp"] > time.time()
