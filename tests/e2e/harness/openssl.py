"""What OpenSSL says about certificates: the judge that none of our code is."""

from __future__ import annotations

import calendar
import re
import subprocess
import tempfile
import time
from pathlib import Path


def _run(*args: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *args], input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"openssl {' '.join(args)}: {done.stderr.decode()}")
    return done.stdout


def pem(der: bytes) -> bytes:
    return _run("x509", "-inform", "DER", "-outform", "PEM", stdin=der)


def key_pem(der: bytes) -> bytes:
    return _run("pkey", "-inform", "DER", "-outform", "PEM", stdin=der)


def verify(chain: list[bytes], roots: list[bytes], purpose: str) -> None:
    """`openssl verify -x509_strict` of a leaf-first chain; purpose: sslserver or sslclient."""
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for name, ders in (("leaf", chain[:1]), ("between", chain[1:]), ("roots", roots)):
            files[name] = Path(folder, name)
            files[name].write_bytes(b"".join(map(pem, ders)))
        between = ["-untrusted", str(files["between"])] if chain[1:] else []
        _run("verify", "-x509_strict", "-purpose", purpose, "-CAfile", str(files["roots"]),
             "-no-CApath", "-no-CAstore", *between, str(files["leaf"]))


def text(der: bytes) -> str:
    return _run("x509", "-inform", "DER", "-noout", "-text", stdin=der).decode()


def serial(der: bytes) -> str:
    return _run("x509", "-inform", "DER", "-noout", "-serial", stdin=der).decode().strip().split(
        "=")[1].lower()


def extension(der: bytes, name: str) -> tuple[bool, str]:
    """(critical, value) of an extension by the name that openssl prints."""
    found = re.search(rf"^ +{re.escape(name)}: ?(critical)?\s*\n +(.*)$", text(der), re.MULTILINE)
    if not found:
        raise AssertionError(f"no {name} in\n{text(der)}")
    return bool(found[1]), found[2].strip()


def public_key_of_certificate(der: bytes) -> bytes:
    return _run("x509", "-inform", "DER", "-noout", "-pubkey", stdin=der)


def public_key_of_private(der: bytes) -> bytes:
    return _run("pkey", "-inform", "DER", "-pubout", stdin=der)


def validity_seconds(der: bytes) -> tuple[int, int]:
    """notBefore and notAfter as Unix time."""
    out = _run("x509", "-inform", "DER", "-noout", "-dates", stdin=der).decode()
    stamps = re.findall(r"=(.*) GMT", out)
    return tuple(calendar.timegm(time.strptime(stamp, "%b %d %H:%M:%S %Y")) for stamp in stamps)


def verify_crl(crl: bytes, issuer: bytes) -> None:
    """That the first certificate of `issuer` (DER) signed this list."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "issuer")
        path.write_bytes(pem(issuer))
        _run("crl", "-inform", "DER", "-noout", "-CAfile", str(path), stdin=crl)


def revoked(crl: bytes, form: str = "DER") -> list[str]:
    """The serials on a list."""
    out = _run("crl", "-inform", form, "-noout", "-text", stdin=crl).decode()
    return [found.lower() for found in re.findall(r"Serial Number: ([0-9A-F]+)", out)]


def revoked_in(path: Path) -> list[str]:
    """The serials on all lists of a PEM file."""
    lists = re.findall(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----\n", path.read_bytes(),
                       re.DOTALL)
    return [number for one in lists for number in revoked(one, "PEM")]
