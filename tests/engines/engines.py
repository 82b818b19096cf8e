"""Real container engines, each started by the test that needs it and gone with it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from cgroup2_view import Cgroup2View
from harness.waiting import until

IMAGE = "localhost/surety:1"


def rootfs(folder: Path) -> Path:
    """A tar with busybox alone."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise RuntimeError("no busybox: scripts/install-deps.sh installs busybox-static")
    root = folder / "rootfs"
    (root / "bin").mkdir(parents=True)
    for name in ("tmp", "proc", "sys", "dev", "etc", "surety"):
        (root / name).mkdir()
    shutil.copy2(busybox, root / "bin/busybox")
    for name in ("sh", "sleep"):
        (root / "bin" / name).symlink_to("busybox")
    tar = folder / "rootfs.tar"
    subprocess.run(["tar", "-C", root, "-cf", tar, "."], check=True)
    return tar


def _remove_empty(cgroup: Path) -> None:
    for folder, _, _ in os.walk(cgroup, topdown=False):
        with contextlib.suppress(OSError):  # There is somebody in it.
            os.rmdir(folder)


class Engine:
    """What Docker and Podman have in common. `type` is that of its selectors."""

    type = ""
    client: list[str] = []

    def __init__(self, view: Cgroup2View | None):
        self.view = view
        self.folder = Path(tempfile.mkdtemp(prefix="surety-engine-"))
        self.folder.chmod(0o755)
        self.socket = str(self.folder / "engine.sock")
        self.log = (self.folder / "log").open("ab")
        self.server: subprocess.Popen[bytes] | None = None
        self.environment = dict(os.environ)

    # For subclasses

    def server_command(self) -> list[str]:
        raise NotImplementedError

    def command(self, arguments: list[str]) -> list[str]:
        """As it is run where the engine lives."""
        return self.view.command(arguments) if self.view else arguments

    # The engine

    def start(self) -> Engine:
        self.server = subprocess.Popen(self.command(self.server_command()), stdout=self.log,
                                       stderr=self.log, stdin=subprocess.DEVNULL,
                                       env=self.environment)
        until(f"{self.type} answers", self._answers, 30)
        return self

    def _answers(self) -> bool:
        assert self.server is not None
        if self.server.poll() is not None:
            raise AssertionError(f"{self.type} ended:\n{(self.folder / 'log').read_text()}")
        try:
            return b" 200 " in self.get("/_ping")
        except OSError:
            return False

    def get(self, path: str) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(self.socket)
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: engine\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def end(self, signum: int = signal.SIGTERM) -> None:
        assert self.server is not None
        self.server.send_signal(signum)
        self.server.wait(30)

    def cleanup(self) -> None:
        ids = self.run("ps", "-aq").split()
        if ids:
            self.run("rm", "-f", *ids)
        self.end()
        self.log.close()
        # What an engine left mounted, the innermost first.
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in reversed([one for one in mounts if one.startswith(f"{self.folder}/")]):
            subprocess.run(["umount", "-l", mount], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ("docker", "libpod_parent"):
            for group in (*Path("/sys/fs/cgroup").glob(f"*/{name}"), Path("/sys/fs/cgroup", name)):
                _remove_empty(group)

    # Containers

    def run(self, *arguments: str) -> str:
        """The engine's own client."""
        done = subprocess.run(self.command([*self.client, *arguments]), capture_output=True,
                              text=True, env=self.environment, timeout=60, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{self.type} {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def import_image(self, tag: str = IMAGE, *changes: str) -> None:
        tar = self.folder / "rootfs.tar"
        if not tar.exists():
            rootfs(self.folder)
        options = [word for change in changes for word in ("-c", change)]
        self.run("import", *options, str(tar), tag)

    def container(self, *arguments: str, labels: dict[str, str] | None = None, uid: int = 0,
                  image: str = IMAGE, command: tuple[str, ...] | list[str] = ()) -> str:
        """Starts one; gives its id."""
        options = [f"--label={key}={value}" for key, value in (labels or {}).items()]
        if uid:
            options.append(f"--user={uid}:{uid}")
        return self.run("run", "-d", "--network=none", *options, *arguments, image, *command)

    def inspect(self, container: str) -> Any:
        return json.loads(self.run("inspect", container))[0]


class Docker(Engine):
    type = "docker"

    def __init__(self, view: Cgroup2View | None = None):
        super().__init__(view)
        self.client = ["docker", "--host", f"unix://{self.socket}"]

    def server_command(self) -> list[str]:
        return ["dockerd", "--host", f"unix://{self.socket}", "--bridge=none", "--iptables=false",
                "--ip6tables=false", "--live-restore", "--data-root", str(self.folder / "data"),
                "--exec-root", str(self.folder / "exec"), "--pidfile", str(self.folder / "pid")]


class Podman(Engine):
    type = "podman"
    runtime = "runc"

    def __init__(self, view: Cgroup2View | None = None):
        super().__init__(view)
        self.home = self.folder
        self.client = ["podman"]
        self._configure()

    def _configure(self) -> None:
        containers, storage = self.folder / "containers.conf", self.folder / "storage.conf"
        containers.write_text(
            '[containers]\ndefault_ulimits=["nofile=1024:4096","nproc=1024:4096"]\npids_limit=0\n'
            f'[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\nruntime="{self.runtime}"\n'
            f'tmp_dir="{self.home}/tmp"\n')
        storage.write_text(f'[storage]\ndriver="vfs"\ngraphroot="{self.home}/graph"\n'
                           f'runroot="{self.home}/run"\n')
        self.environment |= {"CONTAINERS_CONF": str(containers),
                             "CONTAINERS_STORAGE_CONF": str(storage)}

    def server_command(self) -> list[str]:
        return ["podman", "system", "service", "-t", "0", f"unix://{self.socket}"]


class RootlessPodman(Podman):
    """One user's, in a view of cgroup version 2 where a part of the tree is given to
    him, as a user's systemd has it. The host's accounts stay as they are: those that
    newuidmap(1) asks for are put in place in the view alone."""

    runtime = "crun"
    given = "/user"

    def __init__(self, uid: int):
        self.uid = uid
        accounts = Path(tempfile.mkdtemp(prefix="surety-accounts-"))
        super().__init__(Cgroup2View(own_namespace=True, setup=self._setup(accounts)))
        self.accounts = accounts
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.home),
                            "XDG_RUNTIME_DIR": str(self.home / "run"),
                            "CONTAINERS_CONF": self.environment["CONTAINERS_CONF"],
                            "CONTAINERS_STORAGE_CONF": self.environment["CONTAINERS_STORAGE_CONF"]}
        self.socket = str(self.home / "run/engine.sock")

    def _configure(self) -> None:
        self.home = self.folder / "home"
        for folder in (self.home, self.home / "run"):
            folder.mkdir(mode=0o755)
            os.chown(folder, self.uid, self.uid)
        super()._configure()

    def _setup(self, accounts: Path) -> str:
        user = f"surety-test:x:{self.uid}:{self.uid}::/nonexistent:/bin/sh\n"
        (accounts / "passwd").write_text(Path("/etc/passwd").read_text() + user)
        (accounts / "subuid").write_text("surety-test:200000:65536\n")
        (accounts / "subgid").write_text("surety-test:200000:65536\n")
        given = f"/sys/fs/cgroup{self.given}"
        return " && ".join([
            "mount --make-rshared /",
            *[f"mount --bind {accounts}/{name} /etc/{name}"
              for name in ("passwd", "subuid", "subgid")],
            f"mkdir -p {given}/session", f"chown -R {self.uid}:{self.uid} {given}"])

    def command(self, arguments: list[str]) -> list[str]:
        assert self.view is not None
        session = f"/sys/fs/cgroup{self.given}/session/cgroup.procs"
        return self.view.command([
            "bash", "-c", f'echo $$ > {session} && cd / && exec "$@"', "-", "setpriv",
            f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", *arguments])

    def cleanup(self) -> None:
        super().cleanup()
        assert self.view is not None
        self.view.close()
        shutil.rmtree(self.accounts, ignore_errors=True)
