"""Units of a real systemd get identities of their own."""

from __future__ import annotations

from harness import audit
from harness.waiting import until
from machine import PROGRAMS
from machine_case import USER, WEB, MachineCase


def of_systemd(selectors: set[str]) -> set[str]:
    return {selector for selector in selectors if selector.startswith("systemd:")}


class UnitsCase(MachineCase):
    def test_units_of_one_user_get_each_its_own_identity(self):
        self.serve()
        web = self.entry("web", "systemd:id:web.service", "systemd:slice:system.slice")
        db = self.entry("db", "systemd:id:db.service",
                        "systemd:fragment_path:/etc/systemd/system/db.service")
        for name, identity in (("web", web), ("db", db)):
            pid = self.workload(f"{name}.service")
            record = self.decided("an SVID", pid=pid, verdict="allow")
            self.assertEqual([entry["spiffe_id"] for entry in record["entries"]], [identity])
            self.assertEqual(of_systemd(self.selectors(pid)), {
                f"systemd:id:{name}.service", "systemd:slice:system.slice",
                f"systemd:fragment_path:/etc/systemd/system/{name}.service",
                "systemd:invocation_id:" + self.machine.shown(f"{name}.service", "InvocationID")})
        pid = self.workload("other.service")
        self.decided("a refusal", pid=pid, verdict="refuse", reason="no_entry")

    def test_restart_gives_a_new_invocation_and_the_same_identity(self):
        self.serve()
        web = self.entry("web", "systemd:id:web.service")
        seen = []
        for _ in range(3):
            pid = self.workload("web.service")
            record = self.decided("an SVID", pid=pid, verdict="allow")
            self.assertEqual([entry["spiffe_id"] for entry in record["entries"]], [web])
            invocation = self.machine.shown("web.service", "InvocationID")
            self.assertIn(f"systemd:invocation_id:{invocation}", self.selectors(pid))
            seen.append(invocation)
        self.assertEqual(len(set(seen)), 3)
        self.assertEqual(self.decisions(verdict="refuse"), [])

    def test_who_stays_while_its_unit_is_started_again_is_no_jumper(self):
        self.serve()
        self.entry("web", "systemd:id:web.service")
        watch = f"{PROGRAMS}/surety watch -o json"
        # Who stays belongs to the first start; who is started to the second.
        main = self.workload("web.service", f"/bin/sh -c '{watch} & exec {watch}'",
                             KillMode="process")
        first = self.machine.shown("web.service", "InvocationID")
        procs = self.machine.path("/sys/fs/cgroup/system.slice/web.service/cgroup.procs")
        others = until("its child is there", lambda: set(self._inside(procs)) - {main})
        (stays,) = others
        self.decided("an SVID", pid=stays, verdict="allow")
        self.machine.start("web.service")
        second = self.machine.shown("web.service", "InvocationID")
        self.assertNotEqual(first, second)
        self.assertIn(f"systemd:invocation_id:{second}", self.selectors(stays))
        self.entry("more", "systemd:id:web.service")  # Wakes everyone.
        self.decided("another SVID", pid=stays, verdict="allow",
                     spiffe_id="spiffe://e2e.example.org/more")
        self.assertEqual(self.decisions(verdict="refuse"), [])

    def _inside(self, procs) -> list[int]:
        """Its own numbers of the processes, which are others outside."""
        return [int(pid) for pid in
                self.machine.run("cat", str(procs).split("/root", 1)[1]).stdout.split()]

    def test_process_moved_out_of_its_unit_is_refused(self):
        self.serve()
        self.entry("web", "systemd:id:web.service")
        self.entry("db", "systemd:id:db.service")
        self.workload("db.service")
        for target in ("system.slice/db.service", "elsewhere"):
            self.machine.run("mkdir", "-p", f"/sys/fs/cgroup/{target}")
            name = f"web-{len(target)}.service"
            self.entry(f"web-{len(target)}", f"systemd:id:{name}")
            pid = self.workload(name)
            self.decided("an SVID", pid=pid, verdict="allow")
            # systemd itself still knows it by its pid as the unit's main process.
            self.machine.run("sh", "-c", f"echo {pid} > /sys/fs/cgroup/{target}/cgroup.procs")
            record = self.decided("a refusal", pid=pid, verdict="refuse", reason="drift.cgroup")
            self.assertIn(f"systemd:id:{name}", record["drift"]["lost"])
            self.assertIn("systemd:id", record["drift"]["kinds"])

    def test_forged_names_of_cgroups_are_not_believed(self):
        self.serve()
        self.entry("web", "systemd:id:web.service")
        self.workload("web.service")
        # A folder that is the user's own, and in it one that is called like the unit.
        pid = self.workload("batch.service", "/bin/sh -c 'cd /sys/fs/cgroup/system.slice/batch"
                            ".service && mkdir -p web.service system.slice/web.service && echo $$$$ "
                            "> system.slice/web.service/cgroup.procs && exec "
                            f"{PROGRAMS}/surety watch'", Delegate="yes")
        self.decided("a refusal", pid=pid, verdict="refuse", reason="no_entry")
        seen = self.selectors(pid)
        self.assertIn("cgroup:path:/system.slice/batch.service/system.slice/web.service", seen)
        self.assertIn("systemd:id:batch.service", seen)
        self.assertNotIn("systemd:id:web.service", seen)

    def test_unit_of_a_users_manager_is_that_users_own_word(self):
        machine = self.machine
        self.serve()
        web = self.entry("web", "systemd:id:web.service")
        mine = self.entry("mine", f"systemd:user_unit:{USER}:web.service", f"unix:uid:{USER}")
        self.entry("others", f"systemd:user_unit:{WEB}:web.service")
        # What pam_systemd would do at login.
        machine.run("mkdir", "-p", f"/run/user/{USER}")
        machine.run("chown", "user", f"/run/user/{USER}")
        machine.unit(f"user@{USER}.service.d/test.conf", Service={
            "Environment": f"XDG_RUNTIME_DIR=/run/user/{USER}"})
        machine.write(f"/etc/systemd/user/web.service",
                      f"[Service]\nExecStart={PROGRAMS}/surety watch -o json\n")
        machine.run("systemctl", "start", f"user@{USER}.service")
        machine.run("setpriv", f"--reuid={USER}", "--clear-groups", "env",
                    f"XDG_RUNTIME_DIR=/run/user/{USER}", "systemctl", "--user", "start",
                    "web.service")
        record = self.decided("an SVID", verdict="allow", spiffe_id=mine)
        self.assertEqual(self.decisions(spiffe_id=web), [])
        self.assertEqual([entry["spiffe_id"] for entry in record["entries"]], [mine])
        seen = of_systemd(self.selectors(record["process"]["pid"]))
        self.assertLessEqual({f"systemd:id:user@{USER}.service",
                              f"systemd:user_unit:{USER}:web.service"}, seen)

    def test_without_the_bus_a_holder_keeps_what_it_has_until_it_is_back(self):
        self.serve("[x509]\nttl = \"10s\"\nca_ttl = \"1h\"\n")
        web = self.entry("web", "systemd:id:web.service")
        pid = self.workload("web.service")
        self.decided("an SVID", pid=pid, verdict="allow")
        self.machine.run("systemctl", "stop", "dbus.socket", "dbus.service")
        record = self.decided("it cannot be told", pid=pid, verdict="undecided",
                              action="rotate", timeout=15)
        missing = {fact["kind"]: fact["why"] for fact in record["missing"]}
        self.assertLessEqual({"systemd:id", "systemd:invocation_id"}, set(missing))
        self.assertEqual(self.decisions(verdict="refuse"), [])
        late = self.workload("late.service")
        self.decided("nor of another", pid=late, verdict="undecided")
        self.assertIn("connecting to the bus at /run/dbus/system_bus_socket",
                      self.machine.run(f"{PROGRAMS}/surety", "attest", "-t", "1s",
                                       str(late)).stdout)
        had = len(self.updates("web.service"))
        self.machine.run("systemctl", "start", "dbus.socket", "dbus.service")
        until("it is given another SVID", lambda: len(self.updates("web.service")) > had, 15)
        self.assertIn(web, str(self.updates("web.service")[-1]))
        # The same connection all the time, and the same daemon.
        self.assertEqual(self.decisions(verdict="refuse", pid=pid), [])
        self.assertEqual(len(audit.notices(self, "daemon.started")), 1)
