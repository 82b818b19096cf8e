"""Files of sinks: for whom they are written, and when they go."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from harness import openssl, users
from harness.case import Case
from harness.daemon import Daemon, toml


def sleeps(send) -> None:
    send(os.getpid())
    signal.pause()


def becomes_another_program(send) -> None:
    send(os.getpid())
    signal.sigwait({signal.SIGUSR1})
    os.execv("/bin/sleep", ["sleep", "1000"])


class SinkFiles(Case):
    def begin(self, **settings: object) -> Daemon:
        """A daemon with a sink for processes of the user WEB, and an entry for them."""
        suretyd = self.daemon(uid=0)  # The folder is root's.
        suretyd.configure("x509", crl_file=str(suretyd.folder / "crl.pem"))
        self.folder = suretyd.folder / "sink"
        self.folder.mkdir()
        self.reloads = suretyd.folder / "reloads"
        sink = {"name": "web", "uid": str(users.WEB), "folder": str(self.folder),
                "reload_command": ["/bin/sh", "-c", f"echo $SURETY_SINK >> {self.reloads}"],
                **settings}
        with suretyd.config.open("a") as config:
            config.write("[[sink]]\n" + "".join(f"{key} = {toml(value)}\n"
                                                for key, value in sink.items()))
        suretyd.entry_for("web", users.WEB)
        self.suretyd = suretyd.start()
        return suretyd

    def process(self, work=sleeps) -> users.Worker:
        worker = self.worker(users.WEB, work)
        worker.receive()
        return worker

    def file(self, name: str) -> Path:
        return self.folder / "current" / name

    def status(self) -> dict[str, object]:
        done = self.suretyd.run("surety", "status", "-o", "json", "--admin-socket",
                                self.suretyd.admin_socket)
        return json.loads(done.stdout)["sinks"][0]

    def written_for(self, worker: users.Worker) -> bytes:
        """The key, once there is one of this process's."""

        def is_there() -> bool:
            seen = self.status()
            return seen["pid"] == worker.pid and seen["state"] == "written"

        self.until("files are written for the process", is_there)
        return self.file("key.pem").read_bytes()

    def reloaded(self) -> int:
        return len(self.reloads.read_text().splitlines()) if self.reloads.exists() else 0

    def test_files_go_when_the_process_is_refused_and_come_back(self):
        suretyd = self.begin()
        worker = self.process()
        self.written_for(worker)
        leaf = self.file("svid.pem").read_text()
        self.assertIn("BEGIN CERTIFICATE", leaf)
        self.assertEqual(self.file("key.pem").stat().st_mode & 0o777, 0o600)
        self.assertIn("BEGIN X509 CRL", self.file("crl.pem").read_text())
        self.until("it is reloaded", lambda: self.reloaded() == 1)
        suretyd.remove_entry("web")
        self.until("the files are gone", lambda: not os.listdir(self.folder))
        self.assertEqual(self.status()["state"], "refused")
        self.until("it is reloaded", lambda: self.reloaded() == 2)
        suretyd.entry_for("web", users.WEB)
        self.written_for(worker)

    def test_files_stay_where_the_sink_says_so(self):
        suretyd = self.begin(on_refusal="keep")
        key = self.written_for(self.process())
        suretyd.remove_entry("web")
        self.until("it is refused", lambda: self.status()["state"] == "refused")
        self.assertEqual(self.file("key.pem").read_bytes(), key)

    def test_next_process_starts_with_the_files_and_gets_its_own(self):
        self.begin()
        worker = self.process()
        key = self.written_for(worker)
        worker.stop()
        self.until("its end is seen", lambda: self.status()["state"] == "no process")
        self.assertEqual(self.file("key.pem").read_bytes(), key)
        self.assertNotEqual(self.written_for(self.process()), key)

    def test_who_becomes_another_program_loses_its_files(self):
        self.begin()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        self.addCleanup(signal.pthread_sigmask, signal.SIG_UNBLOCK, {signal.SIGUSR1})
        worker = self.process(becomes_another_program)
        self.written_for(worker)
        serial = self.status()["serial"]
        worker.kill(signal.SIGUSR1)
        self.until("the files are gone", lambda: not os.listdir(self.folder))
        self.assertEqual(self.status()["state"], "refused")
        crl = self.suretyd.folder / "crl.pem"
        self.until("its SVID is revoked",
                   lambda: crl.exists() and serial in openssl.revoked_in(crl))

    def test_folder_that_is_another_users_is_told_and_used_once_mended(self):
        suretyd = self.begin()
        os.chown(self.folder, users.STRANGER, users.STRANGER)
        worker = self.process()
        self.until("it is told", lambda: "belongs to uid" in (self.status()["last_error"] or ""))
        self.assertEqual(os.listdir(self.folder), [])
        self.assertIn("the sink web: opening its folder", suretyd.run(
            "surety", "status", "--admin-socket", suretyd.admin_socket).stdout)
        os.chown(self.folder, 0, 0)
        self.written_for(worker)
        self.assertIsNone(self.status()["last_error"])

    def test_tool_waits_until_files_are_there_that_it_may_read(self):
        suretyd = self.begin(owner=str(users.WEB))
        command = ("surety", "sink", "wait", "--timeout", "1s", str(self.folder))
        done = suretyd.run(*command, uid=users.DB)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no files are there", done.stderr)
        # The one that waits is what the sink finds.
        done = suretyd.run(*command[:4], "10s", str(self.folder), uid=users.WEB)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = suretyd.run(*command, uid=users.DB)
        self.assertIn("cannot be read by this user", done.stderr)
