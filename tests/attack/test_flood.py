"""What is withheld or repeated without end: row 50."""

from __future__ import annotations

import resource
import socket
import statistics
import time

from harness import api, audit, grpc_raw, users
from harness.case import Case


class Slowloris(Case):
    """Row 50: connections and streams that do nothing."""

    STREAMS = 5000

    def latencies(self, daemon, uid=users.DB, count=100):
        """Seconds that a first SVID takes another user, in order."""

        def fetch():
            took = []
            for _ in range(count):
                begin = time.monotonic()
                api.fetch_ids(daemon.socket)
                took.append(time.monotonic() - begin)
            return sorted(took)

        return users.run_as(uid, fetch)

    def memory(self, daemon):
        with open(f"/proc/{daemon.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    def test_50_five_thousand_idle_streams_of_one_user_slow_no_other_one(self):
        daemon = self.serving()
        alone = self.latencies(daemon)
        before = self.memory(daemon)
        descriptors = daemon.descriptors()

        def hoard(send):
            connections = [grpc_raw.Connection(daemon.socket) for _ in range(50)]
            for connection in connections:
                for number in [connection.fetch() for _ in range(self.STREAMS // 50)]:
                    connection.message(number, 60)
            send("open")
            time.sleep(120)

        hoarder = self.worker(users.WEB, hoard)
        self.assertEqual(hoarder.receive(120), "open")
        beside = self.latencies(daemon)
        grown = (self.memory(daemon) - before) / self.STREAMS
        p99 = -2
        print(f"first SVID: p50 {statistics.median(alone) * 1000:.2f} ms, p99 {alone[p99] * 1000:.2f} ms "
              f"alone; p50 {statistics.median(beside) * 1000:.2f} ms, p99 {beside[p99] * 1000:.2f} ms "
              f"beside {self.STREAMS} streams, which take {grown / 1024:.1f} KiB each")
        # Twice, and what a machine with other things to do adds to the slowest of 100.
        self.assertLess(statistics.median(beside), 2 * statistics.median(alone) + 0.005)
        self.assertLess(beside[p99], 2 * alone[p99] + 0.05)
        self.assertLess(grown, 64 * 1024)
        hoarder.stop()
        self.until("all of it is given back",
                   lambda: daemon.descriptors() < descriptors + 10)

    def flooded(self, daemon, head, flood, pieces):
        """What becomes of 64 MiB of frames from a client that reads nothing, and how much
        the daemon grew meanwhile."""
        before = self.memory(daemon)

        def send_all(send):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(3)
                connection.connect(daemon.socket)
                try:
                    connection.sendall(grpc_raw.PREFACE + grpc_raw.frame(grpc_raw.SETTINGS, 0, 0) + head)
                    for _ in range(pieces):
                        connection.sendall(flood)
                    send("taken")
                except TimeoutError:
                    send("not read")
                except ConnectionError:
                    send("cut")
                time.sleep(20)

        flooder = self.worker(users.WEB, send_all)
        answer = flooder.receive(60)
        grown = self.memory(daemon) - before
        flooder.stop()
        print(f"{pieces * len(flood) >> 20} MiB were {answer}; the daemon grew by {grown >> 20} MiB")
        self.assert_served(daemon, users.DB)
        return answer, grown

    def test_50_header_block_that_does_not_end_is_cut(self):
        daemon = self.serving()
        field = b"\0\1a\x7f\xa1\x7e" + b"b" * 16288
        for name, head, flood in (
                ("long fields", grpc_raw.frame(grpc_raw.HEADERS, 0, 1, b"\0\1a\1b"),
                 grpc_raw.frame(grpc_raw.CONTINUATION, 0, 1, field[:16384])),
                ("one field of a gigabyte",
                 grpc_raw.frame(grpc_raw.HEADERS, 0, 1, b"\0\1a\x7f\x81\xff\xff\xff\x03"),
                 grpc_raw.frame(grpc_raw.CONTINUATION, 0, 1, b"b" * 16384)),
                ("nothing", grpc_raw.frame(grpc_raw.HEADERS, 0, 1),
                 grpc_raw.frame(grpc_raw.CONTINUATION, 0, 1) * 1820)):
            with self.subTest(blocks=name):
                answer, grown = self.flooded(daemon, head, flood, 4096)
                self.assertEqual(answer, "cut")
                self.assertLess(grown, 16 << 20)
        told = audit.awaited("the notice", lambda: audit.notices(
            daemon, "connection.flooded", severity="high"))
        self.assertEqual(told["details"]["uid"], str(users.WEB))

    def test_50_frames_that_ask_for_answers_that_nobody_reads_take_bounded_memory(self):
        daemon = self.serving()
        for name, flood in (("settings", grpc_raw.frame(grpc_raw.SETTINGS, 0, 0) * 1820),
                            ("pings", grpc_raw.frame(grpc_raw.PING, 0, 0, b"12345678") * 960),
                            ("resets", grpc_raw.frame(grpc_raw.RST_STREAM, 0, 1, b"\0\0\0\x08") * 1260)):
            with self.subTest(frames=name):
                _, grown = self.flooded(daemon, b"", flood, 4096)
                self.assertLess(grown, 128 << 20)  # gRPC's quota is 64 MiB.

    def test_50_half_open_connections_and_headers_without_end_are_cut(self):
        daemon = self.serving(limits={"silent_timeout": "1s", "connections_per_uid": 300})

        def hang(send):
            kept = []
            for i in range(250):
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(daemon.socket)
                connection.sendall(grpc_raw.PREFACE + grpc_raw.frame(grpc_raw.SETTINGS, 0, 0))
                if i % 2:  # A header block that never ends.
                    connection.sendall(grpc_raw.frame(grpc_raw.HEADERS, 0, 1, b"\0\1a\1b"))
                kept.append(connection)
            send("open")
            deadline = time.monotonic() + 20
            for connection in kept:
                connection.settimeout(max(0.1, deadline - time.monotonic()))
                try:
                    while connection.recv(65536):
                        pass
                except ConnectionError:
                    pass
            send("all cut")

        worker = self.worker(users.WEB, hang)
        self.assertEqual(worker.receive(20), "open")
        self.assert_served(daemon, users.DB)
        self.assertEqual(worker.receive(30), "all cut")
        self.assert_served(daemon, users.WEB)
