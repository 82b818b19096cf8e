"""A part of the machine that sees cgroup version 2 alone, whatever the host has."""

from __future__ import annotations

import os
import subprocess
import uuid
from pathlib import Path

from harness.waiting import until

_HYBRID = Path("/sys/fs/cgroup/unified")
# The tree of version 2, as the host has it.
ROOT = _HYBRID if _HYBRID.exists() else Path("/sys/fs/cgroup")


class Cgroup2View:
    """A mount namespace, held by a process of its own, where /sys/fs/cgroup is the tree
    of version 2; with `own_namespace` from a cgroup of its own on, which is then "/"
    there."""

    def __init__(self, own_namespace: bool = False, setup: str = "true"):
        self.cgroup = ROOT / f"surety-view-{uuid.uuid4().hex[:8]}"
        self.cgroup.mkdir()
        self.own_namespace = own_namespace
        self.flags = ["-m", "-C"] if own_namespace else ["-m"]
        script = ("umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && "
                  f"{{ {setup}; }} && echo ready && exec sleep infinity")
        self.holder = subprocess.Popen(
            self._moved(["unshare", *self.flags, "--propagation", "private", "bash", "-c", script]),
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        assert self.holder.stdout is not None
        if self.holder.stdout.readline() != "ready\n":
            raise RuntimeError("the view of cgroup version 2 could not be made")

    def _moved(self, arguments: list[str]) -> list[str]:
        """Run in our cgroup."""
        if not self.own_namespace:
            return arguments
        return ["bash", "-c", f'echo $$ > {self.cgroup}/cgroup.procs && exec "$@"', "-", *arguments]

    def command(self, arguments: list[str]) -> list[str]:
        """That command, run inside."""
        return self._moved(["nsenter", f"--target={self.holder.pid}", *self.flags, *arguments])

    def close(self) -> None:
        self.holder.kill()
        self.holder.wait()
        # What engines leave running, such as the process that holds a user namespace.
        (self.cgroup / "cgroup.kill").write_text("1")
        until("the view's cgroups are empty", self._removed, 20)

    def _removed(self) -> bool:
        folders = [folder for folder, _, _ in os.walk(self.cgroup, topdown=False)]
        try:
            for folder in folders:
                os.rmdir(folder)
        except OSError:
            return False
        return True
