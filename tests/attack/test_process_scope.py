"""Attacks of the corpus on what a process is: rows 1, 3, 4, 7, 16, 19."""

from __future__ import annotations

import os

from attack_case import AttackCase


class Executable(AttackCase):
    def test_row_1_exec_of_another_binary(self):
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.execv("/bin/sleep", ["sleep", "60"]))
        victim.start()
        record = self.assert_refused(victim, "drift.executable")
        self.assertEqual(record["drift"]["kinds"], ["unix:path", "unix:sha256"])
        self.assertEqual(record["entries"][0]["policies"], ["drift.executable"])
        self.assert_revoked(victim)
        self.assertEqual(victim.ask_again()[0], 7)
        self.assert_served(daemon)
