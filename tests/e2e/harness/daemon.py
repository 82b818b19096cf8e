"""A suretyd of the test's own, in a scratch folder that goes with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from . import grpc_raw, packaged
from .waiting import until

TRUST_DOMAIN = "e2e.example.org"
BIN = Path(os.environ.get("SURETY_BIN", Path(__file__).parents[3] / "build/release/bin"))
CLIENTS = Path(os.environ.get("SURETY_CLIENTS", BIN.parent / "tests/clients"))


def toml(value: object) -> str:
    return json.dumps(value)  # Strings, numbers, booleans and lists are written alike.


class Daemon:
    """Writes the configuration, starts and stops the daemon by its pid, keeps its
    log. Not started by the constructor. It runs as the packaged unit runs it, unless
    `uid` says 0. Sections given to the constructor are merged over the defaults:
    Daemon(x509={"ttl": "4s"})."""

    def __init__(self, uid: int = packaged.USER, **sections: dict[str, object]):
        self.folder = Path(tempfile.mkdtemp(prefix="surety-e2e-"))
        self.folder.chmod(0o755)
        self.uid = uid
        self.state = self.folder / "state"
        self.entries = self.folder / "entries.d"
        self.config = self.folder / "surety.toml"
        self.socket = str(self.folder / "run/workload.sock")
        self.admin_socket = str(self.folder / "run/admin.sock")
        self.crl_file = self.folder / "run/crl.pem"  # If it is told to write one.
        for path, mode, owner in ((self.state, 0o700, uid), (self.crl_file.parent, 0o755, uid),
                                  (self.entries, 0o755, 0)):
            path.mkdir()
            path.chmod(mode)
            os.chown(path, owner, owner)
        self.log_path = self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self.spawned: list[subprocess.Popen[bytes]] = []
        self.settings: dict[str, dict[str, object]] = {
            "": {"trust_domain": TRUST_DOMAIN, "state_dir": str(self.state),
                 "entries_dir": str(self.entries), "log_level": "debug"},
            "workload_api": {"socket": self.socket, "mode": "0666"},
            "admin": {"socket": self.admin_socket},
            "x509": {"ttl": "15m", "ca_ttl": "7d"},
            "log": {"format": "json"},
        }
        for section, keys in sections.items():
            self.configure(section, **keys)
        self.write_config()

    # Configuration

    def configure(self, section: str, **keys: object) -> None:
        """Takes effect at the next start. A key of None is left out of the file."""
        self.settings.setdefault("" if section == "top" else section, {}).update(keys)
        self.write_config()

    def write_config(self) -> None:
        lines = []
        for section, keys in self.settings.items():
            lines += [f"[{section}]"] if section else []
            lines += [f"{key} = {toml(value)}" for key, value in keys.items() if value is not None]
        self.config.write_text("\n".join(lines) + "\n")

    def write_entry(self, name: str, **keys: object) -> None:
        """Puts one entry into a file of its own, in one step, as an editor would."""
        text = "[[entry]]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in keys.items())
        self.write_entry_file(name, text)

    def write_entry_file(self, name: str, text: str) -> None:
        scratch = self.folder / f".{name}.new"
        scratch.write_text(text)
        scratch.chmod(0o644)
        scratch.rename(self.entries / f"{name}.toml")

    def entry_for(self, name: str, uid: int, **keys: object) -> str:
        """An entry by uid alone; gives its SPIFFE ID."""
        spiffe_id = f"spiffe://{TRUST_DOMAIN}/{name}"
        self.write_entry(name, spiffe_id=spiffe_id, selectors=[f"unix:uid:{uid}"], **keys)
        return spiffe_id

    def remove_entry(self, name: str) -> None:
        (self.entries / f"{name}.toml").unlink()

    # Running

    def start(self, wait: bool = True) -> Daemon:
        self.launch()
        if wait:
            until("the daemon answers its health check", self._is_ready, 15)
        return self

    def launch(self) -> None:
        command = [self.program("suretyd"), "run", "--config", str(self.config)]
        if self.uid:
            command = [*packaged.command(self.uid), *command]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.folder)

    def program(self, name: str) -> str:
        """The path of a built program that every user may run. The build folder
        may lie where only its owner may go."""
        folder = {"client": CLIENTS / "go", "loadgen": CLIENTS / "go", "envoy": CLIENTS / "envoy"}
        source = folder.get(name, BIN) / name
        staged = self.folder / "bin" / name
        if not staged.exists():
            staged.parent.mkdir(exist_ok=True)
            # In one step: workers may ask for it at the same time.
            scratch = staged.with_name(f".{name}.{os.getpid()}")
            shutil.copy2(source, scratch)
            scratch.chmod(0o755)
            scratch.rename(staged)
        return str(staged)

    def _is_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"suretyd ended with {self.process.returncode}:\n{self.log()}")
        try:
            return self.health() == 1
        except (OSError, grpc_raw.Closed, grpc_raw.Ended, grpc_raw.Timeout):
            return False

    def health(self) -> int:
        """The serving status of grpc.health.v1: 1 is SERVING."""
        with grpc_raw.Connection(self.socket) as connection:
            answer = connection.message(
                connection.call("/grpc.health.v1.Health/Check", extra=[]), 2)
            return answer[1] if len(answer) == 2 else 0

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def descriptors(self) -> int:
        """How many it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait(self, timeout: float = 10) -> int:
        assert self.process is not None
        return self.process.wait(timeout)

    def terminate(self, timeout: float = 10) -> float:
        """SIGTERM; gives the seconds until the daemon had ended."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.wait(timeout)
        return time.monotonic() - begin

    def kill(self) -> None:
        if self.alive():
            self.process.kill()
            self.wait()

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def cleanup(self) -> None:
        self.kill()
        for process in self.spawned:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What it says

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log().splitlines()]

    def run(self, *args: str, uid: int = 0, timeout: float = 30,
            env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Runs one of program()'s to its end as another user."""
        program, *rest = args
        return subprocess.run([self.program(program), *rest], capture_output=True, text=True,
                              timeout=timeout, env=self.environment(env), check=False,
                              **self._identity(uid))

    def spawn(self, command: list[str], uid: int = 0) -> subprocess.Popen[bytes]:
        """Starts any program as another user; it is killed with the daemon."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **self._identity(uid))
        self.spawned.append(process)
        return process

    def popen(self, *args: str, uid: int = 0) -> subprocess.Popen[str]:
        program, *rest = args
        return subprocess.Popen([self.program(program), *rest], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment(None),
                                **self._identity(uid))

    def environment(self, extra: dict[str, str] | None) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "SPIFFE_ENDPOINT_SOCKET": f"unix://{self.socket}",
                "HOME": "/nonexistent", **(extra or {})}

    @staticmethod
    def _identity(uid: int) -> dict[str, object]:
        return {"user": uid, "group": uid, "extra_groups": []} if uid else {}
