"""Attacks on who a process is and what it may do: rows 16 and 19 of the corpus, and their kind."""

from __future__ import annotations

import os
import shutil
import subprocess

import kernel
from attack_case import SWEEP, AttackCase
from harness import grpc_raw, users

WEB_BIT = 1 << kernel.CAP_NET_BIND_SERVICE
RAW_BIT = 1 << kernel.CAP_NET_RAW


class OtherUserCase(AttackCase):
    def assert_drifted(self, victim, reason="drift.user", kinds=None, within=0.5):
        record = self.assert_refused(victim, reason, within)
        self.assertIn("drift.user" if reason == "drift.executable" else reason,
                      record["entries"][0]["policies"])
        if kinds:
            names = {"unix:user", "unix:group", "unix:supplementary_group"}
            self.assertEqual(sorted(set(record["drift"]["kinds"]) - names), kinds)
        self.assert_revoked(victim)
        self.assertEqual(victim.ask_again()[0], grpc_raw.PERMISSION_DENIED)
        self.assert_not_quarantined(victim.daemon)
        return record


class OtherUser(OtherUserCase):
    def test_row_16_setuid_after_the_first_svid(self):
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.setuid(users.STRANGER), uid=0)
        victim.do()
        record = self.assert_drifted(victim, kinds=["unix:cap", "unix:uid"])
        self.assertEqual(record["drift"]["gained"], [f"unix:uid:{users.STRANGER}"])
        self.assertEqual(record["process"]["uid"], users.STRANGER)
        self.assert_served(daemon, 0)

    def test_row_16_setuid_to_the_user_of_another_entry(self):
        """It is neither who it was nor who it would like to be."""
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.setuid(users.DB), uid=0)
        victim.do()
        self.assert_drifted(victim)
        self.assert_served(daemon, users.DB)

    def test_row_16_only_the_effective_uid(self):
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.seteuid(users.DB), uid=0)
        victim.do()
        self.assert_drifted(victim)

    def test_row_16_up_again_does_not_help_once_it_was_seen_down(self):
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.seteuid(users.DB), lambda: os.seteuid(0), uid=0)
        victim.do()
        self.assert_drifted(victim)
        victim.do()
        self.assert_revoked(victim)

    def test_setuid_by_the_sweep_alone(self):
        daemon = self.attacked(watch={"events": False})
        victim = self.victim(daemon, lambda: os.setuid(users.DB), uid=0)
        victim.do()
        record = self.assert_drifted(victim, within=SWEEP)
        self.assertEqual(record["wake"], "sweep")

    def test_setuid_by_a_thread_of_all_threads(self):
        """setuid(3) changes every thread, whichever calls it."""
        daemon = self.attacked()
        victim = self.victim(
            daemon, lambda: kernel.in_thread(lambda: os.setuid(users.DB)), uid=0)
        victim.do()
        self.assert_drifted(victim)

    def test_setgid(self):
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.setgid(users.DB), uid=0)
        victim.do()
        self.assert_drifted(victim, kinds=["unix:gid"])

    def test_another_group_more(self):
        """setgroups(2) raises no event."""
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.setgroups([users.DB]), uid=0)
        victim.do()
        self.assert_drifted(victim, kinds=["unix:supplementary_gid"], within=SWEEP)

    def test_who_leaves_a_group_stays_who_he_was(self):
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.setgroups([users.DB]), uid=0,
                             before=lambda: os.setgroups([users.DB, users.BATCH]))
        victim.do()
        self.assert_still_served(victim)

    def test_setgid_program_of_another_group(self):
        daemon = self.attacked()
        sleep = self.program_of(daemon, 0, users.DB, 0o2755)
        victim = self.victim(daemon, lambda: os.execv(sleep, ["sleep", "60"]))
        victim.start()
        record = self.assert_drifted(victim, "drift.executable")
        self.assertIn("unix:gid", record["drift"]["kinds"])
        self.assert_served(daemon)

    def test_setuid_program_of_another_user(self):
        daemon = self.attacked()
        sleep = self.program_of(daemon, users.DB, 0, 0o4755)
        victim = self.victim(daemon, lambda: os.execv(sleep, ["sleep", "60"]))
        victim.start()
        record = self.assert_drifted(victim, "drift.executable")
        self.assertIn("unix:uid", record["drift"]["kinds"])
        self.assert_served(daemon)

    @staticmethod
    def program_of(daemon, uid, gid, mode):
        path = daemon.folder / "sleep"
        shutil.copyfile("/bin/sleep", path)
        os.chown(path, uid, gid)
        path.chmod(mode)
        return str(path)


