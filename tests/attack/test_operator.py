"""Attacks on the operator's side: the admin socket, the clock and the policies (rows 44,
46 and 53)."""

from __future__ import annotations

import os
import signal
import socket
import stat
import time

import foothold
from harness import api, audit, grpc_raw, openssl, users
from harness.case import Case

STATUS = "/surety.admin.v1.Admin/GetStatus"


class AdminSocket(Case):
    """Row 44."""

    def knock(self, daemon, uid, noise=b""):
        """What becomes of a connection of `uid`: "kept out", "closed" or "answered"."""

        def try_it():
            with socket.socket(socket.AF_UNIX) as connection:
                try:
                    connection.connect(daemon.admin_socket)
                    connection.settimeout(5)
                    connection.sendall(noise or grpc_raw.PREFACE)
                    return "answered" if connection.recv(1) else "closed"
                except PermissionError:
                    return "kept out"
                except ConnectionError:
                    return "closed"

        return users.run_as(uid, try_it)

    def refusals(self, daemon):
        return audit.notices(daemon, "admin.refused", severity="high")

    def test_44_socket_keeps_workloads_out_by_its_mode(self):
        daemon = self.serving()
        self.assertEqual(stat.S_IMODE(os.stat(daemon.admin_socket).st_mode), 0o600)
        self.assertEqual(self.knock(daemon, users.WEB), "kept out")

    def test_44_workload_that_may_connect_is_refused_and_it_is_recorded(self):
        daemon = self.serving(admin={"mode": "0666"})
        for noise in (b"", b"\0" * 100, os.urandom(5000), b"GET / HTTP/1.1\r\n\r\n"):
            self.assertEqual(self.knock(daemon, users.WEB, noise), "closed")
        notice = audit.awaited("the refusal is recorded", lambda: self.refusals(daemon))
        self.assertEqual(notice["details"]["uid"], str(users.WEB))
        self.assert_served(daemon, users.WEB)
        self.assertEqual(daemon.run("surety", "status", "-a", daemon.admin_socket).returncode, 0)

    def test_44_loop_of_refused_attempts_is_few_records_that_count_all(self):
        daemon = self.serving(admin={"mode": "0666"})

        def knock_on(_send):
            for _ in range(500):
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(daemon.admin_socket)
            signal.pause()  # Whoever has gone before he is looked at is not counted.

        self.worker(users.WEB, knock_on)
        self.until("all attempts are counted", lambda: sum(
            int(one["details"]["attempts"]) for one in self.refusals(daemon)) == 500, 15)
        self.assertLessEqual(len(self.refusals(daemon)), 3)
        self.assertEqual(daemon.run("surety", "status", "-a", daemon.admin_socket).returncode, 0)

    def test_44_caller_that_drops_its_privileges_loses_what_it_might_do(self):
        daemon = self.serving()

        def drop():
            with grpc_raw.Connection(daemon.admin_socket) as connection:
                connection.message(connection.call(STATUS, extra=[]))
                foothold.take(users.WEB)
                return connection.status(connection.call(STATUS, extra=[]))

        code, message = users.run_as(0, drop)
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED, message)
        notice = audit.awaited("it is recorded", lambda: self.refusals(daemon))
        self.assertEqual(notice["details"]["uid"], str(users.WEB))

    def test_44_garbage_of_an_operator_is_no_harm(self):
        daemon = self.serving()
        for noise in (os.urandom(4000), grpc_raw.PREFACE + os.urandom(4000)):
            self.knock(daemon, 0, noise)
        self.assertEqual(daemon.run("surety", "status", "-a", daemon.admin_socket).returncode, 0)
        self.assert_served(daemon)


