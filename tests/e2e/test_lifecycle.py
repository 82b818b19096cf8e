"""Start, end and sudden death of the daemon, as its clients live through it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from harness import api, grpc_raw, openssl, packaged, users
from harness.case import Case
from harness.lines import Lines

PACKAGED_CAPABILITIES = 1 << 19 | 1 << 2  # CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH


class Lifecycle(Case):
    WATCHERS = 200

    def client(self, daemon, *args, uid=users.WEB):
        lines = Lines(daemon.popen("client", *args, uid=uid))
        self.addCleanup(lines.stop)
        return lines

    def bundle(self, daemon):
        return users.run_as(users.WEB, api.fetch_x509, daemon.socket).svids[0].bundle

    def test_e7_sigterm_ends_streams_with_unavailable_within_two_seconds(self):
        daemon = self.serving()
        watchers = [self.watcher(users.WEB, daemon) for _ in range(20)]
        for watcher in watchers:
            watcher.receive()
        begin = time.monotonic()
        took = daemon.terminate()
        self.assertLess(took, 2)
        for watcher in watchers:
            code, message = watcher.receive()
            self.assertEqual(code, grpc_raw.UNAVAILABLE, message)
        self.assertLess(time.monotonic() - begin, 2.5)
        self.assertEqual(daemon.process.returncode, 0)
        self.assertFalse(os.path.exists(daemon.socket))

    def test_sigterm_is_heard_while_a_client_does_not_read(self):
        daemon = self.serving()

        def mute(send):
            connection = grpc_raw.Connection(daemon.socket, window=0)
            connection.fetch()
            send("open")
            signal.pause()

        self.worker(users.WEB, mute).receive()
        self.assertLess(daemon.terminate(), 2)

    def test_sigint_ends_the_daemon_too(self):
        daemon = self.serving()
        daemon.process.send_signal(signal.SIGINT)
        self.assertEqual(daemon.wait(3), 0)

    def test_kill_9_and_restart_with_200_go_spiffe_clients_attached(self):
        daemon = self.serving()
        root = self.bundle(daemon)
        clients = self.client(daemon, "hold", "-n", str(self.WATCHERS))
        self.until("all clients hold an SVID", lambda: clients.of("all_fresh"), 20)
        daemon.kill()
        begin = time.monotonic()
        daemon.start()
        self.until("all clients hold a fresh SVID again",
                   lambda: len(clients.of("all_fresh")) > 1, 15)
        took = time.monotonic() - begin
        print(f"all {self.WATCHERS} clients were served again {took:.2f} s after the restart")
        self.assertLess(took, 5)
        self.assertEqual(self.bundle(daemon), root)
        self.assertEqual(clients.of("ended"), [])
        # They are one process, which has one key and one serial.
        self.assertEqual(clients.of("all_fresh")[-1]["distinct_serials"], 1)

    def test_clean_restart_keeps_the_trust_bundle_and_no_go_spiffe_watch_ends(self):
        daemon = self.serving()
        root = self.bundle(daemon)
        clients = self.client(daemon, "hold", "-n", "20")
        self.until("all clients hold an SVID", lambda: clients.of("all_fresh"), 20)
        daemon.terminate()
        daemon.start()
        self.until("all clients hold a fresh SVID again",
                   lambda: len(clients.of("all_fresh")) > 1, 15)
        self.assertEqual(self.bundle(daemon), root)
        self.assertEqual(clients.of("ended"), [])
        self.assertEqual({line["code"] for line in clients.of("error")}, {"Unavailable"})

    def test_ca_rotation_reaches_every_stream_before_the_new_key_signs(self):
        daemon = self.daemon(x509={"ttl": "10s", "ca_ttl": "40s"})
        daemon.entry_for("web", users.WEB)
        daemon.start()
        watcher = self.watcher(users.WEB, daemon)
        first_signer, known = None, None
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            svid = watcher.receive(20).svids[0]
            roots = api.certificates(svid.bundle)
            signer = self.signer_of(svid, roots)
            if known:
                self.assertIn(signer, known, "signed by a root that the last message did not have")
            first_signer = first_signer or signer
            if signer != first_signer:
                return
            known = roots
        self.fail("no CA rotation in 60 s")

    @staticmethod
    def signer_of(svid, roots):
        for root in roots:
            try:
                openssl.verify(api.certificates(svid.chain), [root], "sslserver")
                return root
            except AssertionError:
                continue
        raise AssertionError("no root of the bundle verifies the chain")

    def test_second_daemon_on_the_same_socket_is_refused_and_the_first_goes_on(self):
        first = self.serving()
        second = self.daemon(workload_api={"socket": first.socket})
        second.start(wait=False)
        self.assertNotEqual(second.wait(), 0)
        self.assertIn(first.socket, second.log())
        self.assert_served(first)

    def test_second_daemon_on_the_same_state_is_refused_and_the_first_goes_on(self):
        first = self.serving()
        second = self.daemon(top={"state_dir": str(first.state)})
        second.start(wait=False)
        self.assertNotEqual(second.wait(), 0)
        self.assertIn(str(first.state), second.log())
        self.assert_served(first)

    def test_socket_left_by_a_killed_daemon_is_replaced(self):
        daemon = self.serving()
        daemon.kill()
        self.assertTrue(os.path.exists(daemon.socket))
        daemon.start()
        self.assert_served(daemon)

    def test_runs_as_the_packaged_unit_would_run_it(self):
        """And so do the daemons of all cases that do not say uid=0."""
        daemon = self.daemon()
        daemon.write_entry("web", spiffe_id="spiffe://e2e.example.org/web", selectors=[
            f"unix:uid:{users.WEB}", f"unix:path:{os.path.realpath('/usr/bin/python3')}"])
        daemon.start()
        self.assert_served(daemon)
        status = dict(line.split(":\t") for line in
                      Path(f"/proc/{daemon.pid}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual(set(status["Uid"].split()), {str(packaged.USER)})
        for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd"):
            self.assertEqual(int(status[name], 16), PACKAGED_CAPABILITIES, name)
        self.assertEqual(status["NoNewPrivs"], "1")
