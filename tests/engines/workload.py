"""The client program in a container, and the test's ends of what it opened."""

from __future__ import annotations

import contextlib
import socket
import struct
from pathlib import Path
from typing import Any, Callable

from harness import api, grpc_raw
from harness.daemon import Daemon

# Where the daemon's folder lies inside of a container.
INSIDE = "/surety"
COMMAND = [f"{INSIDE}/bin/engine_client", f"{INSIDE}/run/workload.sock", f"{INSIDE}/run/control.sock"]


class Control:
    """Takes the connections that the clients of one daemon hand over."""

    def __init__(self, daemon: Daemon):
        self.daemon = daemon
        daemon.program("engine_client")
        path = daemon.folder / "run/control.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        path.chmod(0o666)
        self.listener.listen(64)
        self.listener.settimeout(20)

    def close(self) -> None:
        self.listener.close()

    def workload(self, start: Callable[[], Any]) -> Workload:
        """The client that `start` has an engine start."""
        started = start()
        control, _ = self.listener.accept()
        return Workload(control, started)


class Workload:
    """One client process. Its stream is opened by stream()."""

    def __init__(self, control: socket.socket, started: Any):
        self.started = started
        self.control = control
        control.settimeout(10)
        _, fds, _, _ = socket.recv_fds(control, 1, 1)
        credentials = control.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        self.pid, self.uid, _ = struct.unpack("3i", credentials)
        self.connection = grpc_raw.Connection(socket.socket(fileno=fds[0]))
        self.stream: Any = None

    def cgroup(self, controllers: str = "") -> str:
        """As /proc has it, of one hierarchy."""
        for line in Path(f"/proc/{self.pid}/cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            if names == controllers:
                return path
        raise AssertionError(f"no cgroup of {controllers!r}")

    def open(self) -> None:
        if self.stream is None:
            self.stream = self.connection.fetch()

    def next_response(self, timeout: float = 10) -> api.X509Response:
        self.open()
        return api.x509_response(self.connection.message(self.stream, timeout))

    def end(self, timeout: float = 10) -> tuple[int, str, list[str]]:
        """How the stream ends, and what came on it before."""
        given: list[str] = []
        try:
            while True:
                given += self.next_response(timeout).ids
        except grpc_raw.Ended as end:
            return end.code, end.message, given

    def refusal(self) -> tuple[int, str] | None:
        """How one more stream ends; nothing if it is served."""
        try:
            self.connection.message(self.connection.fetch())
        except grpc_raw.Ended as end:
            return end.code, end.message
        return None

    def close(self) -> None:
        """Lets it end."""
        with contextlib.suppress(OSError):
            self.connection.close()
        self.control.close()
