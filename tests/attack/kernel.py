"""Calls of the kernel that Python's standard library has no name for."""

from __future__ import annotations

import ctypes
import os
import struct
import threading
from pathlib import Path
from typing import Any, Callable

CLONE_NEWTIME, CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS = 0x80, 0x20000, 0x2000000, 0x4000000
CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = (
    0x8000000, 0x10000000, 0x20000000, 0x40000000)

PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_DETACH, PTRACE_SEIZE = 0, 16, 17, 0x4206
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS = 1, 4, 8
CAP_NET_BIND_SERVICE, CAP_NET_RAW = 10, 13
AT_EMPTY_PATH = 0x1000

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def unshare(flags: int) -> None:
    _checked(_libc.unshare(flags), "unshare")


def remove_cgroup(folder: Path) -> bool:
    """Whether it went: not while a process is in it."""
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def setns(fd: int, kind: int) -> None:
    _checked(_libc.setns(fd, kind), "setns")


def prctl(option: int, value: int = 0) -> None:
    _checked(_libc.prctl(option, value, 0, 0, 0), "prctl")


def ptrace(request: int, pid: int) -> None:
    _libc.ptrace.restype = ctypes.c_long
    _libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    _checked(_libc.ptrace(request, pid, None, None), "ptrace")


def mount(source: str, target: str, flags: int, kind: str | None = None) -> None:
    _checked(_libc.mount(source.encode(), target.encode(), kind and kind.encode(), flags, None),
             "mount")


def unmount(target: str) -> None:
    _checked(_libc.umount2(target.encode(), 2), "umount")  # MNT_DETACH


def execveat(fd: int, arguments: list[str], environment: dict[str, str] | None = None) -> None:
    """execveat(2) of the file itself, with no name."""
    execve = _libc.execveat
    execve.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p),
                       ctypes.POINTER(ctypes.c_char_p), ctypes.c_int]
    variables = [f"{name}={value}" for name, value in (environment or {}).items()]
    _checked(execve(fd, b"", _vector(arguments), _vector(variables), AT_EMPTY_PATH), "execveat")


def _vector(texts: list[str]) -> Any:
    return (ctypes.c_char_p * (len(texts) + 1))(*[text.encode() for text in texts], None)


def capabilities() -> tuple[int, int, int]:
    """Effective, permitted and inheritable, as sets of bits (capget(2))."""
    header, data = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0), 8), \
        ctypes.create_string_buffer(24)
    _checked(_libc.capget(header, data), "capget")
    low = struct.unpack("6I", data.raw)
    return tuple(low[i] | low[i + 3] << 32 for i in range(3))  # type: ignore[return-value]


def set_capabilities(effective: int, permitted: int, inheritable: int = 0) -> None:
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0), 8)
    sets = (effective, permitted, inheritable)
    data = ctypes.create_string_buffer(struct.pack(
        "6I", *[each & 0xFFFFFFFF for each in sets], *[each >> 32 for each in sets]), 24)
    _checked(_libc.capset(header, data), "capset")


def in_thread(work: Callable[[], Any]) -> None:
    """Does `work` in a thread that is not the leader of its process."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def memfd_of(path: str) -> int:
    """A file without a name, with the content of `path`."""
    fd = os.memfd_create("x", 0)
    with open(path, "rb") as source:
        os.sendfile(fd, source.fileno(), 0, os.fstat(source.fileno()).st_size)
    return fd


def exit_thread() -> None:
    """Ends the thread that calls, and no other."""
    _libc.syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)