class WallClock(Case):
    """Row 46. The clock is set for less than a second, by less than an hour, and put back."""

    def jump(self, seconds, act):
        """act() while the wall clock is `seconds` away."""
        def too_long(*_):
            raise AssertionError("not done within a second of another time")

        former = signal.signal(signal.SIGALRM, too_long)
        boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        wall = time.clock_gettime(time.CLOCK_REALTIME)
        signal.setitimer(signal.ITIMER_REAL, 0.95)
        time.clock_settime(time.CLOCK_REALTIME, wall + seconds)
        try:
            return act()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, former)
            passed = time.clock_gettime(time.CLOCK_BOOTTIME) - boot
            time.clock_settime(time.CLOCK_REALTIME, wall + passed)

    def until_told(self, daemon, count):
        return lambda: self.until("the jump is recorded", lambda: len(
            audit.notices(daemon, "clock.set", severity="high")) >= count, 0.9)

    def test_46_jump_is_recorded_and_all_go_on_being_served(self):
        daemon = self.serving()
        watcher = self.watcher(users.WEB, daemon)
        watcher.receive()
        for number, seconds in enumerate((1800, -1800)):
            self.jump(seconds, self.until_told(daemon, 2 * number + 1))
            self.until_told(daemon, 2 * number + 2)()
        told = [int(one["details"]["seconds"]) for one in audit.notices(daemon, "clock.set")]
        self.assertEqual([round(one, -2) for one in told], [1800, -1800, -1800, 1800])
        self.assert_served(daemon)
        done = daemon.run("surety", "audit", "verify", "--dir", str(daemon.state / "audit"))
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_46_svid_of_a_clock_that_was_ahead_is_revoked_when_it_is_put_back(self):
        """It would be valid an hour longer than its entry says."""
        daemon = self.serving(x509={"ttl": "10m"})
        watcher = self.watcher(users.WEB, daemon)
        watcher.receive()

        def take_one():
            return watcher.receive(0.9).svids[0]

        ahead = self.jump(3000, take_one)
        serial = openssl.serial(api.certificates(ahead.chain)[0])
        # In exchange it is given one of now.
        self.until("an SVID of now", lambda: self.lifetime_left(watcher.receive()) <= 600)
        self.until("the other is on the list", lambda: serial in self.revoked(daemon))

    @staticmethod
    def lifetime_left(response):
        _, end = openssl.validity_seconds(api.certificates(response.svids[0].chain)[0])
        return end - time.time()

    @staticmethod
    def revoked(daemon):
        response = users.run_as(users.DB, api.fetch_x509, daemon.socket)
        return WallClock.serials_on(response.crl)

    @staticmethod
    def serials_on(crls):
        return {serial for crl in crls for serial in openssl.revoked(crl)}

    @staticmethod
    def received(watcher):
        """All that it was sent by now."""
        responses = []
        try:
            while True:
                responses.append(watcher.receive(0.2))
        except TimeoutError:
            return responses

    def test_46_clock_set_back_prolongs_and_resurrects_nothing(self):
        daemon = self.serving(x509={"ttl": "10m"})
        attacker = self.attacker(daemon)
        self.assertIn("drift.user", attacker.receive()[1])
        before = self.until("it is on the list", lambda: self.revoked(daemon))

        reader = self.watcher(users.DB, daemon)
        reader.receive()

        def look():
            self.until_told(daemon, 1)()
            return attacker.receive(0.9)

        for seconds in (-3000, 3000):
            code, message = self.jump(seconds, look)
            self.assertEqual(code, grpc_raw.PERMISSION_DENIED, message)
        # Neither then, by what others were sent, nor now.
        for response in self.received(reader):
            self.assertLessEqual(before, self.serials_on(response.crl))
        self.assertLessEqual(before, self.revoked(daemon))
        self.assert_served(daemon)

    def attacker(self, daemon):
        """Takes another group, and then asks on and on."""

        def work(send):
            foothold.take(users.WEB)
            foothold.ask(daemon)
            os.setegid(0)
            while True:
                send(foothold.ask(daemon))
                time.sleep(0.1)

        return self.worker(0, work)


