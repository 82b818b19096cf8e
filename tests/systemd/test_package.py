"""The Debian package on a real systemd: installed, started, watched over, upgraded, purged."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from pathlib import Path

from harness.daemon import BIN, TRUST_DOMAIN, toml
from harness.waiting import until
from machine import Machine
from machine_case import SOCKET, WEB, MachineCase

UNITS = ("suretyd.service", "suretyd.socket", "suretyd-admin.socket")
SURETY = "/usr/bin/surety"
METRICS = "/run/surety/metrics.sock"
CAPABILITIES = 1 << 19 | 1 << 2  # CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH


class PackageCase(MachineCase):
    def setUp(self) -> None:
        self.machine = Machine()
        self.addCleanup(self.machine.stop)
        self.machine.account("web", WEB)
        self.deb = self.build()
        self.install()
        self.packaged = self.machine.path("/etc/surety/suretyd.toml").read_text()

    # The package

    def build(self) -> Path:
        scratch = tempfile.TemporaryDirectory(prefix="surety-package-")
        self.addCleanup(scratch.cleanup)
        done = subprocess.run(["cpack", "--config", BIN.parent / "CPackConfig.cmake", "-B", scratch.name,
                               "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=none"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        (deb,) = Path(scratch.name).glob("*.deb")
        return deb

    def install(self) -> str:
        self.machine.path("/root/surety.deb").write_bytes(self.deb.read_bytes())
        return self.machine.run("dpkg", "-i", "/root/surety.deb").stdout

    def configure(self, text: str = "") -> None:
        self.machine.write("/etc/surety/suretyd.toml",
                           f"trust_domain = {toml(TRUST_DOMAIN)}\n{self.packaged}{text}")

    def enable(self) -> None:
        self.configure(f"[metrics]\nlisten = {toml(f'unix://{METRICS}')}\n")
        # So that no case waits for half a minute.
        self.machine.write("/etc/systemd/system/suretyd.service.d/test.conf",
                           "[Service]\nWatchdogSec=3s\n")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "enable", "--now", "suretyd.service")

    # What is asked of it

    def daemon(self) -> int:
        """Its pid in the machine; 0 if it does not run."""
        return int(self.machine.shown("suretyd.service", "MainPID"))

    def active(self, unit: str = "suretyd.service") -> str:
        return self.machine.shown(unit, "ActiveState")

    def fetch(self) -> list[str]:
        """The SPIFFE IDs that a process of the user WEB gets."""
        done = self.machine.run("systemd-run", "--quiet", "--collect", "--pipe", f"--uid={WEB}",
                                SURETY, "fetch", "x509", "--timeout", "20s", "-o", "json")
        return [svid["spiffe_id"] for svid in json.loads(done.stdout)["svids"]]

    def web(self) -> str:
        """An entry that needs the capabilities: by facts about another user's process."""
        digest = self.machine.run("sha256sum", SURETY).stdout.split()[0]
        return self.entry("web", f"unix:uid:{WEB}", f"unix:path:{SURETY}", f"unix:sha256:{digest}")

    # Cases

    def test_installs_serves_reloads_upgrades_and_leaves_nothing(self):
        machine = self.machine
        verified = machine.run("systemd-analyze", "verify", "--man=no", *UNITS)
        self.assertEqual(verified.stdout + verified.stderr, "")
        machine.run("systemd-analyze", "security", "--offline=true", "--threshold=15",
                    "suretyd.service")
        self.assertEqual({unit: self.active(unit) for unit in UNITS},
                         dict.fromkeys(UNITS, "inactive"))
        refused = machine.run("/usr/sbin/suretyd", "check", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("trust_domain", refused.stdout)

        self.enable()
        status = machine.path(f"/proc/{self.daemon()}/status").read_text()
        sets = dict(line.split(":\t") for line in status.splitlines() if line.startswith("Cap"))
        for name in ("CapEff", "CapPrm", "CapAmb", "CapBnd"):
            self.assertEqual(int(sets[name], 16), CAPABILITIES, name)
        self.assertEqual(machine.run("stat", "-c", "%U %a", "/var/lib/surety").stdout,
                         "surety 700\n")
        self.assertTrue(machine.path(METRICS).is_socket())
        self.assertIn("sound: 0 broken", machine.run(SURETY, "doctor").stdout)
        web = self.web()
        self.assertEqual(self.fetch(), [web])

        # bash asks for words with this: the packaged completion, and what it finds.
        machine.run("bash", "-c", f"""
            . /usr/share/bash-completion/completions/surety
            COMP_WORDS=(surety quarantine '') COMP_CWORD=2
            _surety
            [ "${{COMPREPLY[*]}}" = 'add list release' ]""")

        machine.run("systemctl", "reload", "suretyd.service")
        until("it has reloaded", lambda: "SIGHUP: reading" in machine.journal("suretyd.service"))
        until("its status tells what is served", lambda: machine.shown(
            "suretyd.service", "StatusText").startswith(f"serving spiffe://{TRUST_DOMAIN}, 1 entries"))
        self.assertEqual(self.active(), "active")

        before = self.daemon()
        machine.run("surety", "quarantine", "add", "--lineage", "unit:bad.service",
                    "--reason", "a test")
        self.install()
        self.assertNotEqual(self.daemon(), before)
        self.assertIn("bad.service", machine.run("surety", "quarantine", "list").stdout)
        self.assertEqual(self.fetch(), [web])

        machine.run("rm", "-r", "/etc/systemd/system/suretyd.service.d", "/root/surety.deb")
        machine.run("dpkg", "--purge", "surety")
        left = machine.run("find", "/", "-xdev", "-iname", "*surety*", "-not", "-path", "/opt/*",
                           "-not", "-path", "/proc/*", "-not", "-path", "/sys/*").stdout
        self.assertEqual(left, "")
        self.assertFalse(machine.path(SOCKET).parent.exists())

    def test_watchdog_kills_a_daemon_that_hangs_and_who_waits_is_served(self):
        self.enable()
        web = self.web()
        first = self.daemon()
        watcher = self.workload("watch.service", f"{SURETY} watch -o json")
        self.decided("an SVID", pid=watcher, verdict="allow")
        fed = self.machine.shown("suretyd.service", "WatchdogTimestampMonotonic")
        until("it feeds the watchdog", lambda: self.machine.shown(
            "suretyd.service", "WatchdogTimestampMonotonic") != fed)

        self.machine.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", "suretyd.service")
        fetched: list[str] = []
        waits = threading.Thread(target=lambda: fetched.extend(self.fetch()))
        waits.start()
        self.addCleanup(waits.join)
        until("systemd has started another", lambda: self.daemon() not in (0, first), 20, 0.1)
        waits.join()
        self.assertEqual(fetched, [web])
        self.assertEqual(self.machine.shown("suretyd.service", "NRestarts"), "1")
        self.assertIn("Watchdog timeout", self.machine.journal("suretyd.service"))
        until("who was connected is so again", lambda: len(self.decisions(
            pid=watcher, verdict="allow")) > 1, 20)

    def test_pins_outlive_the_daemon(self):
        self.enable()
        self.web()
        jumper = self.workload("jumper.service", f"{SURETY} watch -o json")
        self.decided("an SVID", pid=jumper, verdict="allow")
        self.machine.run("systemctl", "stop", *UNITS)
        self.machine.run("mkdir", "/sys/fs/cgroup/elsewhere")
        self.machine.run("sh", "-c", f"echo {jumper} > /sys/fs/cgroup/elsewhere/cgroup.procs")
        self.machine.run("systemctl", "start", "suretyd.service")
        self.decided("a refusal", 20, pid=jumper, verdict="refuse", reason="drift.cgroup")

    def test_socket_starts_the_daemon_for_who_connects(self):
        self.enable()
        web = self.web()
        self.machine.run("systemctl", "stop", "suretyd.service")
        self.assertEqual(self.active("suretyd.socket"), "active")
        self.assertEqual(self.fetch(), [web])
        self.assertEqual(self.active(), "active")

        # One that cannot start is tried again, and who connects waits for it.
        self.machine.run("systemctl", "stop", "suretyd.service")
        self.configure("[unknown]\n")
        fetched: list[str] = []
        waits = threading.Thread(target=lambda: fetched.extend(self.fetch()))
        waits.start()
        self.addCleanup(waits.join)
        until("it has failed", lambda: "unknown" in self.machine.journal("suretyd.service"))
        self.configure()
        waits.join()
        self.assertEqual(fetched, [web])
