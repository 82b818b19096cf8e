"""`surety top` in a terminal of its own (a pty) and into a pipe; `surety entry import`."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import shutil
import signal
import termios
import time
from pathlib import Path

from harness import users
from harness.case import Case

EXPORT = Path(__file__).parents[1] / "fuzz/corpus/spire_export/export"
NODE = "spiffe://e2e.example.org/spire/agent/x509pop/1a2b"


class Top(Case):
    def setUp(self):
        super().setUp()
        self.suretyd = self.serving()
        self.command = [self.suretyd.program("surety"), "top", "-a", self.suretyd.admin_socket,
                        "-d", str(self.suretyd.state / "audit")]

    def open(self):
        """`surety top` on the far side of a pty, before which a shell would wait."""
        near, far = pty.openpty()
        self.addCleanup(os.close, near)
        self.addCleanup(os.close, far)
        before = termios.tcgetattr(far)
        pid = os.fork()
        if pid == 0:
            os.setsid()
            for fd in range(3):
                os.dup2(far, fd)
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            os.execv(self.command[0], self.command)
        return near, far, before, pid

    def read_until(self, near, words, timeout=10):
        seen, end = b"", time.monotonic() + timeout
        while not all(word.encode() in seen for word in words):
            left = end - time.monotonic()
            self.assertGreater(left, 0, seen)
            if select.select([near], [], [], left)[0]:
                seen += os.read(near, 65_536)
        return seen

    def assert_leaves(self, terminal, how):
        near, far, before, pid = terminal
        self.read_until(near, ["decisions a second"])
        self.assertNotEqual(termios.tcgetattr(far), before)
        how(near, pid)
        self.read_until(near, ["\x1b[?25h\x1b[?1049l"])
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertEqual(termios.tcgetattr(far), before)

    def test_shows_processes_and_events_as_they_come(self):
        terminal = self.open()
        near = terminal[0]
        self.read_until(near, ["\x1b[?1049h", "no process is connected"])
        watcher = self.watcher(users.WEB, self.suretyd)
        watcher.receive()
        self.read_until(near, [str(watcher.pid), "spiffe://e2e.example.org/web"])
        self.assertEqual(self.status_of(users.STRANGER, self.suretyd)[0], 7)
        self.read_until(near, ["LAST EVENTS", f"uid {users.STRANGER}"])
        self.assert_leaves(terminal, lambda near, pid: os.write(near, b"q"))

    def test_ctrl_c_and_a_signal_leave_the_terminal_as_it_was(self):
        self.assert_leaves(self.open(), lambda near, pid: os.write(near, b"\x03"))
        self.assert_leaves(self.open(), lambda near, pid: os.kill(pid, signal.SIGTERM))

    def test_one_frame_into_a_pipe_and_no_name_escapes(self):
        evil = self.suretyd.folder / "\x1b[2J\x1b]0;gone\x07"
        shutil.copy(self.suretyd.program("surety"), evil)
        fetch = self.suretyd.spawn(
            [str(evil), "fetch", "x509", "--socket", f"unix://{self.suretyd.socket}"],
            users.STRANGER)
        self.assertEqual(fetch.wait(10), 1)
        done = self.suretyd.run(*["surety", *self.command[1:]])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("x1b[2J", done.stdout)
        self.assertIn("decisions a second", done.stdout)
        self.assertTrue(all(c == "\n" or c.isprintable() for c in done.stdout), done.stdout)

    def test_a_daemon_that_is_gone_is_an_error_in_a_pipe(self):
        self.suretyd.terminate()
        done = self.suretyd.run(*["surety", *self.command[1:], "--once"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("suretyd", done.stderr)


class EntryImport(Case):
    def run_import(self, daemon, *args):
        return daemon.run("surety", "entry", "import", str(EXPORT), *args)

    def test_daemon_takes_what_was_exported_by_spire_and_gives_the_identities(self):
        daemon = self.daemon()
        done = self.run_import(daemon, "--parent", NODE, "--write", str(daemon.entries))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("2 entries written, 6 left out", done.stderr)
        check = daemon.run("suretyd", "check", "--config", str(daemon.config))
        self.assertEqual(check.returncode, 0, check.stdout)
        self.assertIn("2 entries in 1 file", check.stdout)
        daemon.start()
        self.assertEqual(self.ids_of(users.WEB, daemon), ["spiffe://e2e.example.org/web"])

    def test_nothing_is_dropped_in_silence(self):
        done = self.run_import(self.daemon())
        self.assertEqual(done.returncode, 0, done.stderr)
        for entry in json.loads(EXPORT.read_text())["entries"]:
            written = entry["id"] in done.stdout
            left_out = f"{entry['id']}: left out: " in done.stderr
            self.assertNotEqual(written, left_out, entry)
        for words in ("federates_with partner.example", "k8s:sa", "downstream", "expires_at",
                      "store_svid", "without admin", "without its hint", "names nodes"):
            self.assertIn(words, done.stderr)

    def test_a_file_that_is_no_export_is_refused(self):
        daemon = self.daemon()
        done = daemon.run("surety", "entry", "import", str(daemon.config))
        self.assertEqual(done.returncode, 1)
        self.assertIn("spire-server entry show -output json", done.stderr)
