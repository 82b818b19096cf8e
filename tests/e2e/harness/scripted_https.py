"""An HTTPS server that answers whatever a test wants."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json",
            f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class ScriptedServer:
    """Serves on a port of its own until it is closed; one request on each connection."""

    def __init__(self, certificate: Path, key: Path):
        self.answer = answer(b"", "503 Service Unavailable")
        self.requests: list[bytes] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"https://localhost:{self.port}/"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            plain.settimeout(5)
            try:
                with self._context.wrap_socket(plain, server_side=True) as connection:
                    # Who does not believe the server leaves without a word.
                    if request := connection.recv(65536):
                        self.requests.append(request)
                        connection.sendall(self.answer)
            except OSError:
                plain.close()
