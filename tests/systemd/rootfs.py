"""A Debian 12 with a systemd of its own, made once and kept below build/."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from harness.daemon import BIN

WHERE = BIN.parent.parent / "rootfs"
SYSTEMD = ["systemd", "systemd-sysv", "dbus"]


def _libraries() -> list[str]:
    """Which our programs are linked with here."""
    listed = subprocess.run(["ldd", BIN / "suretyd", BIN / "surety"], capture_output=True,
                            text=True, check=True).stdout
    return sorted({str(Path(path).resolve()) for path in re.findall(r"=> (/\S+)", listed)})


def _packages_with(files: list[str]) -> list[str]:
    # With /usr merged, a package may have listed its file with or without it.
    names = [f"*{re.sub('^/usr', '', file)}" for file in files]
    owned = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True,
                           check=True).stdout
    return sorted({line.split(":")[0] for line in owned.splitlines()})


def made(extra: list[str] | None = None) -> Path:
    """The folder of a system with these packages as well; in 40 s, or at once if
    there is one. It is for everybody: boot it with changes that go (machine.py)."""
    wanted = sorted({*SYSTEMD, *(extra or [])})
    libraries = _libraries()
    name = hashlib.sha256(" ".join(wanted + libraries).encode()).hexdigest()[:16]
    folder = WHERE / name
    WHERE.mkdir(parents=True, exist_ok=True)
    with (WHERE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _make(sorted({*wanted, *_packages_with(libraries)}), folder)
    return folder


def _make(packages: list[str], folder: Path) -> None:
    scratch = folder.with_suffix(".new")
    shutil.rmtree(scratch, ignore_errors=True)
    command = ["mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(packages)}",
               "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
               "--dpkgopt=path-exclude=/usr/share/locale/*", "bookworm", str(scratch)]
    made_it = subprocess.run(command, capture_output=True, text=True, check=False)
    if made_it.returncode != 0:
        raise RuntimeError(f"mmdebstrap failed; is there a network?\n{made_it.stderr}")
    scratch.rename(folder)
