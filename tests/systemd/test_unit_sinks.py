"""Files for the processes of units that a real systemd starts and reloads."""

from __future__ import annotations

import json

from harness.waiting import until
from machine import PROGRAMS
from machine_case import MachineCase

FOLDER = "/var/lib/sinks/web"
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

    def test_unit_waits_for_its_files_and_is_reloaded_with_its_own(self):
        self.machine.run("install", "-d", "-o", "surety", "-g", "web", "-m", "2750", FOLDER)
        self.serve(SINK)
        self.entry("web", "systemd:id:web.service")
        pid = self.workload("web.service", "/bin/sleep 1000", ExecStartPre=(
            f"{PROGRAMS}/surety sink wait -t 20s {FOLDER}"), ExecReload="/bin/echo reloaded")
        until("its main process has files of its own",
              lambda: self.sink().get("pid") == pid and self.sink()["state"] == "written", 15)
        # As that of the package, of which nothing but the folder's setgid bit is asked.
        self.assertEqual(self.shown_file("key.pem"), ["surety", "web", "640"])
        self.assertEqual(self.shown_file("svid.pem"), ["surety", "web", "644"])
        # Nor may it reload a unit without polkit's leave: that is told, and does no more.
        until("the reload has failed", lambda: "systemd" in (self.sink()["last_error"] or ""), 10)
        waited = self.decisions(verdict="allow")
        self.assertEqual(len({record["process"]["pid"] for record in waited}), 2)

        self.machine.run("chown", "root", FOLDER)
        self.machine.write("/etc/systemd/system/suretyd.service.d/root.conf",
                           "[Service]\nUser=root\n")
        self.machine.run("chown", "-R", "root", "/var/lib/surety")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.start("suretyd.service")
        output = self.machine.path("/run/web.service.out")
        until("systemd has reloaded the unit",
              lambda: "reloaded" in output.read_text(), 15)
        self.assertEqual(self.machine.shown("web.service", "MainPID"), str(pid))
        until("all is well", lambda: self.sink().get("last_error", "") is None, 10)
