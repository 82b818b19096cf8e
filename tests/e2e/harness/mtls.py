"""A client over mTLS with an SVID, by Python's own ssl."""

from __future__ import annotations

import os
import socket
import ssl
import tempfile
from pathlib import Path

from . import api, openssl


def context(svid: api.Svid) -> ssl.SSLContext:
    """Trusts the SVID's bundle and shows the SVID."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.load_verify_locations(
        cadata="".join(openssl.pem(der).decode() for der in api.certificates(svid.bundle)))
    with tempfile.NamedTemporaryFile() as pair:  # Which only root reads.
        Path(pair.name).write_bytes(
            b"".join(map(openssl.pem, api.certificates(svid.chain))) + openssl.key_pem(svid.key))
        made.load_cert_chain(pair.name)
    return made


def connect(path: str | os.PathLike[str], made: ssl.SSLContext,
            session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    """OSError if the server wants no connection, or ends it in the handshake. With TLS 1.3
    the client's part is over before the server has judged it: ask, too."""
    plain = socket.socket(socket.AF_UNIX)
    try:
        plain.settimeout(10)
        plain.connect(str(path))
        return made.wrap_socket(plain, session=session)
    except BaseException:
        plain.close()
        raise


def ask(secure: ssl.SSLSocket, request: bytes) -> bytes:
    """What the server answers; OSError if it does not."""
    secure.sendall(request)
    answer = secure.recv(4096)
    if not answer:
        raise ConnectionResetError("the server has ended the connection")
    return answer
