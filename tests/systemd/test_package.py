"""The Debian package on a real systemd: installed, started, watched over, upgraded, purged."""

from __future__ import annotations

import json
import threading

from harness.daemon import TRUST_DOMAIN
from harness.waiting import until
from machine_case import SOCKET
from package_case import METRICS, SURETY, UNITS, PackageCase

CAPABILITIES = 1 << 19 | 1 << 2  # CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH


class InstalledCase(PackageCase):
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
        entry = json.loads(machine.run("journalctl", "-u", "suretyd.service", "-o", "json", "-n", "1",
                                       "SURETY_VERDICT=allow").stdout)
        self.assertEqual((entry["SURETY_SPIFFE_ID"], entry["SURETY_ACTION"], entry["PRIORITY"]),
                         (web, "issue", "6"))

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
