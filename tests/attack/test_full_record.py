"""What fills the record, or the disk that it is on: row 50, and what a full disk means."""

from __future__ import annotations

import os
import subprocess

import foothold
from harness import api, audit, grpc_raw, users
from harness.case import Case


class FloodOfRecords(Case):
    """Whoever asks in a loop decides how many records there could be."""

    def answers(self, daemon, uid, count, fork):
        def ask_on():
            codes = []
            for _ in range(count):
                codes.append(foothold.ask(daemon)[0])
            return codes

        def ask_in_forks():
            for _ in range(count):
                if os.fork() == 0:
                    foothold.ask(daemon)
                    os._exit(0)
                os.wait()
            return []

        return users.run_as(uid, ask_in_forks if fork else ask_on, timeout=100)

    def test_refused_caller_in_a_loop_of_forks_cannot_fill_the_disk(self):
        daemon = self.serving()
        self.answers(daemon, users.STRANGER, 600, fork=True)
        of_stranger = [one for one in audit.decisions(daemon)
                       if one["process"]["peer_uid"] == users.STRANGER]
        self.assertGreaterEqual(len(of_stranger), 1)
        # Refused, and before that left undecided while its executable is looked at.
        self.assertLessEqual(len(of_stranger), 120)
        # Another user is recorded as ever.
        before = len(audit.decisions(daemon, verdict="allow"))
        for _ in range(5):
            self.assert_served(daemon, users.DB)
        self.assertEqual(len(audit.decisions(daemon, verdict="allow")), before + 5)

    def test_served_caller_in_a_loop_cannot_either(self):
        daemon = self.serving()
        codes = self.answers(daemon, users.WEB, 500, fork=False)
        self.assertEqual(set(codes), {grpc_raw.OK})
        self.assertLessEqual(len([one for one in audit.decisions(daemon)
                                  if one["process"]["peer_uid"] == users.WEB]), 40)

    def test_what_was_left_out_is_counted(self):
        daemon = self.serving()
        self.answers(daemon, users.WEB, 200, fork=False)
        notice = audit.awaited("it is told how many there were",
                               lambda: audit.notices(daemon, "answers.repeated"), 75)
        self.assertGreater(int(notice["details"]["left_out"]), 150)
        like = audit.decisions(daemon, decision=notice["details"]["like"])
        self.assertEqual([one["process"]["peer_uid"] for one in like], [users.WEB])


class FullDisk(Case):
    """No record, no new SVID; and no restart is needed once there is room again."""

    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon(x509={"ttl": "10s"})
        self.folder = self.suretyd.folder / "small"
        self.folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o",
                        f"size=1M,mode=0755,uid={self.suretyd.uid}", "tmpfs",
                        str(self.folder)], check=True)
        self.addCleanup(self.unmount)
        self.suretyd.configure("audit", dir=str(self.folder / "audit"))
        self.suretyd.entry_for("web", users.WEB)
        self.suretyd.entry_for("db", users.DB)
        self.suretyd.start()

    def unmount(self):
        self.suretyd.kill()
        subprocess.run(["umount", str(self.folder)], check=True)

    def fill(self):
        ballast = self.folder / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 1024)
            except OSError:
                pass
        return ballast

    def quick_ask(self, uid, wait):
        def call():
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                try:
                    return api.x509_response(connection.message(connection.fetch(), wait)).ids
                except grpc_raw.Timeout:
                    return "waits"
                except grpc_raw.Ended as end:
                    return end.code

        return users.run_as(uid, call)

    def test_full_disk_stops_the_issue_is_told_and_passes(self):
        watcher = self.watcher(users.WEB, self.suretyd)
        watcher.receive()
        ballast = self.fill()
        self.assertEqual(self.quick_ask(users.DB, 1), "waits")
        self.assertEqual(self.quick_ask(users.DB, 15), grpc_raw.UNAVAILABLE)
        # It keeps what it has; nothing new comes, though it is due.
        with self.assertRaises(TimeoutError):
            while True:
                watcher.receive(8)
        status = self.suretyd.run("surety", "status", "-a", self.suretyd.admin_socket).stdout
        self.assertRegex(status, "(?i)audit.*(space|room|full)")
        ballast.unlink()
        self.assertTrue(watcher.receive(8).ids)
        self.assert_served(self.suretyd, users.DB)
        done = self.suretyd.run("surety", "audit", "verify", "--dir", str(self.folder / "audit"))
        self.assertEqual(done.returncode, 0, done.stdout)
        gaps = [line for segment in (self.folder / "audit").glob("*.jsonl")
                for line in segment.read_text().splitlines() if '"audit.gap"' in line]
        self.assertTrue(gaps)

    def test_refusal_stands_without_its_record(self):
        self.fill()
        self.assertEqual(self.quick_ask(users.STRANGER, 5), grpc_raw.PERMISSION_DENIED)
