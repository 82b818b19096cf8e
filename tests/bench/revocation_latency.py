#!/usr/bin/env python3
"""revocation_latency.py [RUNS]: how long after the order to revoke a server lets its client in.

One server after the other; for each run another SVID of the client's is revoked, with a
connection open and a session kept. The clock starts before `surety revoke` and stops at
the first request that fails: on a fresh connection, on one that resumes the session, on
the open one. Prints a table for docs/revocation.md; exits 1 if a target is missed. Needs
root. SURETY_BIN and SURETY_CLIENTS name the folders of the built programs."""

from __future__ import annotations

import os
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import threading
import time
import unittest
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "interop")]
sys.dont_write_bytecode = True

import test_sinks  # noqa: E402
from harness import api, grpc_raw, mtls, openssl, users  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.envoy import Envoy  # noqa: E402
from harness.waiting import until  # noqa: E402

GIVES_UP = 5.0  # Seconds after which a client is held to be served on.
PAUSE = 0.01  # Seconds; nginx ends a connection after a thousand requests.
TARGET = 1.0  # Seconds; of a fresh handshake.
Connect = Callable[[ssl.SSLContext, "ssl.SSLSession | None"], ssl.SSLSocket]


@dataclass
class Server:
    name: str
    connect: Connect
    request: bytes
    answer: bytes  # Its beginning.
    looks_at_crls: bool = True
    # Seconds, or None where it did not end.
    fresh: list[float | None] = field(default_factory=list)
    resumed: list[float | None] = field(default_factory=list)
    live: list[float | None] = field(default_factory=list)
    resumes: bool = False

    def ask(self, secure: ssl.SSLSocket) -> None:
        """OSError if the client is not served."""
        if not mtls.ask(secure, self.request).startswith(self.answer):
            raise OSError("the request is refused")


HTTP = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n", b"HTTP/1.1 200"
SELECT = b"Q" + struct.pack("!I", 13) + b"select 1\0", b"T"
LINE = b"hello\n", b"hello\n"
PING = b"PING\r\n", b"+PONG"


def service(daemon: Daemon) -> Path:
    folder = daemon.folder / "service"
    folder.mkdir()
    os.chown(folder, users.WEB, users.WEB)
    listener = folder / "tls.sock"
    daemon.spawned.append(daemon.popen("client", "service", "-listen", str(listener),
                                       uid=users.WEB))
    return listener


def envoy(daemon: Daemon) -> Path:
    return Envoy(daemon, users.WEB).listener


def envoy_that_resumes(daemon: Daemon) -> Path:
    return Envoy(daemon, users.WEB, {
        f"disable_{kind}_session_resumption: true": f"disable_{kind}_session_resumption: false"
        for kind in ("stateless", "stateful")}).listener


def of_sink(one: test_sinks.Service) -> Connect:
    def connect(made: ssl.SSLContext, session: ssl.SSLSession | None) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", one.port), 10)
        try:
            one.before(plain)
            secure = made.wrap_socket(plain, session=session)
            if one.name == "postgresql":
                log_in(secure)
            return secure
        except BaseException:
            plain.close()
            raise

    return connect


def log_in(secure: ssl.SSLSocket) -> None:
    words = b"user\0postgres\0database\0postgres\0\0"
    secure.sendall(struct.pack("!II", 8 + len(words), 196608) + words)
    said = b""
    while not said.endswith(b"Z\0\0\0\x05I"):  # It is ready for a query.
        got = secure.recv(4096)
        if not got:
            raise OSError("PostgreSQL lets it not in")
        said += got


def watch_from(daemon: Daemon) -> users.Worker:
    def work(send: Callable[[object], None]) -> None:
        with grpc_raw.Connection(daemon.socket) as connection:
            stream = connection.fetch()
            while True:
                send(api.x509_response(connection.message(stream, 600)))

    return users.Worker(users.DB, work)


def until_it_fails(begun: float, request: Callable[[], object],
                   out: list[float | None]) -> None:
    while time.monotonic() - begun < GIVES_UP:
        time.sleep(PAUSE)
        try:
            request()
        except OSError:
            out.append(time.monotonic() - begun)
            return
    out.append(None)


