"""Attestor plug-ins: docs/examples/slurm_attestor.py, asked by the real daemon about
processes in control groups as Slurm makes them; and plug-ins that lie."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from harness import api, audit, grpc_raw, openssl, users
from harness.case import Case
from harness.daemon import CLIENTS, TRUST_DOMAIN
from harness.noise import Noise

SOURCE = Path(__file__).resolve().parents[2]
EXAMPLE = SOURCE / "docs/examples/slurm_attestor.py"
HOSTILE = SOURCE / "tests/interop/hostile_attestor.py"
PLUGIN = "[attestors.plugin]"  # A section of this title is written [[attestors.plugin]].
WEB_ID, JOB_ID = f"spiffe://{TRUST_DOMAIN}/web", f"spiffe://{TRUST_DOMAIN}/job"
UNIFIED = next(path for path in map(Path, ("/sys/fs/cgroup/unified", "/sys/fs/cgroup"))
               if (path / "cgroup.controllers").exists())
SLOW = 15  # Seconds within which a plug-in that is back is noticed on a busy machine.


class PluginCase(Case):
    def plugged(self, required=True, **settings):
        """A daemon with a plug-in that is not there yet, and an entry for job 42 of WEB."""
        suretyd = self.daemon(uid=0, **settings)  # Its socket is for root alone.
        self.plugin = None
        self.socket = suretyd.folder / "plugin" / "slurm.sock"
        self.socket.parent.mkdir(mode=0o755)
        suretyd.configure(PLUGIN, name="slurm", socket=str(self.socket), required=required)
        suretyd.write_entry("job", spiffe_id=JOB_ID,
                            selectors=[f"unix:uid:{users.WEB}", "slurm:job:42"])
        return suretyd

    def start_plugin(self, program=EXAMPLE, *arguments):
        """As it stands in the documentation, until it can be connected to."""
        descriptors = self.socket.parent / "attestor.pb"
        if not descriptors.exists():
            protos = SOURCE / "workload_api/proto"
            subprocess.run([shutil.which("protoc"), f"--proto_path={protos}",
                            f"--descriptor_set_out={descriptors}", "attestor.proto"], check=True)
        self.socket.unlink(missing_ok=True)
        self.plugin = subprocess.Popen([CLIENTS / "python/venv/bin/python", program, self.socket,
                                        descriptors, *arguments], umask=0o022)
        self.addCleanup(self.stop_plugin, self.plugin)
        self.until("the plug-in listens", self.connects, 30)

    def connects(self):
        self.assertIsNone(self.plugin.poll(), "the plug-in has ended")
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def stop_plugin(self, plugin=None):
        plugin = plugin or self.plugin
        plugin.kill()
        plugin.wait()

    @contextlib.contextmanager
    def inside_job(self, number):
        """What is started in this context is in this job of WEB."""
        folder = UNIFIED / f"slurm/uid_{users.WEB}/job_{number}/step_0"
        before = next(line.partition("::")[2] for line
                      in Path("/proc/self/cgroup").read_text().splitlines()
                      if line.startswith("0::"))
        folder.mkdir(parents=True, exist_ok=True)
        self.addCleanup(self.until, "the job's cgroups are gone", lambda: self.removed(folder))
        (folder / "cgroup.procs").write_text("0")
        try:
            yield
        finally:
            (UNIFIED / before.lstrip("/") / "cgroup.procs").write_text("0")

    @staticmethod
    def removed(folder):
        with contextlib.suppress(OSError):
            while folder != UNIFIED:
                folder.rmdir()
                folder = folder.parent
        return not folder.exists() or folder in (UNIFIED, UNIFIED / "slurm")

    def in_job(self, suretyd, number=42):
        with self.inside_job(number):
            return self.watcher(users.WEB, suretyd)

    def degraded(self, suretyd):
        done = suretyd.run("surety", "status", "--admin-socket", suretyd.admin_socket)
        return "the plug-in slurm does not answer" in done.stdout

    def missing_in(self, record):
        return {fact["kind"]: fact["why"] for fact in record.get("missing", [])}


class Plugins(PluginCase):
    def test_the_example_tells_the_processes_of_a_job(self):
        suretyd = self.plugged()
        check = suretyd.run("suretyd", "check", "--config", str(suretyd.config))
        self.assertEqual(check.returncode, 0, check.stdout)
        suretyd.start()
        self.start_plugin()
        self.assertEqual(self.in_job(suretyd).receive(SLOW).ids, [JOB_ID])
        code, _ = self.in_job(suretyd, 43).receive(SLOW)
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
        code, message = self.status_of(users.WEB, suretyd)
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
        self.assertIn("no_entry", message)
        self.assertFalse(self.degraded(suretyd))

    def test_killed_at_rotation_the_holder_keeps_its_svid_until_it_is_back(self):
        suretyd = self.plugged(x509={"ttl": "10s", "ca_ttl": "1h"}).start()
        self.start_plugin()
        holder = self.in_job(suretyd)
        first = holder.receive(SLOW)
        self.assertEqual(first.ids, [JOB_ID])
        self.stop_plugin()

        record = audit.awaited("rotation is undecided", lambda: audit.decisions(
            suretyd, verdict="undecided", action="rotate"), 10)
        self.assertEqual(record["reason"], "facts_missing")
        self.assertIn("slurm", self.missing_in(record))
        self.assertTrue(self.degraded(suretyd))
        with self.assertRaises(TimeoutError):  # Its stream is open, with what it had.
            holder.receive(timeout=0.05)
        audit.awaited("it is noted", lambda: [
            notice["details"] for notice in audit.notices(suretyd, "plugin.failed")
            if notice["details"]["plugin"] == "slurm"
            and "nobody listens" in notice["details"]["why"]])

        self.start_plugin()
        second = holder.receive(SLOW)
        self.assertEqual(second.ids, [JOB_ID])
        audit.awaited("it is back", lambda: audit.notices(suretyd, "plugin.answers"))
        self.until("the status knows", lambda: not self.degraded(suretyd))
        self.assertEqual(audit.decisions(suretyd, verdict="refuse"), [])

    def test_a_holder_hears_of_revocations_while_the_plugin_is_away(self):
        suretyd = self.plugged()
        suretyd.entry_for("other", users.STRANGER)
        suretyd.start()
        self.start_plugin()
        holder = self.in_job(suretyd)
        held = holder.receive(SLOW).svids[0]
        stolen = openssl.serial(api.certificates(
            self.watcher(users.STRANGER, suretyd).receive().svids[0].chain)[0])
        self.stop_plugin()
        self.until("it is missed", lambda: self.degraded(suretyd))
        done = suretyd.run("surety", "revoke", "--admin-socket", suretyd.admin_socket,
                           "--serial", stolen, "--reason", "stolen")
        self.assertEqual(done.returncode, 0, done.stderr)

        def heard():
            news = holder.receive(SLOW)
            self.assertEqual(news.svids[0].chain, held.chain)
            return any(stolen in openssl.revoked(crl) for crl in news.crl)

        self.until("the holder has the CRL", heard)
        audit.awaited("who it is cannot be told", lambda: audit.decisions(
            suretyd, pid=holder.pid, verdict="undecided"))

    def test_an_optional_one_holds_up_only_entries_with_its_selectors(self):
        suretyd = self.plugged(required=False)
        suretyd.entry_for("web", users.WEB)
        suretyd.start()
        holder = self.in_job(suretyd)
        self.assertEqual(holder.receive(SLOW).ids, [WEB_ID])
        record = audit.decisions(suretyd, verdict="allow")[0]
        self.assertIn("slurm", self.missing_in(record))

        self.start_plugin()
        self.assertEqual(sorted(holder.receive(SLOW).ids), [JOB_ID, WEB_ID])
        self.stop_plugin()
        self.until("it is missed", lambda: self.degraded(suretyd))
        suretyd.entry_for("web", users.WEB, dns_names=["web.internal"])
        self.assertEqual(sorted(holder.receive(SLOW).ids), [JOB_ID, WEB_ID])
        audit.awaited("the job is undecided", lambda: [
            each for each in audit.decisions(suretyd, verdict="allow", spiffe_id=JOB_ID)
            if any(entry["verdict"] == "undecided" for entry in each["entries"])])


class HostilePlugins(PluginCase):
    def assert_gives_nothing(self, suretyd, why):
        """Whoever asks waits, and the record says why."""
        self.until("it is asked again", lambda: not self.degraded(suretyd) or "describes" in why)
        watcher = self.watcher(users.WEB, suretyd)
        audit.awaited(why, lambda: [
            record for record in audit.decisions(suretyd, pid=watcher.pid, verdict="undecided")
            if why in self.missing_in(record).get("slurm", "")], SLOW)
        self.assertEqual(audit.decisions(suretyd, verdict="allow"), [])
        watcher.stop()

    def test_what_is_no_sound_answer_gives_nothing(self):
        suretyd = self.plugged().start()
        for mode, why in (("another process", "about a process that started at"),
                          ("foreign type", 'the kind "unix:uid", which it did not describe'),
                          ("foreign kind described", 'describes the kind "unix:uid"'),
                          ("many selectors", "has 501 facts"),
                          ("huge", "larger than max"),
                          ("control characters", "no printable text"),
                          ("hang", "no answer in time")):
            with self.subTest(mode=mode):
                self.start_plugin(HOSTILE, mode)
                try:
                    self.assert_gives_nothing(suretyd, why)
                finally:
                    self.stop_plugin()
        [resident] = re.findall(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{suretyd.pid}/status")
                                .read_text(), re.MULTILINE)
        self.assertLess(int(resident), 200 << 10)
        self.start_plugin()
        self.assertEqual(self.in_job(suretyd).receive(SLOW).ids, [JOB_ID])

    def test_garbage_gives_nothing(self):
        suretyd = self.plugged().start()
        for noise in (b"\0" * 64, b"HTTP/1.1 200 OK\r\n\r\n", os.urandom(4096)):
            with self.subTest(noise=noise[:16]), Noise(self.socket, noise) as heard:
                watcher = self.watcher(users.WEB, suretyd)
                self.until("it was asked", lambda: heard.count > 1)
                audit.awaited("it is undecided", lambda: audit.decisions(
                    suretyd, pid=watcher.pid, verdict="undecided"))
        self.assertEqual(audit.decisions(suretyd, verdict="allow"), [])
