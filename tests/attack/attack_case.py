"""The base of every case here: a daemon, its victims, and what must be seen of an attack."""

from __future__ import annotations

import time
from typing import Any

from harness import audit, grpc_raw, openssl, users
from harness.case import Case
from harness.daemon import Daemon
from victim import Act, Victim

# Ten times what docs/benchmarks.md promises for 99 of 100, since the machine has
# other things to do.
AT_ONCE = 0.5
SWEEP = 3.0
# Twice the promise, for the same reason.
ON_THE_LIST = 2.0


class AttackCase(Case):
    def attacked(self, **settings: Any) -> Daemon:
        """A running daemon that writes its CRLs to `crl_file`, with an entry
        for each of the users WEB, DB and root."""
        daemon = self.daemon(**settings)
        daemon.configure("x509", crl_file=str(daemon.crl_file))
        daemon.entry_for("web", users.WEB)
        daemon.entry_for("db", users.DB)
        daemon.entry_for("root", 0)
        return daemon.start()

    def victim(self, daemon: Daemon, *acts: Act, uid: int = users.WEB,
               before: Act | None = None, program: list[str] | None = None) -> Victim:
        victim = Victim(daemon, uid, acts, before, program)
        self.addCleanup(victim.stop)
        return victim

    # What must be seen

    def assert_refused(self, victim: Victim, reason: str, within: float = AT_ONCE) -> audit.Record:
        """The stream ends in time with PERMISSION_DENIED, nothing having come on it,
        and the record says so. To be called right after the act."""
        begin = time.monotonic()
        code, message, given = victim.end_of_stream(within + 5)
        took = time.monotonic() - begin
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED, message)
        self.assertIn(reason, message)
        self.assertEqual(given, [], "an SVID was given on the way")
        self.assertLess(took, within)
        return self.refusal(victim, reason)

    def refusal(self, victim: Victim, reason: str) -> audit.Record:
        return audit.awaited(f"a refusal of {victim.pid} for {reason}", lambda: audit.decisions(
            victim.daemon, pid=victim.pid, verdict="refuse", reason=reason))

    def assert_revoked(self, victim: Victim, within: float = ON_THE_LIST) -> None:
        """Its serials are on the list in the file, and on the one that others are sent."""
        daemon, wanted = victim.daemon, set(victim.serials)
        self.until("the serials are in crl_file",
                   lambda: wanted <= set(openssl.revoked_in(daemon.crl_file)), within)
        sent = self.crls_sent(daemon)
        self.assertTrue(wanted <= {number for crl in sent for number in openssl.revoked(crl)})

    def assert_not_revoked(self, victim: Victim) -> None:
        listed = openssl.revoked_in(victim.daemon.crl_file)
        self.assertFalse(set(victim.serials) & set(listed))

    def crls_sent(self, daemon: Daemon, uid: int = users.DB) -> list[bytes]:
        """What a process of another user is sent. OpenSSL checks their signatures."""
        response = self.response_to(daemon, uid)
        for crl in response.crl:
            openssl.verify_crl(crl, response.svids[0].bundle)
        return response.crl

    def assert_quarantined(self, victim: Victim, reason: str) -> None:
        """The lineage is on the list and gets nothing, whoever of it asks and
        however; the same entry serves an honest process of another lineage."""
        daemon = victim.daemon
        refusal = self.refusal(victim, reason)
        self.assertIn(refusal["lineage"]["id"], self.quarantines(daemon))
        # Without events nobody knows whose child an orphan was (decision 009).
        for leave in (False, True) if refusal["wake"] == "events" else (False,):
            code, message = victim.ask_as_kin(leave)
            self.assertEqual(code, grpc_raw.PERMISSION_DENIED, f"a child that left: {leave}")
            self.assertIn("quarantined", message)
        self.assert_served(daemon, victim.uid)

    def assert_not_quarantined(self, daemon: Daemon) -> None:
        self.assertIn("Nothing is in quarantine", self.quarantines(daemon))

    @staticmethod
    def quarantines(daemon: Daemon) -> str:
        listed = daemon.run("surety", "quarantine", "list", "-a", daemon.admin_socket)
        return listed.stdout + listed.stderr

    def assert_still_served(self, victim: Victim) -> None:
        """A new stream on its connection is served, and its old one was not ended."""
        self.assertEqual(victim.ask_again(), (grpc_raw.OK, ""))
        with self.assertRaises(grpc_raw.Timeout):
            victim.next_response(0.5)
        self.assert_not_revoked(victim)
