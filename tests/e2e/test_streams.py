"""CONFORMANCE rows S: how streams behave (SPIFFE_Workload_API.md, section 4)."""

from __future__ import annotations

import os
import socket
import time

from harness import api, grpc_raw, users
from harness.case import Case
from harness.openssl import serial


def leaf_serials(response):
    return [serial(api.certificates(svid.chain)[0]) for svid in response.svids]


class Streams(Case):
    def test_s1_first_response_comes_at_once(self):
        daemon = self.serving()

        def first_two(send):
            for _ in range(2):
                begin = time.monotonic()
                api.fetch_x509(daemon.socket)
                send(time.monotonic() - begin)

        worker = self.worker(users.WEB, first_two)
        self.assertLess(worker.receive(), 0.5)  # The executable is hashed for the first time.
        self.assertLess(worker.receive(), 0.1)

    def test_s1_on_each_of_many_streams_of_one_connection(self):
        daemon = self.serving()

        def many():
            with grpc_raw.Connection(daemon.socket) as connection:
                numbers = [connection.fetch() for _ in range(50)]
                return [api.x509_response(connection.message(n)).ids for n in numbers]

        answers = users.run_as(users.WEB, many)
        self.assertEqual(answers, [["spiffe://e2e.example.org/web"]] * 50)

    def test_s2_s3_rotation_brings_the_full_set_anew(self):
        daemon = self.daemon(x509={"ttl": "10s"})
        daemon.entry_for("web-a", users.WEB, priority=2)
        daemon.entry_for("web-b", users.WEB, priority=1)
        watcher = self.watcher(users.WEB, daemon.start())
        begin = time.monotonic()
        seen = []
        for _ in range(3):
            response = watcher.receive()
            self.assertEqual(len(response.svids), 2)
            self.assertTrue(all(svid.key and svid.bundle for svid in response.svids))
            seen += leaf_serials(response)
        self.assertEqual(len(set(seen)), 6, "a serial came twice")
        # Two rotations, each at half of 10 s, give or take a tenth.
        self.assertLess(time.monotonic() - begin, 13)
        self.assertGreater(time.monotonic() - begin, 7)

    def test_s5_identity_that_is_withdrawn_is_absent_from_the_next_message(self):
        daemon = self.daemon()
        kept = daemon.entry_for("web-a", users.WEB)
        daemon.entry_for("web-b", users.WEB)
        watcher = self.watcher(users.WEB, daemon.start())
        self.assertEqual(len(watcher.receive().svids), 2)
        daemon.remove_entry("web-b")
        self.assertEqual(watcher.receive(3).ids, [kept])

    def test_s6_stream_of_one_who_lost_all_identities_ends_with_permission_denied(self):
        daemon = self.serving()
        watcher = self.watcher(users.WEB, daemon)
        watcher.receive()
        daemon.remove_entry("web")
        self.assertEqual(watcher.receive(3)[0], grpc_raw.PERMISSION_DENIED)

    def test_s7_process_is_attested_again_at_every_rotation(self):
        """A stream whose connector has become another program gets nothing more."""
        daemon = self.daemon(x509={"ttl": "10s"})
        daemon.write_entry("web", spiffe_id="spiffe://e2e.example.org/web", selectors=[
            f"unix:uid:{users.WEB}", f"unix:path:{os.path.realpath('/usr/bin/python3')}"])
        daemon.start()
        ours, theirs = socket.socketpair()

        def connect_then_become_another(_send):
            raw = socket.socket(socket.AF_UNIX)
            raw.connect(daemon.socket)
            socket.send_fds(theirs, [b"c"], [raw.fileno()])
            theirs.recv(1)
            os.execv("/bin/sleep", ["sleep", "60"])

        self.worker(users.WEB, connect_then_become_another)
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
        with grpc_raw.Connection(socket.socket(fileno=fds[0])) as connection:
            stream = connection.fetch()
            self.assertTrue(api.x509_response(connection.message(stream)).ids)
            ours.send(b"x")
            code, message = connection.status(stream, 8)
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED, message)

    def test_s10_clients_that_go_leave_nothing_behind(self):
        daemon = self.serving()
        self.assert_served(daemon)

        before = daemon.descriptors()
        watchers = [self.watcher(users.WEB, daemon) for _ in range(20)]
        for watcher in watchers:
            watcher.receive()
        self.assertGreater(daemon.descriptors(), before)
        for watcher in watchers:
            watcher.stop()
        self.until("the descriptors of the dead clients are closed",
                   lambda: daemon.descriptors() <= before + 1)
        self.assertNotIn('"level":"error"', daemon.log())

    def test_s10_cancelled_stream_leaves_its_connection_usable(self):
        daemon = self.serving()

        def cancel_and_ask_again():
            with grpc_raw.Connection(daemon.socket) as connection:
                for _ in range(100):
                    number = connection.fetch()
                    connection.message(number)
                    connection.cancel(number)
                return api.x509_response(connection.message(connection.fetch())).ids

        self.assertTrue(users.run_as(users.WEB, cancel_and_ask_again))
