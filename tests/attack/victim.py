"""The attacked: a process with an open stream that does as it is told."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
from typing import Any, Callable

from harness import api, grpc_raw, users
from harness.daemon import Daemon
from harness.openssl import serial
from harness.waiting import until

Act = Callable[[], Any]


class Victim:
    """Connects by itself, and so is whom the daemon knows. Its connection is shared
    with the test, which opens the stream and reads it: whatever becomes of the
    process, its stream stays open until the daemon ends it. `acts` run in it, one
    for each order; its `kin` are children that it has before the first of them."""

    def __init__(self, daemon: Daemon, uid: int, acts: tuple[Act, ...], before: Act | None = None,
                 program: list[str] | None = None):
        """It is of `uid` and has done `before` when it connects. `program`: what it
        then executes, before the stream is opened; orders are lines of its standard
        input, and there are no acts."""
        self.daemon, self.uid = daemon, uid
        self._orders, orders = socket.socketpair()
        self._kin, kin = socket.socketpair()
        ours, theirs = socket.socketpair()

        def live(send: Callable[[Any], None]) -> None:
            if before:
                before()
            if os.fork() == 0:
                theirs.close()
                _be_kin(daemon, kin)
            raw = socket.socket(socket.AF_UNIX)
            raw.connect(daemon.socket)
            socket.send_fds(theirs, [str(os.getpid()).encode()], [raw.fileno()])
            if program:
                os.dup2(orders.fileno(), 0)
                os.execv(program[0], program)
            for act in acts:
                if not orders.recv(1):
                    return
                send(act())
            signal.pause()

        self.worker = users.Worker(uid, live)
        for end in (theirs, orders, kin):
            end.close()
        ours.settimeout(10)
        pid, fds, _, _ = socket.recv_fds(ours, 32, 1)
        if not fds:
            self.worker.receive()  # Raises what went wrong.
        self.pid = int(pid)
        ours.close()
        if program:
            until(f"{program[0]} runs", lambda: self.runs(program[0]))
        self.connection = grpc_raw.Connection(socket.socket(fileno=fds[0]))
        self.stream = self.connection.fetch()
        try:
            self.response = self.next_response()
        except Exception:
            self.stop()
            raise
        self.spiffe_id = self.response.svids[0].spiffe_id
        self.serials = serials_of(self.response)

    def runs(self, path: str) -> bool:
        return os.readlink(f"/proc/{self.pid}/exe") == os.path.realpath(path)

    def start(self) -> None:
        """Orders the next act. One that execs never reports."""
        self._orders.sendall(b"\n")

    def do(self, timeout: float = 10) -> Any:
        """Orders the next act and waits for what it gives."""
        self.start()
        return self.worker.receive(timeout)

    def next_response(self, timeout: float = 10) -> api.X509Response:
        return api.x509_response(self.connection.message(self.stream, timeout))

    def end_of_stream(self, timeout: float = 10) -> tuple[int, str, list[str]]:
        """Code and message, and the serials that were given on the way there."""
        given: list[str] = []
        while True:
            try:
                given += serials_of(self.next_response(timeout))
            except grpc_raw.Ended as end:
                return end.code, end.message, given

    def ask_again(self) -> tuple[int, str]:
        """How a new stream on the connection that it has ends; OK if it is served."""
        return _status(self.connection)

    def ask_as_kin(self, leave: bool = False) -> tuple[int, str]:
        """The same of a new child of its; `leave`: of a grandchild in a session of
        its own, whose parent has exited."""
        self._kin.sendall(b"l" if leave else b"a")
        return _receive(self._kin)

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._kin.sendall(b"q")
        self._orders.close()
        self._kin.close()
        self.connection.close()
        if self.pid != self.worker.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self.worker.stop()


def serials_of(response: api.X509Response) -> list[str]:
    return [serial(api.certificates(svid.chain)[0]) for svid in response.svids]


def _status(connection: grpc_raw.Connection) -> tuple[int, str]:
    try:
        connection.message(connection.fetch())
        return grpc_raw.OK, ""
    except grpc_raw.Ended as end:
        return end.code, end.message


def _receive(end: socket.socket) -> Any:
    end.settimeout(20)
    value = pickle.loads(end.recv(65536))
    if isinstance(value, Exception):
        raise value
    return value


def _be_kin(daemon: Daemon, orders: socket.socket) -> None:
    """Each order, until the last one, is done by a new child."""
    try:
        while (order := orders.recv(1)) != b"q":
            if os.fork() == 0:
                if order == b"l":
                    _leave()
                _ask(daemon, orders)
                os._exit(0)
            os.wait()
    finally:
        os._exit(0)


def _leave() -> None:
    """What daemon(3) does; returns in the orphan once it is one."""
    parent = os.getpid()
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    while os.getppid() == parent:
        os.sched_yield()


def _ask(daemon: Daemon, answers: socket.socket) -> None:
    try:
        with grpc_raw.Connection(daemon.socket) as connection:
            answer: Any = _status(connection)
    except Exception as error:
        answer = error
    answers.sendall(pickle.dumps(answer))
