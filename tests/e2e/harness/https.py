"""What speaks to the bundle endpoint: an HTTPS client and a CA of the test's own."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def free_port() -> int:
    with socket.socket(socket.AF_INET) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class WebCa:
    """A CA that is no SPIFFE authority, and certificates of it for "localhost"."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.certificate = folder / "web-ca.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-subj", "/CN=web", "-keyout", "web-ca.key", "-out", "web-ca.pem")

    def issue(self, name: str, host: str = "localhost") -> tuple[Path, Path]:
        """Certificate and key of a server, in files that any user may read and only root may."""
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName=DNS:{host}\nextendedKeyUsage=serverAuth\n")
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out",
                      f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "web-ca.pem", "-CAkey",
                      "web-ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext",
                      "-out", f"{name}.pem")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def _openssl(self, *args: str) -> None:
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]  # Names in lower case.
    body: bytes
    certificate: bytes  # DER, of the server.

    def json(self) -> Any:
        return json.loads(self.body)


def unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connect(port: int, context: ssl.SSLContext | None = None, timeout: float = 10) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout)
    return (context or unverified()).wrap_socket(plain, server_hostname="localhost")


def send(port: int, request: bytes, context: ssl.SSLContext | None = None) -> Answer:
    """One request as it is, and what comes until the server ends."""
    with connect(port, context) as connection:
        certificate = connection.getpeercert(binary_form=True)
        connection.sendall(request)
        raw = b""
        while more := connection.recv(65536):
            raw += more
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in
               (line.partition(":") for line in lines)}
    assert certificate is not None
    return Answer(int(first.split()[1]), headers, body, certificate)


def get(port: int, path: str = "/", context: ssl.SSLContext | None = None,
        method: str = "GET") -> Answer:
    return send(port, f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), context)
