"""The real Envoy with the configuration of docs/examples."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .daemon import TRUST_DOMAIN, Daemon

EXAMPLE = Path(__file__).parents[3] / "docs/examples/envoy.yaml"


class Envoy:
    """A process of `uid` that serves mTLS at `listener`, a Unix socket, once it has its
    secrets. It ends with the daemon. `changes` are made in the text of the example."""

    def __init__(self, daemon: Daemon, uid: int, changes: dict[str, str] | None = None):
        folder = daemon.folder / "envoy"
        folder.mkdir()
        os.chown(folder, uid, uid)
        self.listener = folder / "tls.sock"
        self._log = folder / "log"
        config = EXAMPLE.read_text()
        for word, ours in {"socket_address: {address: 0.0.0.0, port_value: 8443}":
                               f"pipe: {{path: {self.listener}}}",
                           "/run/surety/workload.sock": daemon.socket,
                           "example.org": TRUST_DOMAIN, **(changes or {})}.items():
            if word not in config:
                raise AssertionError(f"{EXAMPLE} has no {word!r} to be changed")
            config = config.replace(word, ours)
        (folder / "envoy.yaml").write_text(config)
        self.process: subprocess.Popen[bytes] = daemon.spawn(
            [daemon.program("envoy"), "-c", str(folder / "envoy.yaml"), "--concurrency", "1",
             "--disable-hot-restart", "--log-level", "warning", "--log-path", str(self._log)], uid)

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""
