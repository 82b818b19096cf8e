"""Attacks by a debugger: row 9 of the corpus, and its kind."""

from __future__ import annotations

import os
import signal

import kernel
from attack_case import AttackCase
from harness import audit, users


class Traced(AttackCase):
    def debugged(self, daemon, *acts, uid=users.WEB, before=None):
        """A victim of a user, which its user's other processes may attach to."""
        return self.victim(daemon, *acts, uid=uid,
                           before=before or (lambda: kernel.prctl(kernel.PR_SET_DUMPABLE, 1)))

    def debugger(self, victim, request=kernel.PTRACE_SEIZE, uid=users.WEB, stays=True):
        """A process that attaches, and stays until the end of the case or, by exiting,
        lets go at once."""

        def work(send):
            kernel.ptrace(request, victim.pid)
            send("attached")
            if stays:
                signal.pause()

        debugger = self.worker(uid, work)
        self.assertEqual(debugger.receive(), "attached")
        return debugger

    def assert_traced(self, victim, tracer_uid=users.WEB, within=0.5):
        record = self.assert_refused(victim, "traced", within)
        self.assertEqual(record["entries"][0]["policies"], ["traced"])
        self.assertIn("unix:traced:true", record["drift"]["gained"])
        self.assertIn(f"unix:tracer_uid:{tracer_uid}", record["drift"]["gained"])
        self.assert_revoked(victim)
        self.assert_quarantined(victim, "traced")

    def test_row_9_seize(self):
        daemon = self.attacked()
        victim = self.debugged(daemon)
        self.debugger(victim)
        self.assert_traced(victim)

    def test_row_9_attach(self):
        daemon = self.attacked()
        victim = self.debugged(daemon)
        self.debugger(victim, kernel.PTRACE_ATTACH)
        os.kill(victim.pid, signal.SIGCONT)
        self.assert_refused(victim, "traced")
        self.assert_revoked(victim)

    def test_row_9_seen_by_the_sweep_alone(self):
        daemon = self.attacked(watch={"events": False})
        victim = self.debugged(daemon)
        self.debugger(victim)
        self.assert_traced(victim, within=3)

    def test_victim_that_lets_its_parent_trace_it(self):
        """PTRACE_TRACEME, with a parent of the same user."""
        daemon = self.attacked()

        def be_a_child():
            kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
            if os.fork() != 0:
                signal.pause()
            kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)

        victim = self.debugged(daemon, lambda: kernel.ptrace(kernel.PTRACE_TRACEME, 0),
                               before=be_a_child)
        victim.do()
        self.assert_traced(victim)

    def test_debugger_that_is_gone_before_anybody_looks(self):
        """It has had time for one look into the memory."""
        daemon = self.attacked()
        victim = self.debugged(daemon)
        self.debugger(victim, stays=False)
        record = self.assert_refused(victim, "traced")
        self.assertIn("unix:traced:true", record["drift"]["gained"])
        self.assert_revoked(victim)
        self.assert_quarantined(victim, "traced")

    def test_debugger_of_root_is_an_alert(self):
        """Row 57: an administrator with gdb. Who is root could have any key without."""
        daemon = self.attacked()
        victim = self.debugged(daemon)
        debugger = self.debugger(victim, uid=0)
        audit.awaited("the alert", lambda: [
            record for record in audit.decisions(daemon, pid=victim.pid, verdict="allow")
            if "traced.by-root" in record["entries"][0].get("observed", [])])
        self.assert_still_served(victim)
        debugger.stop()
        self.assert_still_served(victim)
