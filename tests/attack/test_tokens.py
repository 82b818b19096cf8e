"""Attacks by way of tokens: they cannot be taken back, so whoever jumps gets no more."""

from __future__ import annotations

import os

import foothold
from attack_case import AttackCase
from harness import audit, grpc_raw, jwt, users

SLEEP = ["sleep", "60"]


class Tokens(AttackCase):
    def token_on(self, connection):
        """How a call for a token on this connection ends."""
        number = connection.call(jwt.FETCH, jwt.fetch_request(["reports"]))
        try:
            connection.message(number)
            return grpc_raw.OK, ""
        except grpc_raw.Ended as end:
            return end.code, end.message

    def test_who_executes_another_program_gets_no_token_on_the_connection_it_has(self):
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.execv("/bin/sleep", SLEEP))
        self.assertEqual(self.token_on(victim.connection)[0], grpc_raw.OK)
        victim.start()
        self.until("it runs another program", lambda: victim.runs("/bin/sleep"))
        code, message = self.token_on(victim.connection)
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
        self.assertIn("drift.executable", message)
        self.assert_revoked(victim)

    def test_calls_that_wait_for_could_not_tell_are_few_and_hold_up_nobody_else(self):
        """Each of them is decided anew in every turn of its process."""
        daemon = self.attacked(hook={"socket": "/run/nobody-listens.sock"})

        def pile_up(send):
            with grpc_raw.Connection(daemon.socket) as connection:
                calls = [connection.call(jwt.FETCH, jwt.fetch_request(["reports"]))
                         for _ in range(200)]
                send([connection.status(call, 20)[0] for call in calls])

        codes = self.worker(users.WEB, pile_up).receive(40)
        waited = codes.count(grpc_raw.UNAVAILABLE)
        self.assertEqual(waited + codes.count(grpc_raw.RESOURCE_EXHAUSTED), 200, codes)
        self.assertLessEqual(waited, 32)
        self.assertGreater(waited, 0)

    def jumper(self, daemon, jump):
        """A process that has had a token and nothing else, jumps, and asks again, then
        through a child. Gives its pid and the three answers."""

        def act(send):
            foothold.take(users.WEB)
            send(os.getpid())
            send(foothold.ask(daemon, "FetchJWTSVID"))
            jump()
            send(foothold.ask(daemon, "FetchJWTSVID"))
            send(foothold.in_child(users.WEB, lambda: foothold.ask(daemon, "FetchJWTSVID")))

        worker = self.worker(0, act)
        return [worker.receive(20) for _ in range(4)]

    def test_a_token_pins_what_a_process_is(self):
        daemon = self.attacked()
        pid, first, second, kin = self.jumper(daemon, lambda: os.setegid(0))
        self.assertEqual(first[0], grpc_raw.OK)
        self.assertEqual(second[0], grpc_raw.PERMISSION_DENIED)
        self.assertIn("drift.user", second[1])
        [refusal] = audit.decisions(daemon, pid=pid, action="token", verdict="refuse")
        self.assertEqual(refusal["audiences"], ["reports"])
        # Its lineage is suspect by now, and its child has to pass a challenge.
        self.assertEqual(kin[0], grpc_raw.OK, kin)

    def test_quarantine_stops_the_tokens_of_a_whole_lineage(self):
        daemon = self.attacked()
        pid, first, second, third = self.jumper(daemon, lambda: os.setresuid(0, 0, 0))
        self.assertEqual(first[0], grpc_raw.OK)
        self.assertEqual(second[0], grpc_raw.PERMISSION_DENIED)
        self.assertIn("gain.root", second[1])
        self.assertEqual(third[0], grpc_raw.PERMISSION_DENIED)
        self.assertIn("quarantined", third[1])
        lineage = audit.decisions(daemon, pid=pid, reason="gain.root")[0]["lineage"]["id"]
        self.assertIn(lineage, self.quarantines(daemon))
        self.assert_served(daemon)
