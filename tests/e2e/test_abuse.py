"""What one client can send or withhold, and that the others go on being served."""

from __future__ import annotations

import os
import socket
import time

from harness import api, grpc_raw, users
from harness.case import Case

SVID = "/SpiffeWorkloadAPI/FetchX509SVID"


class BadBytes(Case):
    def setUp(self):
        super().setUp()
        self.suretyd = self.serving()

    def assert_unharmed(self):
        self.assertTrue(self.suretyd.alive())
        self.assert_served(self.suretyd, users.DB)

    def raw(self, *chunks, wait=2.0):
        """Sends bytes as WEB and reads until the daemon closes, or `wait` is over."""

        def talk():
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(self.suretyd.socket)
                connection.settimeout(wait)
                try:
                    for chunk in chunks:
                        connection.sendall(chunk)
                    while connection.recv(65536):
                        pass
                    return "closed"
                except TimeoutError:
                    return "open"
                except ConnectionError:
                    return "closed"

        return users.run_as(users.WEB, talk)

    def test_garbage_instead_of_http2(self):
        for noise in (b"\0" * 64, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(4096),
                      b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nXX"):
            with self.subTest(noise=noise[:16]):
                self.assertEqual(self.raw(noise), "closed")
        self.assert_unharmed()

    def test_garbage_after_the_preface(self):
        for noise in (os.urandom(2000), grpc_raw.frame(grpc_raw.HEADERS, 5, 1, os.urandom(200)),
                      grpc_raw.frame(grpc_raw.DATA, 1, 7, b"x"),
                      grpc_raw.frame(grpc_raw.CONTINUATION, 4, 1, b"x"),
                      b"\xff\xff\xff" + os.urandom(100)):
            with self.subTest(noise=noise[:16]):
                self.raw(grpc_raw.PREFACE, grpc_raw.frame(grpc_raw.SETTINGS, 0, 0), noise, wait=0.5)
        self.assert_unharmed()

    def test_random_frames_by_the_thousand(self):
        for _ in range(20):
            frames = b"".join(
                grpc_raw.frame(os.urandom(1)[0] % 11, os.urandom(1)[0], os.urandom(1)[0] % 16,
                               os.urandom(os.urandom(1)[0] % 64)) for _ in range(200))
            self.raw(grpc_raw.PREFACE, grpc_raw.frame(grpc_raw.SETTINGS, 0, 0), frames, wait=0.2)
        self.assert_unharmed()

    def test_one_megabyte_of_metadata_is_refused(self):
        def call(large):
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                try:
                    number = connection.call(SVID, extra=[grpc_raw.SPIFFE_HEADER, *large])
                    connection.message(number)
                    return "served"
                except grpc_raw.Ended as end:
                    return end.code
                except (grpc_raw.Closed, ConnectionError):
                    return "closed"

        for large in ([("x-large", "a" * (1 << 20))], [("x-large", "a" * 9000)],
                      [(f"x-{i}", "a") for i in range(10_000)]):
            with self.subTest(fields=len(large)):
                self.assertIn(users.run_as(users.WEB, lambda fields=large: call(fields)),
                              (grpc_raw.RESOURCE_EXHAUSTED, "closed"))
        self.assertEqual(users.run_as(users.WEB, lambda: call([("x-small", "a" * 1000)])), "served")
        self.assert_unharmed()

    def test_request_of_ten_megabytes_is_refused(self):
        def call():
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                try:
                    connection.message(connection.call(SVID, b"\x0a" + b"a" * (10 << 20)))
                    return "served"
                except grpc_raw.Ended as end:
                    return end.code
                except (grpc_raw.Closed, ConnectionError):
                    return "closed"

        self.assertNotEqual(users.run_as(users.WEB, call), "served")
        self.assert_unharmed()

    def test_request_that_does_not_parse_is_no_harm(self):
        def call():
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                return connection.status(connection.call(SVID, b"\xff\xff\xff"), 2)[0]

        self.assertEqual(users.run_as(users.WEB, call), grpc_raw.INVALID_ARGUMENT)
        self.assert_unharmed()

    def test_connect_and_hang_up_ten_thousand_times(self):
        def knock():
            for _ in range(10000):
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(self.suretyd.socket)

        self.assert_unharmed()
        descriptors = self.suretyd.descriptors()
        users.run_as(users.WEB, knock, timeout=120)
        self.assert_unharmed()
        self.until("no descriptor is left of it",
                   lambda: self.suretyd.descriptors() < descriptors + 10)


class Withholding(Case):
    def test_client_that_stops_reading_is_dropped_and_others_are_not(self):
        daemon = self.serving(limits={"stalled_write_timeout": "2s"})

        def mute(send):
            connection = grpc_raw.Connection(daemon.socket, window=0)
            begin = time.monotonic()
            try:
                connection.message(connection.fetch(), 20)
                send("served")
            except (grpc_raw.Ended, grpc_raw.Closed):
                send(time.monotonic() - begin)

        reader = self.watcher(users.DB, daemon)
        had = reader.receive()
        worker = self.worker(users.WEB, mute)
        took = worker.receive(20)
        self.assertGreater(took, 1)
        self.assertLess(took, 6)
        self.assert_keeps(reader, had, 0.5)
        self.assert_served(daemon)

    def test_client_that_never_says_anything_is_dropped(self):
        daemon = self.serving(limits={"silent_timeout": "1s"})

        def silent():
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(daemon.socket)
                connection.settimeout(10)
                begin = time.monotonic()
                while connection.recv(65536):
                    pass
                return time.monotonic() - begin

        self.assertLess(users.run_as(users.WEB, silent), 5)

    def test_client_that_stops_within_the_preface_is_dropped(self):
        daemon = self.serving(limits={"silent_timeout": "1s"})

        def half_open():
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(daemon.socket)
                connection.sendall(grpc_raw.PREFACE[:10])
                connection.settimeout(10)
                begin = time.monotonic()
                while connection.recv(65536):
                    pass
                return time.monotonic() - begin

        self.assertLess(users.run_as(users.WEB, half_open), 5)

    def test_watcher_with_an_open_stream_is_not_taken_for_silent(self):
        daemon = self.serving(limits={"silent_timeout": "1s"})
        watcher = self.watcher(users.WEB, daemon)
        watcher.receive()
        with self.assertRaises(TimeoutError):
            watcher.receive(3)


class Floods(Case):
    """One user takes all it can get; another one is served as if nothing were."""

    def assert_prompt(self, daemon, limit=1.0):
        slowest = 0.0
        for _ in range(10):
            begin = time.monotonic()
            self.assert_served(daemon, users.DB)
            slowest = max(slowest, time.monotonic() - begin)
        print(f"the other user waited {slowest * 1000:.1f} ms at most")
        self.assertLess(slowest, limit)

    def test_more_connections_than_a_user_may_have(self):
        daemon = self.serving(limits={"connections_per_uid": 200})

        def hoard(send):
            kept, cut = [], 0
            for _ in range(600):
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(daemon.socket)
                kept.append(connection)
            deadline = time.monotonic() + 5
            while cut < 400 and time.monotonic() < deadline:
                cut = sum(self.is_closed(connection) for connection in kept)
                time.sleep(0.02)
            send(cut)
            time.sleep(60)

        worker = self.worker(users.WEB, hoard)
        self.assertEqual(worker.receive(20), 400)
        self.assert_prompt(daemon)
        code = self.run_for_code(users.WEB, daemon)
        self.assertNotEqual(code, grpc_raw.OK)
        worker.stop()
        self.until("the user is served again once its connections are gone",
                   lambda: self.run_for_code(users.WEB, daemon) == grpc_raw.OK)

    def run_for_code(self, uid, daemon):
        def call():
            try:
                api.fetch_x509(daemon.socket)
                return grpc_raw.OK
            except grpc_raw.Ended as end:
                return end.code
            except (grpc_raw.Closed, ConnectionError):
                return -1

        return users.run_as(uid, call)

    @staticmethod
    def is_closed(connection):
        """The daemon's own first bytes (its SETTINGS) do not mean closed."""
        connection.setblocking(False)
        try:
            while True:
                if not connection.recv(65536):
                    return True
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def test_more_open_streams_than_a_user_may_have(self):
        daemon = self.serving(limits={"streams_per_uid": 50})

        def hoard(send):
            codes = []
            connection = grpc_raw.Connection(daemon.socket)
            numbers = [connection.fetch() for _ in range(60)]
            for number in numbers:
                try:
                    connection.message(number)
                    codes.append(grpc_raw.OK)
                except grpc_raw.Ended as end:
                    codes.append(end.code)
            send(codes)
            time.sleep(60)

        codes = self.worker(users.WEB, hoard).receive(20)
        self.assertEqual(codes.count(grpc_raw.OK), 50)
        # Transient: INVALID_ARGUMENT or CANCELLED would end a go-spiffe client for good.
        self.assertEqual(set(codes[50:]) - {grpc_raw.OK}, {grpc_raw.RESOURCE_EXHAUSTED})
        self.assert_prompt(daemon)

    def test_calls_in_a_tight_loop(self):
        daemon = self.serving(limits={"calls_per_second_per_uid": 200, "calls_burst_per_uid": 200})

        def hammer(send):
            send("started")
            connection = grpc_raw.Connection(daemon.socket)
            refused = served = 0
            end = time.monotonic() + 4
            while time.monotonic() < end:
                number = connection.fetch()
                try:
                    connection.message(number)
                    connection.cancel(number)
                    served += 1
                except grpc_raw.Ended as over:
                    if over.code != grpc_raw.RESOURCE_EXHAUSTED:
                        raise
                    refused += 1
            send((served, refused))

        workers = [self.worker(users.WEB, hammer) for _ in range(3)]
        for worker in workers:
            worker.receive()
        self.assert_prompt(daemon)
        results = [worker.receive(20) for worker in workers]
        self.assertLess(sum(served for served, _ in results), 200 + 200 * 5 + 50)
        self.assertGreater(sum(refused for _, refused in results), 100)
