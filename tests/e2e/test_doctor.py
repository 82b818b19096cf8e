"""`surety doctor` on a sound installation and on broken ones, each broken for real: it
names the cause and what to do, and ends with status 1."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest.mock
from pathlib import Path

from harness import users
from harness.case import Case

ALONE = 1_100_000 + os.getpid()  # Has no process but those of one case.
SOMEBODY = 12060  # Runs a daemon, or owns what is not theirs to own.


class Doctor(Case):
    def examine(self, daemon, *flags):
        done = daemon.run("surety", "doctor", "--config", str(daemon.config), "--output", "json",
                          "--user", str(daemon.uid), *flags)
        self.assertTrue(done.stdout, done.stderr)
        return done.returncode, json.loads(done.stdout)["findings"]

    def assert_broken(self, daemon, check, cause, mend, *flags):
        """Something is broken, and this is what: no other check blames itself."""
        code, findings = self.examine(daemon, *flags)
        broken = [one for one in findings if one["health"] == "broken"]
        self.assertEqual(code, 1, findings)
        self.assertTrue(broken)
        self.assertEqual({one["check"] for one in broken}, {check}, broken)
        self.assertIn(cause, broken[0]["what"])
        self.assertIn(mend, broken[0]["mend"])

    def stopped(self, **settings):
        daemon = self.serving(**settings)
        daemon.terminate()
        return daemon

    # Sound ones

    def test_a_sound_installation(self):
        daemon = self.daemon()
        daemon.configure("metrics", listen=f"unix://{daemon.folder}/run/metrics.sock")
        daemon.entry_for("web", users.WEB)
        self.assert_served(daemon.start())
        code, findings = self.examine(daemon)
        self.assertEqual(code, 0, findings)
        well = {one["check"] for one in findings if one["health"] == "ok"}
        for check in ("config", "kernel.pidfd", "kernel.openat2", "kernel.cgroups", "daemon",
                      "privileges", "sockets.workload", "sockets.admin", "state", "state.room",
                      "audit", "authority", "entries", "policies", "metrics"):
            self.assertIn(check, well, findings)
        said = daemon.run("surety", "doctor", "-c", str(daemon.config))
        self.assertEqual(said.returncode, 0)
        self.assertIn("sound: 0 broken", said.stdout)

    def test_a_sound_installation_of_an_own_user(self):
        daemon = self.daemon(uid=SOMEBODY).start()
        code, findings = self.examine(daemon)
        self.assertEqual(code, 0, findings)

    def test_a_daemon_that_does_not_run_is_said_and_the_rest_is_looked_at(self):
        daemon = self.stopped()
        code, findings = self.examine(daemon)
        self.assertEqual(code, 0, findings)
        healths = {one["check"]: one["health"] for one in findings}
        self.assertEqual(healths["daemon"], "warning")
        for check in ("state", "audit", "authority", "entries"):
            self.assertEqual(healths[check], "ok")

    # Broken ones

    def test_state_folder_of_somebody_else(self):
        daemon = self.stopped()
        os.chown(daemon.state, SOMEBODY, SOMEBODY)
        self.assert_broken(daemon, "state", f"belongs to uid {SOMEBODY}",
                           f"chown {daemon.uid} {daemon.state}")

    def test_key_that_others_may_read(self):
        daemon = self.stopped()
        key = next((daemon.state / "authority").glob("*.pem"))
        key.chmod(0o644)
        self.assert_broken(daemon, "state", "lets others at", f"chmod 0600 {key}")

    def test_socket_with_nobody_behind_it(self):
        daemon = self.serving()
        daemon.kill()
        code, findings = self.examine(daemon)
        self.assertEqual(code, 1)
        broken = {one["check"]: one for one in findings if one["health"] == "broken"}
        self.assertEqual(set(broken), {"daemon", "sockets.workload", "sockets.admin"})
        self.assertIn("nobody listens on this socket", broken["sockets.workload"]["what"])
        self.assertIn("start suretyd", broken["sockets.workload"]["mend"])

    def test_socket_that_was_removed_under_the_daemon(self):
        daemon = self.serving()
        os.unlink(daemon.socket)
        self.assert_broken(daemon, "sockets.workload", f"no socket {daemon.socket}", "restart it")

    def test_program_that_listens_and_does_not_answer(self):
        daemon = self.stopped()
        with socket.socket(socket.AF_UNIX) as mute:
            mute.bind(daemon.socket)
            os.chmod(daemon.socket, 0o666)
            mute.listen()
            self.assert_broken(daemon, "sockets.workload", "does not answer", "restart it")

    def test_daemon_without_a_capability(self):
        daemon = self.daemon(uid=0)
        daemon.entry_for("web", users.WEB)
        inside = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace",
                  daemon.program("suretyd"), "run", "--config", str(daemon.config)]
        with daemon.log_path.open("ab") as log:
            daemon.process = subprocess.Popen(inside, stdout=log, stderr=log)
        self.until("the daemon answers", daemon._is_ready)
        self.assert_broken(daemon, "privileges", "lacks CAP_SYS_PTRACE: the executables",
                           "AmbientCapabilities=")

    def test_error_in_an_entry(self):
        daemon = self.serving()
        daemon.write_entry_file("bad", '[[entry]]\nspiffe_idd = "x"\n')
        self.assert_broken(daemon, "entries", "bad.toml:1:1: the entry has no spiffe_id", "spiffe_id")

    def test_error_in_the_configuration(self):
        daemon = self.daemon()
        daemon.config.write_text('trust_domain = "a.test"\nstate_dirr = "/x"\n')
        self.assert_broken(daemon, "config", "surety.toml:2:1: ", "state_dir")

    def test_engine_whose_socket_is_not_there(self):
        daemon = self.daemon()
        gone = str(daemon.folder / "docker.sock")
        daemon.configure("attestors.docker", sockets=[gone])
        self.assert_broken(daemon.start(), "engines.docker", gone, "start the engine")

    def test_hook_that_is_not_there(self):
        daemon = self.daemon()
        daemon.configure("hook", socket=str(daemon.folder / "run/hook.sock"))
        self.assert_broken(daemon.start(), "hook", "run/hook.sock", "start the hook")

    def with_sink(self):
        daemon = self.daemon()
        folder = daemon.folder / "sink"
        folder.mkdir(mode=0o755)
        os.chown(folder, daemon.uid, daemon.uid)
        with daemon.config.open("a") as config:
            config.write(f'[[sink]]\nname = "web"\nuid = "{ALONE}"\nfolder = "{folder}"\n')
        daemon.entry_for("web", ALONE)
        return daemon.start(), folder

    def test_sink_whose_folder_others_can_write_to(self):
        daemon, folder = self.with_sink()
        folder.chmod(0o777)
        self.assert_broken(daemon, "sinks.web", str(folder), "docs/sinks.md")

    def test_sink_without_a_process_and_with_one(self):
        daemon, folder = self.with_sink()

        def sink():
            return next(one for one in self.examine(daemon)[1] if one["check"] == "sinks.web")

        self.assertEqual(sink()["health"], "warning")
        self.assertIn("no process", sink()["what"])

        def sleeps(send):
            send(1)
            signal.pause()

        self.worker(ALONE, sleeps).receive()
        self.until("the sink is well", lambda: sink()["health"] == "ok")

    def test_full_disk(self):
        daemon = self.stopped()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=2m,mode=700,uid={daemon.uid}", "none", daemon.state],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", daemon.state], check=True)
        with (daemon.state / "waste").open("wb") as waste:
            os.fchmod(waste.fileno(), 0o600)
            os.fchown(waste.fileno(), daemon.uid, daemon.uid)
            try:
                while True:
                    waste.write(b"\0" * 65_536)
                    waste.flush()
            except OSError:
                pass
        self.assert_broken(daemon, "state.room", "is full", "make room")

    def operators_ca(self, daemon, begin, end):
        folder = daemon.folder / "ca"
        folder.mkdir()
        cert, key = folder / "ca.pem", folder / "ca.key"
        with tempfile.TemporaryDirectory() as scratch:
            conf = Path(scratch, "conf")
            conf.write_text(
                f"[ca]\ndefault_ca=c\n[c]\ndatabase={scratch}/index\nnew_certs_dir={scratch}\n"
                "default_md=sha256\npolicy=p\nrand_serial=yes\n[p]\ncommonName=supplied\n[v]\n"
                "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
                "subjectKeyIdentifier=hash\n[req]\ndistinguished_name=d\n[d]\n")
            Path(scratch, "index").touch()
            for command in (
                    ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-keyout", key, "-out", f"{scratch}/csr", "-subj", "/CN=ca",
                     "-config", conf],
                    ["ca", "-batch", "-selfsign", "-config", conf, "-keyfile", key,
                     "-extensions", "v", "-notext", "-startdate", begin, "-enddate", end,
                     "-in", f"{scratch}/csr", "-out", cert]):
                subprocess.run(["openssl", *command], check=True, capture_output=True)
        key.chmod(0o600)
        cert.chmod(0o644)
        daemon.configure("x509", ca_cert=str(cert), ca_key=str(key), ca_ttl=None)
        return cert

    def test_ca_that_has_expired(self):
        daemon = self.daemon()
        cert = self.operators_ca(daemon, "20200101000000Z", "20210101000000Z")
        self.assert_broken(daemon, "authority", f"{cert}: valid from 2020-01-01", "put a valid CA")

    def test_ca_that_is_not_valid_yet(self):
        daemon = self.daemon()
        self.operators_ca(daemon, "20990101000000Z", "20991231000000Z")
        self.assert_broken(daemon, "authority", "valid from 2099-01-01", "set the clock")

    def test_ca_that_systemd_gives_to_the_service(self):
        daemon = self.daemon()
        cert = self.operators_ca(daemon, "20200101000000Z", "20991231000000Z")
        daemon.configure("x509", ca_cert="credential:ca.pem", ca_key="credential:ca.key")
        with unittest.mock.patch.dict(os.environ, CREDENTIALS_DIRECTORY=str(cert.parent)):
            daemon.start()
        code, findings = self.examine(daemon)
        self.assertEqual(code, 0, findings)
        self.assertIn("valid until 2099-12-31T00:00:00Z",
                      next(one["what"] for one in findings if one["check"] == "authority"))
        daemon.terminate()
        code, findings = self.examine(daemon)
        self.assertEqual(code, 0, findings)
        self.assertIn(("authority", "warning"),
                      {(one["check"], one["health"]) for one in findings})

    def test_damaged_ca(self):
        daemon = self.stopped()
        manifest = daemon.state / "authority/manifest.json"
        manifest.write_bytes(manifest.read_bytes()[:20])
        self.assert_broken(daemon, "authority", str(manifest), "restore state_dir from a backup")

    def test_audit_log_that_was_changed(self):
        daemon = self.serving()
        self.assert_served(daemon)
        daemon.terminate()
        segment = max((daemon.state / "audit").glob("*.jsonl"))
        lines = segment.read_bytes().splitlines(keepends=True)
        lines[2] = lines[2].replace(b'"', b"'", 1)
        segment.write_bytes(b"".join(lines))
        self.assert_broken(daemon, "audit", f"{segment.name}: line 3: ", "surety audit verify")

    def test_clock_that_was_set_back(self):
        daemon = self.stopped()
        later = time.time() + 3 * 86_400
        segment = max((daemon.state / "audit").glob("*.jsonl"))
        os.utime(segment, (later, later))
        self.assert_broken(daemon, "clock", "were written later than now", "set the clock")

    def test_what_hangs_is_told_and_holds_up_nothing_else(self):
        daemon = self.stopped()
        manifest = daemon.state / "authority/manifest.json"
        manifest.unlink()
        os.mkfifo(manifest, 0o600)  # As a disk that never answers: an open of it waits.
        os.chown(manifest, daemon.uid, daemon.uid)
        self.assert_broken(daemon, "authority", "did not end within 1000 ms", "--timeout",
                           "--timeout", "1s")

    # Restored

    def test_restored_backup_is_sound_and_has_the_ca_of_before(self):
        daemon = self.serving()
        before = self.response_to(daemon)
        daemon.terminate()
        with tempfile.TemporaryDirectory() as backup:
            subprocess.run(["tar", "-C", daemon.state, "-cpf", f"{backup}/state.tar", "."], check=True)
            shutil.rmtree(daemon.state)
            daemon.state.mkdir(mode=0o700)
            subprocess.run(["tar", "-C", daemon.state, "-xpf", f"{backup}/state.tar"], check=True)
        code, findings = self.examine(daemon)
        self.assertEqual(code, 0, findings)
        after = self.response_to(daemon.start())
        self.assertEqual(after.svids[0].bundle, before.svids[0].bundle)

    def test_nobodys_user_is_a_wrong_command_line(self):
        daemon = self.stopped()
        done = daemon.run("surety", "doctor", "-c", str(daemon.config), "--user", "no-such-user")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no-such-user", done.stderr)
