"""The base of every end-to-end case."""

from __future__ import annotations

import os
import sys
import time
import unittest
from typing import Any, Callable

from . import api, grpc_raw, users
from .daemon import Daemon
from .waiting import until


class Case(unittest.TestCase):
    """Cleans up its daemons and workers, and shows the daemons' logs on failure."""

    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        if os.geteuid() != 0:
            raise RuntimeError("the end-to-end tests need root, to run workloads of several users")

    def setUp(self) -> None:
        self._daemons: list[Daemon] = []

    def tearDown(self) -> None:
        if not self._outcome.success:  # type: ignore[attr-defined]
            for daemon in self._daemons:
                tail = daemon.log().splitlines()[-60:]
                print("---- the daemon's log, its end", *tail, "----", sep="\n", file=sys.stderr)

    def daemon(self, **settings: Any) -> Daemon:
        """A daemon that is not started yet and has no entry."""
        daemon = Daemon(**settings)
        self._daemons.append(daemon)
        self.addCleanup(daemon.cleanup)
        return daemon

    def serving(self, **settings: Any) -> Daemon:
        """A running daemon with an entry for the users WEB and DB."""
        daemon = self.daemon(**settings)
        daemon.entry_for("web", users.WEB)
        daemon.entry_for("db", users.DB)
        return daemon.start()

    def worker(self, uid: int, work: Callable[[Callable[[Any], None]], None]) -> users.Worker:
        worker = users.Worker(uid, work)
        self.addCleanup(worker.stop)
        return worker

    def watcher(self, uid: int, daemon: Daemon) -> users.Worker:
        """A process of `uid` with one open stream. It sends each update as an
        api.X509Response and, as the last thing, the (code, message) of the end."""

        def work(send: Callable[[Any], None]) -> None:
            with grpc_raw.Connection(daemon.socket) as connection:
                stream = connection.fetch()
                try:
                    while True:
                        send(api.x509_response(connection.message(stream, 300)))
                except grpc_raw.Ended as end:
                    send((end.code, end.message))
                except grpc_raw.Closed as end:
                    send((-1, str(end)))

        return self.worker(uid, work)

    def status_of(self, uid: int, daemon: Daemon, method: str = "FetchX509SVID") -> tuple[int, str]:
        """How a call of `uid` ends; OK with its first message if it is served."""

        def call() -> tuple[int, str]:
            with grpc_raw.Connection(daemon.socket) as connection:
                try:
                    connection.message(connection.fetch(method))
                    return grpc_raw.OK, ""
                except grpc_raw.Ended as end:
                    return end.code, end.message

        return users.run_as(uid, call)

    def ids_of(self, uid: int, daemon: Daemon) -> list[str]:
        return users.run_as(uid, api.fetch_ids, daemon.socket)

    def response_to(self, daemon: Daemon, uid: int = users.WEB) -> api.X509Response:
        return users.run_as(uid, api.fetch_x509, daemon.socket)

    def assert_served(self, daemon: Daemon, uid: int = users.WEB) -> None:
        self.assertTrue(self.ids_of(uid, daemon))

    def assert_keeps(self, watcher: users.Worker, had: api.X509Response, seconds: float) -> None:
        """Nothing comes on its stream but new CRLs, which are for everybody."""
        deadline = time.monotonic() + seconds
        with self.assertRaises(TimeoutError):
            while True:
                now = watcher.receive(deadline - time.monotonic())
                self.assertEqual(now.svids, had.svids)

    def until(self, what: str, check: Callable[[], Any], timeout: float = 10) -> Any:
        return until(what, check, timeout)
