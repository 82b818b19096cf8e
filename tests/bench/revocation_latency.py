#!/usr/bin/env python3
"""revocation_latency.py [RUNS]: how long after the order to revoke a server lets its client in.

One server after the other; for each run another SVID of the client's is revoked, with a
connection open and a session kept. The clock starts before `surety revoke` and stops at
the first request that fails: on a fresh connection, on one that resumes the session, on
the open one. Prints a table for docs/revocation.md; exits 1 if a target is missed. Needs
root. SURETY_BIN and SURETY_CLIENTS name the folders of the built programs."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e")]
sys.dont_write_bytecode = True

from harness import api, grpc_raw, mtls, openssl, users  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.envoy import Envoy  # noqa: E402
from harness.waiting import until  # noqa: E402

GIVES_UP = 5.0  # Seconds after which a connection is held to stay.
TARGET = 1.0  # Seconds; of a fresh handshake, and of what resumes or stays where that ends.
HTTP = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n"


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
        "disable_stateless_session_resumption: true": "disable_stateless_session_resumption: false",
        "disable_stateful_session_resumption: true": "disable_stateful_session_resumption: false",
    }).listener


@dataclass
class Consumer:
    name: str
    start: Callable[[Daemon], Path]
    request: bytes
    # Seconds, or None where it did not end.
    fresh: list[float | None] = field(default_factory=list)
    resumed: list[float | None] = field(default_factory=list)
    live: list[float | None] = field(default_factory=list)
    resumes: bool = False


CONSUMERS = [
    Consumer("the reference service", service, b"hello\n"),
    Consumer("Envoy, as in docs/examples", envoy, HTTP),
    Consumer("Envoy, sessions resumed", envoy_that_resumes, HTTP),
]


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
        try:
            request()
        except OSError:
            out.append(time.monotonic() - begun)
            return
    out.append(None)


def one_run(daemon: Daemon, consumer: Consumer, listener: Path, svid: api.Svid) -> None:
    made = mtls.context(svid)

    def on_new(session: object = None) -> None:
        with mtls.connect(listener, made, session) as secure:
            mtls.ask(secure, consumer.request)
            if session is not None:
                consumer.resumes |= bool(secure.session_reused)

    live = mtls.connect(listener, made)
    mtls.ask(live, consumer.request)
    with mtls.connect(listener, made) as first:
        mtls.ask(first, consumer.request)
        session = first.session
    on_new(session)

    begun = time.monotonic()
    waits = [threading.Thread(target=until_it_fails, args=(begun, request, out))
             for out, request in ((consumer.fresh, on_new),
                                  (consumer.resumed, lambda: on_new(session)),
                                  (consumer.live, lambda: mtls.ask(live, consumer.request)))]
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


def measure(consumer: Consumer, runs: int) -> None:
    daemon = Daemon(top={"log_level": "warn"})
    try:
        daemon.entry_for("web", users.WEB)
        daemon.entry_for("db", users.DB)
        daemon.start()
        listener = consumer.start(daemon)
        with watch_from(daemon) as client:
            svid = client.receive().svids[0]

            def is_served() -> bool:
                try:
                    with mtls.connect(listener, mtls.context(svid)) as secure:
                        return bool(mtls.ask(secure, consumer.request))
                except OSError:
                    return False

            for _ in range(runs):
                until(f"{consumer.name} serves", is_served, 30)
                one_run(daemon, consumer, listener, svid)
                was = svid
                while svid.chain == was.chain:
                    svid = client.receive().svids[0]
    finally:
        daemon.cleanup()


def told(times: list[float | None]) -> str:
    ended = [seconds * 1000 for seconds in times if seconds is not None]
    if len(ended) < len(times):
        return f"stays ({len(times) - len(ended)} of {len(times)} for {GIVES_UP:.0f} s and longer)"
    return f"{statistics.median(ended):.0f} ms, at most {max(ended):.0f} ms"


def main(arguments: list[str]) -> int:
    runs = int(arguments[0]) if arguments else 10
    print("| server | fresh handshake | with a session to resume | open connection |")
    print("|---|---|---|---|")
    missed = False
    for consumer in CONSUMERS:
        measure(consumer, runs)
        resumed = told(consumer.resumed) + (", resumed till then" if consumer.resumes
                                            else ", never resumed")
        print(f"| {consumer.name} | {told(consumer.fresh)} | {resumed} | {told(consumer.live)} |",
              flush=True)
        missed |= any(seconds is None or seconds > TARGET for seconds in consumer.fresh)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
