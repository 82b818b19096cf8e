"""Keys stay where they belong: not in logs, not in files others can read, not in
the reach of another process of the daemon's own user."""

from __future__ import annotations

import base64
import ctypes
import os
import signal
import stat
from pathlib import Path

from harness import api, openssl, packaged, users
from harness.case import Case


class Secrecy(Case):
    def test_no_log_line_holds_key_material_at_the_most_talkative_level(self):
        daemon = self.daemon(top={"log_level": "debug"}, x509={"ttl": "10s"})
        daemon.entry_for("web", users.WEB)
        daemon.start()
        watcher = self.watcher(users.WEB, daemon)
        keys = [watcher.receive().svids[0].key for _ in range(3)]
        state = [path.read_bytes() for path in daemon.state.rglob("*") if path.is_file()]
        daemon.terminate()
        log = daemon.log_path.read_bytes()
        self.assertTrue(log)
        self.assertNotIn(b"PRIVATE KEY", log)
        for key in keys:
            # The 32 bytes of the P-256 scalar stand at a fixed place (RFC 5915 in PKCS#8).
            scalar = key[36:68]
            for form in (scalar, scalar.hex().encode(), scalar.hex().upper().encode(),
                         base64.b64encode(key)[40:80], base64.b64encode(scalar)[:40]):
                self.assertNotIn(form, log)
        for content in state:
            if b"PRIVATE KEY" in content:
                for line in content.splitlines()[1:-1]:
                    self.assertNotIn(line, log)

    def test_modes_of_the_state(self):
        daemon = self.serving()
        self.assertEqual(stat.S_IMODE(daemon.state.stat().st_mode), 0o700)
        files = [path for path in daemon.state.rglob("*") if path.is_file()]
        self.assertTrue(files)
        for path in files:
            self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path)

    def test_modes_of_the_state_when_the_daemon_makes_the_folder(self):
        daemon = self.daemon(uid=0)  # As systemd makes it for another user.
        daemon.state.rmdir()
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        daemon.entry_for("web", users.WEB)
        daemon.start()
        self.assertEqual(stat.S_IMODE(daemon.state.stat().st_mode), 0o700)
        for path in daemon.state.rglob("*"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path)

    def test_daemon_is_closed_to_other_processes_of_its_user(self):
        """PR_SET_DUMPABLE 0: /proc/PID belongs to root, and ptrace is refused."""
        daemon = self.daemon()
        daemon.entry_for("web", users.WEB)
        daemon.start()
        self.assertEqual(os.stat(f"/proc/{daemon.pid}/mem").st_uid, 0)

        def read(name):
            try:
                with open(f"/proc/{daemon.pid}/{name}", "rb") as file:
                    file.read(1)
                return "read"
            except OSError as error:
                return type(error).__name__

        for name in ("mem", "environ", "maps", "auxv"):
            self.assertEqual(users.run_as(daemon.uid, read, name), "PermissionError", name)
        self.assertEqual(users.run_as(daemon.uid, self.seize, daemon.pid), "refused")

    @staticmethod
    def seize(pid):
        ptrace_seize = 0x4206
        libc = ctypes.CDLL(None, use_errno=True)
        return "seized" if libc.ptrace(ptrace_seize, pid, 0, 0) == 0 else "refused"

    def test_ptrace_would_be_granted_to_a_process_that_is_not_closed(self):
        """The test above can fail: an ordinary process of that user is seized."""

        def victim(send):
            ctypes.CDLL(None).prctl(4, 1)  # PR_SET_DUMPABLE: setuid had cleared it.
            ctypes.CDLL(None).prctl(0x59616D61, -1)  # PR_SET_PTRACER_ANY, where Yama is.
            send("ready")
            signal.pause()

        worker = self.worker(packaged.USER, victim)
        worker.receive()
        self.assertEqual(users.run_as(packaged.USER, self.seize, worker.pid), "seized")

    def test_no_core_is_written_when_the_daemon_is_killed_by_a_fault(self):
        daemon = self.serving()
        limits = Path(f"/proc/{daemon.pid}/limits").read_text()
        core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4:6], ["0", "0"])

    def test_memory_for_keys_is_locked(self):
        daemon = self.serving()
        status = Path(f"/proc/{daemon.pid}/status").read_text()
        locked = next(line for line in status.splitlines() if line.startswith("VmLck:"))
        self.assertGreater(int(locked.split()[1]), 0)

    def test_serial_of_every_svid_is_in_the_log_and_its_key_is_not(self):
        daemon = self.serving()
        response = users.run_as(users.WEB, api.fetch_x509, daemon.socket)
        number = openssl.serial(api.certificates(response.svids[0].chain)[0])
        self.until("the issue is recorded",
                   lambda: number.lstrip("0") in daemon.log().lower(), 2)
        self.assertNotIn(response.svids[0].key[36:68].hex(), daemon.log())
