"""Processes with a pid of our choice: what a fork bomb gets by patience."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal
import subprocess
import time

from . import users

SYS_CLONE3 = 435  # The same number on every architecture (clone3, kernel 5.3; set_tid 5.5).


class CloneArgs(ctypes.Structure):
    """struct clone_args of linux/sched.h, up to set_tid."""

    _fields_ = [(name, ctypes.c_uint64) for name in (
        "flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls",
        "set_tid", "set_tid_size")]


def fork_with_pid(pid: int, uid: int) -> int:
    """A sleeping child of `uid` that has exactly this pid. Needs CAP_CHECKPOINT_RESTORE."""
    wanted = (ctypes.c_int * 1)(pid)
    args = CloneArgs(exit_signal=signal.SIGCHLD, set_tid=ctypes.addressof(wanted), set_tid_size=1)
    libc = ctypes.CDLL(None, use_errno=True)
    deadline = time.monotonic() + 5
    while True:
        child = libc.syscall(SYS_CLONE3, ctypes.byref(args), ctypes.sizeof(args))
        if child == 0:
            try:
                users.become(uid)
                time.sleep(60)
            finally:
                os._exit(0)
        if child > 0:
            break
        # The pid is free a moment after waitpid() has returned.
        if ctypes.get_errno() != errno.EEXIST or time.monotonic() > deadline:
            raise OSError(ctypes.get_errno(), f"clone3 with pid {pid}")
    while os.stat(f"/proc/{child}").st_uid != uid and time.monotonic() < deadline:
        time.sleep(0.001)
    return child


def end(pid: int) -> None:
    """Kills and reaps a child; one that is gone already is no fault."""
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def run_in_small_pid_space(command: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
    """Runs a command in a pid namespace of its own with about a hundred pids to
    give, so that every one is given again within a second. Before Linux 6.14
    the number of pids is one for the whole machine, and is left alone."""
    version = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
    shrink = "echo 420 >/proc/sys/kernel/pid_max && " if version >= (6, 14) else ""
    return subprocess.run(
        ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
         f'{shrink}exec "$@"', "sh", *command],
        capture_output=True, text=True, timeout=timeout, check=False)