class MorePower(OtherUserCase):
    def assert_gained(self, victim, reason):
        """Quarantined, with its lineage."""
        record = self.assert_refused(victim, reason)
        self.assertIn(reason, record["entries"][0]["policies"])
        self.assertTrue(record["entries"][0]["obligations"]["quarantine"])
        self.assert_revoked(victim)
        self.assert_quarantined(victim, reason)

    def test_row_19_exec_of_a_setuid_root_program(self):
        daemon = self.attacked()
        sleep = OtherUser.program_of(daemon, 0, 0, 0o4755)
        victim = self.victim(daemon, lambda: os.execv(sleep, ["sleep", "60"]))
        victim.start()
        self.assert_gained(victim, "gain.root")

    def test_row_19_by_a_script_that_runs_it(self):
        """The victim's own child becomes root: the child is no victim, and gets nothing
        as root's; the victim stays what it was."""
        daemon = self.attacked()
        sleep = OtherUser.program_of(daemon, 0, 0, 0o4755)
        victim = self.victim(daemon, lambda: os.posix_spawn(sleep, ["sleep", "60"], {}))
        child = victim.do()
        self.addCleanup(os.kill, child, 9)
        self.assert_still_served(victim)

    def test_row_19_exec_of_a_program_with_capabilities(self):
        daemon = self.attacked()
        sleep = OtherUser.program_of(daemon, 0, 0, 0o755)
        subprocess.run(["setcap", "cap_net_raw+ep", sleep], check=True)
        victim = self.victim(daemon, lambda: os.execv(sleep, ["sleep", "60"]))
        victim.start()
        self.assert_gained(victim, "gain.capability")

    def test_become_root_without_exec(self):
        """By a saved uid that nobody looks at."""
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.seteuid(0), uid=0,
                             before=lambda: os.setresuid(users.WEB, users.WEB, 0))
        victim.uid = users.WEB
        victim.do()
        self.assert_gained(victim, "gain.root")

    def test_capability_gained(self):
        """capset(2) raises no event."""
        daemon = self.attacked()
        victim = self.victim(
            daemon, lambda: kernel.set_capabilities(WEB_BIT | RAW_BIT, WEB_BIT | RAW_BIT),
            uid=0, before=self.keep_capabilities)
        victim.do()
        self.assert_drifted(victim, "drift.capability", ["unix:cap"], SWEEP)
        self.assert_served(daemon)

    def test_who_drops_capabilities_stays_who_he_was(self):
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: kernel.set_capabilities(WEB_BIT, WEB_BIT),
                             lambda: kernel.set_capabilities(0, 0),
                             lambda: kernel.prctl(38, 1), uid=0)  # PR_SET_NO_NEW_PRIVS
        for _ in range(3):
            victim.do()
        self.assert_still_served(victim)

    @staticmethod
    def keep_capabilities():
        """Of WEB, with capabilities that are permitted and not in effect."""
        kernel.prctl(kernel.PR_SET_KEEPCAPS, 1)
        os.setresgid(users.WEB, users.WEB, users.WEB)
        os.setresuid(users.WEB, users.WEB, users.WEB)
        kernel.set_capabilities(WEB_BIT, WEB_BIT | RAW_BIT)
