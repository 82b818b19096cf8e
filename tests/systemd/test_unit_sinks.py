"""Files for the processes of units that a real systemd starts and reloads, by suretyd in the
sandbox of its package, with what docs/sinks.md says each sink needs there and no more."""

from __future__ import annotations

import json
from pathlib import Path

from harness.daemon import TRUST_DOMAIN
from harness.waiting import until
from machine import PROGRAMS
from machine_case import CONFIG, SOCKET, MachineCase

PACKAGED = Path(__file__).parents[2] / "systemd/suretyd.service"
FOLDER = "/var/lib/surety-sinks/web"
SINK = f"""
[[sink]]
name = "web"
unit = "web.service"
folder = "{FOLDER}"
mode = "0640"
reload_unit = "web.service"
"""


class UnitSinksCase(MachineCase):
    def sink(self) -> dict[str, object]:
        done = self.machine.run(f"{PROGRAMS}/surety", "status", "-o", "json", check=False)
        return json.loads(done.stdout)["sinks"][0] if done.returncode == 0 else {}

    def shown_file(self, name: str) -> list[str]:
        return self.machine.run("stat", "-L", "-c", "%U %G %a",
                                f"{FOLDER}/current/{name}").stdout.split()

    def begin(self) -> None:
        """The package's unit, without its sockets."""
        sockets = ("Sockets=", "Also=", "Wants=", "After=")
        text = "\n".join(line for line in PACKAGED.read_text().splitlines()
                         if not line.startswith(sockets))
        program = "/usr/sbin/suretyd run"
        self.assertIn(program, text)
        self.machine.write("/etc/systemd/system/suretyd.service",
                           text.replace(program, f"{PROGRAMS}/suretyd run") + "\n")
        self.machine.write("/etc/surety/suretyd.toml", CONFIG + SINK)
        self.machine.write("/etc/surety/entries.d/web.toml", f"""[[entry]]
spiffe_id = "spiffe://{TRUST_DOMAIN}/web"
selectors = ["systemd:id:web.service"]
""")
        self.machine.run("install", "-d", "-o", "surety", "-g", "web", "-m", "2750", FOLDER)
        self.again("ReadWritePaths=/var/lib/surety-sinks")

    def again(self, *lines: str) -> None:
        """Starts suretyd with these lines in its unit as well."""
        self.machine.write("/etc/systemd/system/suretyd.service.d/sinks.conf",
                           "\n".join(["[Service]", *lines, ""]))
        self.machine.run("systemctl", "daemon-reload")
        self.machine.start("suretyd.service")
        until("suretyd serves", lambda: self.machine.path(SOCKET).exists() and self.sink(), 15)

    def test_unit_waits_for_its_files_and_is_reloaded_with_its_own(self):
        self.begin()
        pid = self.workload("web.service", "/bin/sleep 1000", ExecStartPre=(
            f"{PROGRAMS}/surety sink wait -t 20s {FOLDER}"), ExecReload="/bin/echo reloaded")
        until("its main process has files of its own",
              lambda: self.sink().get("pid") == pid and self.sink()["state"] == "written", 15)
        self.assertEqual(self.shown_file("key.pem"), ["surety", "web", "640"])
        self.assertEqual(self.shown_file("svid.pem"), ["surety", "web", "644"])
        waited = self.decisions(verdict="allow")
        self.assertEqual(len({record["process"]["pid"] for record in waited}), 2)
        # Without polkit's leave it may not reload a unit: that is told, and does no more.
        until("the reload has failed",
              lambda: "systemd" in (self.sink().get("last_error") or ""), 10)

        owner = SINK + 'owner = "web"\n'
        self.machine.write("/etc/surety/suretyd.toml", CONFIG + owner)
        self.again("ReadWritePaths=/var/lib/surety-sinks")
        until("its owner needs more",
              lambda: "without CAP_CHOWN" in (self.sink().get("last_error") or ""), 10)
        self.again("ReadWritePaths=/var/lib/surety-sinks", "AmbientCapabilities=CAP_CHOWN",
                   "CapabilityBoundingSet=CAP_CHOWN", "SystemCallFilter=@chown")
        until("its owner has the key", lambda: self.shown_file("key.pem") == ["web", "web", "640"],
              10)

        self.machine.write("/etc/surety/suretyd.toml", CONFIG + SINK)
        self.machine.run("chown", "-R", "root", FOLDER)
        self.again("ReadWritePaths=/var/lib/surety-sinks", "User=root", "Group=root")
        until("systemd has reloaded the unit",
              lambda: "reloaded" in self.machine.path("/run/web.service.out").read_text(), 15)
        self.assertEqual(self.machine.shown("web.service", "MainPID"), str(pid))
        until("all is well", lambda: self.sink().get("last_error", "") is None, 10)
