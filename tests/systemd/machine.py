"""A machine that a test boots for itself: a real systemd as PID 1, in systemd-nspawn,
with the tree of cgroup version 2 alone, whatever this host has."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import rootfs
from harness.daemon import BIN
from harness.waiting import until

PROGRAMS = "/opt/surety/bin"  # There; the built ones.
_ENTER = ["-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"]
# Of systemd-nspawn's own mount namespace, where there is nothing but version 2.
_BOOT = """echo $$ > "$1/cgroup.procs"
shift
exec unshare --mount --propagation private bash -c '
umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' boot "$@"
"""


def _unified() -> Path:
    for root in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
        if Path(root, "cgroup.procs").exists():
            return Path(root)
    raise RuntimeError("cgroup version 2 is mounted neither at /sys/fs/cgroup nor below it")


class Machine:
    """Booted by the constructor; gone, with all that was changed in it, after stop()."""

    def __init__(self, extra_packages: list[str] | None = None):
        system = rootfs.made(extra_packages)
        self._scratch = Path(tempfile.mkdtemp(prefix="surety-machine-"))
        self._console = self._scratch / "console"
        self._cgroup = _unified() / self._scratch.name
        self._cgroup.mkdir()
        try:
            self._boot(system)
        except BaseException:
            self.stop()
            raise

    def _boot(self, system: Path) -> None:
        self.leader = 0
        nspawn = ["systemd-nspawn", "--quiet", f"--directory={system}", "--volatile=overlay",
                  f"--machine=m{os.getpid()}", "--register=no", "--keep-unit", "--boot",
                  "--console=pipe", "--private-network", "--link-journal=no",
                  f"--bind-ro={BIN}:{PROGRAMS}", "systemd.unified_cgroup_hierarchy=1"]
        with self._console.open("wb") as console:
            self._nspawn = subprocess.Popen(["bash", "-c", _BOOT, "boot", self._cgroup, *nspawn],
                                            stdin=subprocess.DEVNULL, stdout=console,
                                            stderr=subprocess.STDOUT)
        self.leader = until("systemd-nspawn has begun", self._find_leader, 20)
        until("the machine has booted", self._has_booted, 60, 0.05)

    def _find_leader(self) -> int:
        if self._nspawn.poll() is not None:
            raise AssertionError(f"systemd-nspawn ended:\n{self.console()}")
        listed = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text()
        # A helper of its own comes and goes first, and is no PID 1.
        return next((int(pid) for pid in listed.split() if _inner_pid(pid) == 1), 0)

    def _has_booted(self) -> bool:
        if self._nspawn.poll() is not None:
            raise AssertionError(f"systemd-nspawn ended:\n{self.console()}")
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def stop(self) -> None:
        (self._cgroup / "cgroup.kill").write_text("1")
        if hasattr(self, "_nspawn"):
            self._nspawn.wait(20)
        below = [path for path in self._cgroup.rglob("*") if path.is_dir()]
        for folder in sorted(below, key=lambda path: -len(path.parts)) + [self._cgroup]:
            until(f"{folder} is empty", lambda folder=folder: _removed(folder))
        shutil.rmtree(self._scratch, ignore_errors=True)

    # What is done in it

    def path(self, inside: str) -> Path:
        """A file of the machine's, from outside."""
        return Path(f"/proc/{self.leader}/root{inside}")

    def run(self, *command: str, check: bool = True,
            timeout: float = 30) -> subprocess.CompletedProcess[str]:
        """As root, in the machine."""
        done = subprocess.run(["nsenter", "-t", str(self.leader), *_ENTER, *command],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{command} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def write(self, inside: str, text: str) -> None:
        """In one step, as what is watched must be."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.new")
        scratch.write_text(text)
        scratch.chmod(0o644)
        scratch.rename(path)

    def account(self, name: str, uid: int) -> None:
        """systemd starts nothing for a user who has none."""
        self.run("systemd-sysusers", "--inline", f"u {name} {uid}")

    def unit(self, name: str, **sections: dict[str, Any]) -> None:
        """Writes a unit; Service={"ExecStart": "…"}. A list is a key several times."""
        lines = []
        for section, keys in sections.items():
            lines.append(f"[{section}]")
            for key, values in keys.items():
                lines += [f"{key}={value}" for value in
                          (values if isinstance(values, list) else [values])]
        self.write(f"/etc/systemd/system/{name}", "\n".join(lines) + "\n")
        self.run("systemctl", "daemon-reload")

    def start(self, name: str) -> int:
        """Starts or restarts a unit; its main process, as the machine numbers it."""
        self.run("systemctl", "restart", name)
        return int(self.shown(name, "MainPID"))

    def shown(self, name: str, key: str) -> str:
        return self.run("systemctl", "show", "--value", "-p", key, name).stdout.strip()

    def pid_outside(self, inside: int) -> int:
        """How this host numbers a process of the machine's."""
        for folder in self._cgroup.rglob("cgroup.procs"):
            for pid in folder.read_text().split():
                if _inner_pid(pid) == inside:
                    return int(pid)
        raise AssertionError(f"there is no process {inside} in the machine")

    def console(self) -> str:
        return self._console.read_text(errors="replace")

    def journal(self, name: str) -> str:
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", name, check=False).stdout


def _inner_pid(pid: str) -> int:
    """How its own pid namespace numbers a process; 0 if it has gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(status.partition("NSpid:")[2].split("\n")[0].split()[-1])


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return not folder.exists()
    return True