def one_run(daemon: Daemon, server: Server, svid: api.Svid) -> None:
    made = mtls.context(svid)

    def on_new(session: ssl.SSLSession | None = None) -> None:
        with server.connect(made, session) as secure:
            server.ask(secure)
            server.resumes |= session is not None and bool(secure.session_reused)

    live = server.connect(made, None)
    server.ask(live)
    with server.connect(made, None) as first:
        server.ask(first)
        session = first.session
    on_new(session)

    begun = time.monotonic()
    waits = [threading.Thread(target=until_it_fails, args=(begun, request, out))
             for out, request in ((server.fresh, on_new),
                                  (server.resumed, lambda: on_new(session)),
                                  (server.live, lambda: server.ask(live)))]
    serial = openssl.serial(api.certificates(svid.chain)[0])
    order = subprocess.Popen([daemon.program("surety"), "revoke", "--admin-socket",
                              daemon.admin_socket, "--serial", serial, "--reason", "bench"],
                             stdout=subprocess.DEVNULL)
    for wait in waits:
        wait.start()
    for wait in waits:
        wait.join()
    live.close()
    if order.wait() != 0:
        raise RuntimeError("surety revoke failed")


def measure(daemon: Daemon, server: Server, runs: int) -> bool:
    """Prints a line of the table; whether the target is met."""
    with watch_from(daemon) as client:
        svid = client.receive().svids[0]

        def is_served() -> bool:
            try:
                with server.connect(mtls.context(svid), None) as secure:
                    server.ask(secure)
                return True
            except OSError:
                return False

        for _ in range(runs):
            until(f"{server.name} serves", is_served, 30)
            one_run(daemon, server, svid)
            was = svid
            while svid.chain == was.chain:
                svid = client.receive().svids[0]
    resumed = "resumed till then" if server.resumes else "never resumed"
    print(f"| {server.name} | {told(server.fresh)} | {told(server.resumed)}, {resumed} | "
          f"{told(server.live)} |", flush=True)
    return not server.looks_at_crls or all(
        seconds is not None and seconds <= TARGET for seconds in server.fresh)


def told(times: list[float | None]) -> str:
    ended = [seconds * 1000 for seconds in times if seconds is not None]
    if not ended:
        return "served on"
    text = f"{statistics.median(ended):.0f} ms, at most {max(ended):.0f} ms"
    return text if len(ended) == len(times) else f"{text}; served on in {len(times) - len(ended)}"


def with_a_daemon(name: str, start: Callable[[Daemon], Path], talk: tuple[bytes, bytes],
                  runs: int) -> bool:
    daemon = Daemon(top={"log_level": "warn"})
    try:
        daemon.entry_for("web", users.WEB)
        daemon.entry_for("db", users.DB)
        daemon.start()
        listener = start(daemon)
        return measure(daemon, Server(name, lambda made, session: mtls.connect(
            listener, made, session), *talk), runs)
    finally:
        daemon.cleanup()


class Services(test_sinks.Sinks):
    """The four of the tests of sinks, with their settings, which docs/sinks.md has."""

    TTL = "1h"  # So that files are written for a revocation alone.
    TALKS = {"nginx": HTTP, "haproxy": HTTP, "postgresql": SELECT, "redis": PING}
    NAMES = {"nginx": "nginx", "haproxy": "HAProxy", "postgresql": "PostgreSQL", "redis": "Redis"}
    runs = 0
    met = True

    def runTest(self) -> None:
        self.begin(*self.all_four())
        for one in self.services:
            server = Server(f"{self.NAMES[one.name]}, as in docs/sinks.md", of_sink(one), *self.TALKS[one.name],
                            looks_at_crls=one.name != "redis")
            Services.met &= measure(self.suretyd, server, self.runs)


def main(arguments: list[str]) -> int:
    runs = int(arguments[0]) if arguments else 10
    print("| server | fresh handshake | with a session to resume | open connection |")
    print("|---|---|---|---|")
    met = with_a_daemon("the reference service", service, LINE, runs)
    met &= with_a_daemon("Envoy, as in docs/examples", envoy, HTTP, runs)
    met &= with_a_daemon("Envoy, sessions resumed", envoy_that_resumes, HTTP, runs)
    Services.runs = runs
    result = unittest.TestResult()
    Services().run(result)
    for _, trace in result.failures + result.errors:
        print(trace, file=sys.stderr)
    return 0 if met and Services.met and result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
