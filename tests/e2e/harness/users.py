"""Runs code as another user, in a forked child. The users have no accounts."""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
import traceback
from typing import Any, Callable

# Numbers that no account of a Debian system has.
WEB, DB, BATCH, STRANGER = 12001, 12002, 12003, 12099


def become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


class Worker:
    """A child of another user that runs `work(send)` and can tell its parent
    things on the way. Killed at stop() at the latest."""

    def __init__(self, uid: int, work: Callable[[Callable[[Any], None]], None]):
        out, inner = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(out)
            _child(uid, work, inner)
        os.close(inner)
        self._out = out
        self._buffer = b""
        self._reaped = False

    def receive(self, timeout: float = 10) -> Any:
        """What the worker sent next; its exception is raised here. EOFError: it ended."""
        deadline = time.monotonic() + timeout
        while True:
            size = int.from_bytes(self._buffer[:4], "big")
            if len(self._buffer) >= 4 and len(self._buffer) >= 4 + size:
                value = pickle.loads(self._buffer[4:4 + size])
                self._buffer = self._buffer[4 + size:]
                if isinstance(value, Exception):
                    raise value
                return value
            if not select.select([self._out], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the worker said nothing in time")
            got = os.read(self._out, 65536)
            if not got:
                raise EOFError("the worker ended")
            self._buffer += got

    def kill(self, signum: int = signal.SIGKILL) -> None:
        if not self._reaped:
            os.kill(self.pid, signum)

    def wait(self) -> int:
        if not self._reaped:
            _, self._status = os.waitpid(self.pid, 0)
            self._reaped = True
        return self._status

    def stop(self) -> None:
        self.kill()
        self.wait()
        if self._out >= 0:
            os.close(self._out)
            self._out = -1

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _child(uid: int, work: Callable[[Callable[[Any], None]], None], pipe: int) -> None:
    def send(value: Any) -> None:
        raw = pickle.dumps(value)
        os.write(pipe, len(raw).to_bytes(4, "big") + raw)

    status = 1
    try:
        become(uid)
        work(send)
        status = 0
    except Exception as error:  # Whatever it is, the parent raises it.
        try:
            send(error)
        except Exception:
            traceback.print_exc()
    finally:
        os._exit(status)


def run_as(uid: int, function: Callable[..., Any], *args: Any, timeout: float = 30) -> Any:
    """function(*args) as `uid`, in a process of its own; its result or exception."""
    with Worker(uid, lambda send: send(function(*args))) as worker:
        return worker.receive(timeout)
