"""The external hook of docs/examples/hook.py, asked by the real daemon: it takes away
and never gives, and a hook that fails keeps what is held and gives nothing new."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from harness import audit, grpc_raw, users
from harness.case import Case
from harness.daemon import CLIENTS, TRUST_DOMAIN
from harness.noise import Noise

SOURCE = Path(__file__).resolve().parents[2]
WEB_ID, DB_ID = f"spiffe://{TRUST_DOMAIN}/web", f"spiffe://{TRUST_DOMAIN}/db"
WAIT = 10  # Seconds in which a first answer comes, or UNAVAILABLE.


class Hook(Case):
    def setUp(self):
        super().setUp()
        self.hook = None

    def hooked(self, **settings):
        """A daemon that asks a hook; the hook is not there yet."""
        suretyd = self.daemon(uid=0, **settings)  # Its socket is for root alone.
        self.socket = suretyd.folder / "hook" / "hook.sock"
        self.socket.parent.mkdir(mode=0o755)
        suretyd.configure("hook", socket=str(self.socket), timeout="200ms")
        suretyd.entry_for("web", users.WEB)
        suretyd.entry_for("db", users.DB)
        return suretyd

    def start_hook(self, *refused):
        """The example as it stands in the documentation, until it can be connected to."""
        descriptors = self.socket.parent / "hook.pb"
        if not descriptors.exists():
            protos = SOURCE / "workload_api/proto"
            subprocess.run([shutil.which("protoc"), f"--proto_path={protos}",
                            f"--descriptor_set_out={descriptors}", "hook.proto"], check=True)
        self.hook = subprocess.Popen([CLIENTS / "python/venv/bin/python",
                                      SOURCE / "docs/examples/hook.py", self.socket, descriptors,
                                      *refused], umask=0o022)
        self.addCleanup(self.hook.wait)
        self.addCleanup(self.hook.kill)
        self.until("the hook listens", self.connects, 30)

    def connects(self):
        self.assertIsNone(self.hook.poll(), "the hook has ended")
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def stop_hook(self):
        self.hook.kill()
        self.hook.wait()

    def degraded(self, suretyd):
        done = suretyd.run("surety", "status", "--admin-socket", suretyd.admin_socket)
        return "the hook does not answer" in done.stdout

    def test_the_example_takes_away_what_the_policies_allow(self):
        suretyd = self.hooked().start()
        self.start_hook(DB_ID)
        self.assertEqual(self.ids_of(users.WEB, suretyd), [WEB_ID])
        code, message = self.status_of(users.DB, suretyd)
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
        self.assertIn("hook.on_the_list", message)

        refused = audit.awaited("the refusal", lambda: audit.decisions(
            suretyd, verdict="refuse", spiffe_id=DB_ID, policy="hook"))
        self.assertGreater(refused["entries"][0]["hook_us"], 0)
        allowed = audit.awaited("the issue", lambda: audit.decisions(
            suretyd, verdict="allow", spiffe_id=WEB_ID))["entries"][0]
        self.assertEqual(allowed["obligations"]["ttl_cap"], 300)
        self.assertLessEqual(allowed["ttl"], 300)
        self.assertFalse(self.degraded(suretyd))

    def test_a_hook_that_allows_everything_gives_nothing_that_the_policies_refuse(self):
        suretyd = self.hooked()
        policies = suretyd.folder / "policies.d"
        policies.mkdir(mode=0o755)
        (policies / "own.cedar").write_text(
            '@id("not_db") @reason("not_db")\n'
            'forbid(principal, action, resource) when { resource.path == "/db" };\n')
        suretyd.configure("policy", dir=str(policies), beneath=True)
        suretyd.start()
        self.start_hook()
        self.assertEqual(self.ids_of(users.WEB, suretyd), [WEB_ID])
        for uid, reason in ((users.DB, "not_db"), (users.STRANGER, "no_entry")):
            code, message = self.status_of(uid, suretyd)
            self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
            self.assertIn(reason, message)
        asked = [entry for record in audit.decisions(suretyd) for entry in record["entries"]
                 if "hook_us" in entry]
        self.assertEqual({entry["spiffe_id"] for entry in asked}, {WEB_ID})

    def test_without_the_hook_streams_stay_and_nothing_new_is_issued_until_it_is_back(self):
        suretyd = self.hooked().start()
        self.start_hook()
        watcher = self.watcher(users.WEB, suretyd)
        self.assertEqual(watcher.receive().ids, [WEB_ID])
        self.stop_hook()

        # The holder's next turn comes of a change of its entry, and gives it nothing new.
        suretyd.entry_for("web", users.WEB, dns_names=["web.internal"])
        newcomer = self.watcher(users.DB, suretyd)
        record = audit.awaited("the newcomer waits", lambda: audit.decisions(
            suretyd, verdict="undecided", reason="hook.unavailable", spiffe_id=DB_ID))
        self.assertIn("nobody listens", record["entries"][0]["errors"][0])
        audit.awaited("the holder waits, too", lambda: audit.decisions(
            suretyd, verdict="undecided", reason="hook.unavailable", spiffe_id=WEB_ID))
        self.assertTrue(self.degraded(suretyd))
        self.assertEqual(audit.notices(suretyd, "hook.failed")[0]["severity"], "warning")
        self.assertEqual(len(audit.decisions(suretyd, verdict="allow")), 1)
        with self.assertRaises(TimeoutError):
            watcher.receive(timeout=0.05)

        self.start_hook()
        self.assertEqual(newcomer.receive().ids, [DB_ID])
        self.assertEqual(watcher.receive().ids, [WEB_ID])
        audit.awaited("the hook is back", lambda: audit.notices(suretyd, "hook.answers"))
        self.assertFalse(self.degraded(suretyd))

    def test_on_failure_refuse_refuses_at_once(self):
        suretyd = self.hooked(hook={"on_failure": "refuse"}).start()
        code, message = self.status_of(users.WEB, suretyd)
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
        self.assertIn("hook.unavailable", message)

    def test_a_hook_that_hangs_holds_up_only_those_it_is_asked_about(self):
        suretyd = self.hooked().start()
        self.start_hook()
        watcher = self.watcher(users.WEB, suretyd)
        self.assertEqual(watcher.receive().ids, [WEB_ID])
        os.kill(self.hook.pid, signal.SIGSTOP)
        waiting = [self.watcher(users.DB, suretyd) for _ in range(20)]
        audit.awaited("a deadline has passed", lambda: audit.notices(suretyd, "hook.failed"))

        # More than the threads there are wait for the hook; the others are served.
        def asked(uid, method):
            begin = time.monotonic()
            code, _ = self.status_of(uid, suretyd, method)
            return code, time.monotonic() - begin

        for _ in range(5):
            code, seconds = asked(users.STRANGER, "FetchX509SVID")
            self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
            self.assertLess(seconds, 1)
            code, seconds = asked(users.WEB, "FetchX509Bundles")
            self.assertEqual(code, grpc_raw.OK)
            self.assertLess(seconds, 1)
        self.assertEqual(len(audit.decisions(suretyd, verdict="allow", action="issue")), 1)

        os.kill(self.hook.pid, signal.SIGCONT)
        for newcomer in waiting:
            self.assertEqual(newcomer.receive(WAIT).ids, [DB_ID])
        with self.assertRaises(TimeoutError):  # Its stream is open, with what it had.
            watcher.receive(timeout=0.05)

    def test_what_is_no_hook_gives_nothing(self):
        suretyd = self.hooked(hook={"on_failure": "refuse"}).start()
        for noise in (b"\0" * 64, b"HTTP/1.1 200 OK\r\n\r\n", os.urandom(4096)):
            with self.subTest(noise=noise[:16]), Noise(self.socket, noise) as heard:
                def refused():
                    code, message = self.status_of(users.WEB, suretyd)
                    self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
                    self.assertIn("hook.unavailable", message)
                    return heard.count

                self.until("it was asked", refused)
        self.assertEqual(audit.decisions(suretyd, verdict="allow"), [])

    def test_a_socket_that_others_could_have_made_is_not_asked(self):
        suretyd = self.hooked().start()
        self.start_hook()
        os.chown(self.socket, users.STRANGER, users.STRANGER)
        waiting = self.watcher(users.WEB, suretyd)
        record = audit.awaited("nobody is asked", lambda: audit.decisions(
            suretyd, verdict="undecided", reason="hook.unavailable"))
        self.assertIn(f"belongs to uid {users.STRANGER}", record["entries"][0]["errors"][0])
        os.chown(self.socket, 0, 0)
        self.assertEqual(waiting.receive(WAIT).ids, [WEB_ID])

    def test_in_monitor_mode_it_only_watches(self):
        suretyd = self.hooked(policy={"monitor": True}).start()
        self.start_hook(DB_ID)
        self.assertEqual(self.ids_of(users.DB, suretyd), [DB_ID])
        [entry] = audit.decisions(suretyd, verdict="allow", spiffe_id=DB_ID)[0]["entries"]
        self.assertEqual(entry["observed"], ["hook.on_the_list"])
        self.stop_hook()
        self.assertEqual(self.ids_of(users.WEB, suretyd), [WEB_ID])
