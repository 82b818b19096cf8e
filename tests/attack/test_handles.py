"""Attacks with a connection or an SVID whose process is gone or another: rows 12, 14
and 30 of the corpus, and their kind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import kernel
from attack_case import ON_THE_LIST, AttackCase
from harness import api, audit, grpc_raw, openssl, pids, users


class Connections(AttackCase):
    def use_passed_socket(self, path_for_passing):
        """What a process of no entry gets from a connection that it is sent."""

        def work(send):
            _, fds, _, _ = socket.recv_fds(path_for_passing, 1, 1)
            try:
                connection = grpc_raw.Connection(socket.socket(fileno=fds[0]))
                send(api.x509_response(connection.message(connection.fetch())).ids)
            except (grpc_raw.Ended, grpc_raw.Closed, OSError):
                send("nothing")

        return work

    def passed_on(self, daemon, prepare):
        """A connector that passes its socket on, after `prepare`, and who has it then."""
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        holder = self.worker(users.STRANGER, self.use_passed_socket(theirs))

        def connect(send):
            raw = socket.socket(socket.AF_UNIX)
            raw.connect(daemon.socket)
            prepare(raw)
            socket.send_fds(ours, [b"x"], [raw.fileno()])
            send("passed")
            signal.pause()

        connector = self.worker(users.WEB, connect)
        connector.receive()
        return connector, holder

    def assert_told_of(self, daemon, connector, sender, what="connection.stolen"):
        told = audit.awaited("the notice", lambda: audit.notices(daemon, what))
        self.assertEqual((told["details"]["pid"], told["details"]["sender"]),
                         (str(connector.pid), str(sender)))

    def test_row_12_socket_passed_to_another_user_while_its_connector_lives(self):
        daemon = self.attacked()
        connector, holder = self.passed_on(daemon, lambda raw: None)
        self.assertEqual(holder.receive(5), "nothing")
        self.assert_told_of(daemon, connector, holder.pid)
        self.assertEqual(audit.decisions(daemon, pid=connector.pid), [])

    def test_row_12_socket_passed_on_with_a_stream_that_the_connector_opened(self):
        daemon = self.attacked()

        def open_stream(raw):
            connection = grpc_raw.Connection(raw.dup())
            connection.message(connection.fetch())

        connector, holder = self.passed_on(daemon, open_stream)
        self.assertEqual(holder.receive(5), "nothing")
        self.assert_told_of(daemon, connector, holder.pid)

    def test_row_12_stream_ends_with_its_connector_whoever_holds_the_socket(self):
        daemon = self.attacked()
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)

        def hold(send):
            _, fds, _, _ = socket.recv_fds(theirs, 1, 1)
            with socket.socket(fileno=fds[0]) as raw:  # Sends nothing.
                raw.settimeout(20)
                while raw.recv(65536):
                    pass
            send("ended")

        def connect(send):
            raw = socket.socket(socket.AF_UNIX)
            raw.connect(daemon.socket)
            connection = grpc_raw.Connection(raw)
            connection.message(connection.fetch())
            socket.send_fds(ours, [b"x"], [raw.fileno()])
            send("passed")
            signal.pause()

        holder = self.worker(users.STRANGER, hold)
        connector = self.worker(users.WEB, connect)
        connector.receive()
        record = audit.decisions(daemon, pid=connector.pid, verdict="allow")[0]
        serial = record["entries"][0]["serial"]
        connector.kill()
        connector.wait()
        self.assertEqual(holder.receive(1), "ended")
        self.until("the serial is on the list", lambda: serial in openssl.revoked_in(
            daemon.crl_file), ON_THE_LIST)

    def test_row_12_child_that_inherits_the_socket(self):
        daemon = self.attacked()

        def parent(send):
            connection = grpc_raw.Connection(daemon.socket)
            stream = connection.fetch()
            connection.message(stream)
            if os.fork() != 0:
                return
            try:
                connection.message(stream, 5)
            except (grpc_raw.Ended, grpc_raw.Closed):
                send("ended")

        self.assertEqual(self.worker(users.WEB, parent).receive(6), "ended")

    def test_row_12_child_that_asks_on_its_parents_connection(self):
        """A child of the same user could take its parent over in any case."""
        daemon = self.attacked()

        def parent(send):
            connection = grpc_raw.Connection(daemon.socket)
            connection.message(connection.fetch())
            child = os.fork()
            if child == 0:
                connection.message(connection.fetch(), 5)
                os._exit(0)
            os.waitpid(child, 0)
            send(child)
            signal.pause()

        worker = self.worker(users.WEB, parent)
        self.assert_told_of(daemon, worker, worker.receive(8), "connection.shared")

    def test_row_14_pid_that_another_process_has_by_now(self):
        """The connector exits before it is attested; its pid goes to one who has an
        identity of its own."""
        daemon = self.attacked()
        for _ in range(10):
            ours, theirs = socket.socketpair()

            def connect(_send):
                raw = socket.socket(socket.AF_UNIX)
                raw.connect(daemon.socket)
                socket.send_fds(theirs, [b"x"], [raw.fileno()])
                signal.pause()

            connector = self.worker(users.WEB, connect)
            _, fds, _, _ = socket.recv_fds(ours, 1, 1)
            connector.kill()
            connector.wait()
            heir = pids.fork_with_pid(connector.pid, users.DB)
            self.addCleanup(pids.end, heir)
            with socket.socket(fileno=fds[0]) as raw, self.assertRaises(
                    (grpc_raw.Ended, grpc_raw.Closed, OSError)):
                connection = grpc_raw.Connection(raw)
                connection.message(connection.fetch(), 5)
            self.assertEqual(audit.decisions(daemon, pid=connector.pid, verdict="allow"), [])
            pids.end(heir)

    def test_row_14_heir_of_a_victims_pid_is_a_stranger(self):
        daemon = self.attacked()
        victim = self.victim(daemon)
        victim.worker.kill()
        victim.worker.wait()
        heir = pids.fork_with_pid(victim.pid, users.WEB)
        self.addCleanup(pids.end, heir)
        with self.assertRaises((grpc_raw.Ended, grpc_raw.Closed, OSError)):
            victim.next_response(5)
        with self.assertRaises((grpc_raw.Ended, grpc_raw.Closed, OSError)):
            victim.ask_again()
        self.assert_revoked(victim)


class Copies(AttackCase):
    def assert_worthless(self, victim):
        """Whoever checks the certificate with the list refuses it."""
        self.assert_revoked(victim)
        with tempfile.TemporaryDirectory() as folder:
            leaf, issuer = Path(folder, "leaf"), Path(folder, "issuer")
            svid = victim.response.svids[0]
            leaf.write_bytes(openssl.pem(svid.chain))
            issuer.write_bytes(openssl.pem(svid.bundle))
            judged = subprocess.run(
                ["openssl", "verify", "-CAfile", str(issuer), "-crl_check", "-CRLfile",
                 str(victim.daemon.crl_file), str(leaf)],
                capture_output=True, text=True, check=False)
        self.assertNotEqual(judged.returncode, 0)
        self.assertIn("certificate revoked", judged.stderr)
        audit.awaited("the record", lambda: [
            notice for notice in audit.notices(victim.daemon, "revoked.exit")
            if victim.serials[0] in notice["details"]["serials"]])

    def test_row_30_victim_is_killed_and_its_key_is_used(self):
        victim = self.victim(self.attacked())
        victim.worker.kill()
        victim.worker.wait()
        self.assert_worthless(victim)

    def test_row_30_victim_is_killed_without_events(self):
        victim = self.victim(self.attacked(watch={"events": False}))
        victim.worker.kill()
        victim.worker.wait()
        self.assert_worthless(victim)

    def test_row_30_victim_that_nobody_has_waited_for(self):
        """A zombie has exited, too."""
        victim = self.victim(self.attacked())
        victim.worker.kill()
        self.assert_worthless(victim)

    def test_row_30_victim_that_ends_by_itself(self):
        victim = self.victim(self.attacked(), lambda: os._exit(0))
        victim.start()
        victim.worker.wait()
        self.assert_worthless(victim)

    def test_leader_that_ends_while_its_threads_go_on(self):
        """Nothing can be told of such a process any more, and nothing is given to it."""
        daemon = self.attacked(x509={"ttl": "10s"})

        def leave_a_thread_behind():
            thread = threading.Thread(target=signal.sigwait, args=([signal.SIGUSR1],))
            thread.start()
            kernel.exit_thread()

        victim = self.victim(daemon, leave_a_thread_behind)
        victim.start()
        with self.assertRaises((grpc_raw.Ended, grpc_raw.Timeout)):
            victim.next_response(8)
        with self.assertRaises((grpc_raw.Ended, grpc_raw.Timeout)):
            victim.connection.message(victim.connection.fetch(), 2)
        victim.worker.kill()
        self.assert_revoked(victim)