class Policies(Case):
    """Row 53: whoever can write the policies, by mistake or not."""

    GOOD = '@id("all")\npermit (principal, action, resource) when { context.entry_matched };\n'
    LOCKED = ('@id("all")\npermit (principal, action, resource) when { context.entry_matched };\n'
              '@id("not-db")\n@reason("not_db")\nforbid (principal, action, resource) '
              'when { resource.path == "/db" };\n')

    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon()
        self.folder = self.suretyd.folder / "policies"
        self.folder.mkdir()
        self.put("rules.cedar", self.LOCKED)
        self.put("revision.toml", "revision = 7\n")
        self.suretyd.configure("policy", dir=str(self.folder))
        self.suretyd.entry_for("web", users.WEB)
        self.suretyd.entry_for("db", users.DB)
        self.suretyd.start()
        self.assert_locked()

    def put(self, name, text):
        scratch = self.folder / f".{name}.new"
        scratch.write_text(text)
        scratch.rename(self.folder / name)

    def assert_locked(self):
        self.assert_served(self.suretyd, users.WEB)
        code, message = self.status_of(users.DB, self.suretyd)
        self.assertEqual((code, message.rpartition(": ")[2]),
                         (grpc_raw.PERMISSION_DENIED, "not_db"))

    def revision(self):
        return audit.decisions(self.suretyd)[-1]["policy_revision"]

    def assert_refused(self):
        """The last good set stays in force, and people are told."""
        before = self.revision()
        notice = audit.awaited("the refusal is recorded", lambda: audit.notices(
            self.suretyd, "policy.refused", severity="high"))
        self.assertEqual(notice["details"]["in_force"], before)
        self.assert_locked()
        self.assertEqual(self.revision(), before)
        status = self.suretyd.run("surety", "status", "-a", self.suretyd.admin_socket).stdout
        self.assertIn("the newest policies were not taken", status)

    def test_53_policy_that_does_not_parse(self):
        self.put("rules.cedar", self.GOOD + "forbid (")
        self.assert_refused()

    def test_53_policy_with_an_attribute_that_there_is_not(self):
        self.put("rules.cedar", self.GOOD.replace("entry_matched", "entry_machted"))
        self.assert_refused()
        self.assertIn("rules.cedar", self.suretyd.log())

    def test_53_policy_with_a_wrong_type(self):
        self.put("rules.cedar", self.GOOD.replace("entry_matched", "risk.score == \"x\""))
        self.assert_refused()

    def test_53_older_revision(self):
        self.put("revision.toml", "revision = 6\n")
        self.put("rules.cedar", self.GOOD)
        self.assert_refused()

    def test_53_revision_that_is_taken_away(self):
        (self.folder / "revision.toml").unlink()
        self.put("rules.cedar", self.GOOD)
        self.assert_refused()

    def test_53_folder_that_others_can_write_to(self):
        self.folder.chmod(0o777)
        self.suretyd.reload()
        self.assert_refused()

    def test_53_older_revision_is_refused_after_a_restart_too(self):
        self.suretyd.kill()
        self.put("revision.toml", "revision = 6\n")
        self.put("rules.cedar", self.GOOD)
        self.suretyd.start()
        audit.awaited("the refusal is recorded", lambda: audit.notices(
            self.suretyd, "policy.refused", severity="high"))
        for uid in (users.WEB, users.DB):  # There is no last good set: nobody is let in.
            self.assertNotEqual(self.quick_status(uid), grpc_raw.OK)

    def quick_status(self, uid):
        def call():
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                try:
                    connection.message(connection.fetch(), 1)
                    return grpc_raw.OK
                except (grpc_raw.Ended, grpc_raw.Timeout):
                    return -1

        return users.run_as(uid, call)

    def test_53_forbid_that_is_weakened_or_removed_is_taken_and_told(self):
        self.put("revision.toml", "revision = 8\n")
        self.put("rules.cedar", self.LOCKED.replace("@reason", "@mode(\"monitor\")\n@reason"))
        notice = audit.awaited("it is told", lambda: audit.notices(
            self.suretyd, "policy.monitor", severity="high"))
        self.assertEqual(notice["details"]["policy"], "not-db")
        self.until("it only watches", lambda: self.status_of(
            users.DB, self.suretyd)[0] == grpc_raw.OK)
        observed = audit.decisions(self.suretyd, mode="monitor")[-1]
        self.assertEqual(observed["entries"][0]["observed"], ["not-db"])

    def test_53_switch_to_monitor_is_told(self):
        self.suretyd.terminate()
        self.suretyd.configure("policy", monitor=True)
        self.suretyd.start()
        self.assertTrue(audit.awaited("it is told", lambda: audit.notices(
            self.suretyd, "mode.monitor", severity="high")))
        status = self.suretyd.run("surety", "status", "-a", self.suretyd.admin_socket).stdout
        self.assertIn("policies only watch", status)
