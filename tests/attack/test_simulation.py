"""What the policies would have done, told from the log of attacks that were only watched
(`surety policy simulate`)."""

from __future__ import annotations

import json
import os

import foothold
from harness import api, audit, grpc_raw, users
from harness.case import Case

# drift.user of the built-in policy, but only watching: one rule that differs.
ONE_RULE = """@id("drift.user")
@reason("drift.user")
@response("revoke")
@mode("monitor")
forbid (principal, action in Surety::Action::"Gain", resource)
when { context.drift.classes.contains("user") };
"""


class Simulation(Case):
    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon(policy={"monitor": True})
        for name, uid in (("web", users.WEB), ("db", users.DB), ("batch", users.BATCH)):
            self.suretyd.entry_for(name, uid)
        self.suretyd.start()

    def served_again(self, jump):
        """A process that is served, jumps, and is served again since nobody stops it."""

        def work(send):
            foothold.take(users.WEB)
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                connection.message(connection.fetch())
                jump()
                send(api.x509_response(connection.message(connection.fetch())).ids)

        worker = self.worker(0, work)
        self.assertTrue(worker.receive())
        return worker.pid

    def takes_a_group(self):
        return self.served_again(lambda: os.setegid(0))

    def becomes_root(self):
        """And so matches no entry any more: refused even where policies only watch, but
        no more than that."""

        def work(send):
            foothold.take(users.WEB)
            foothold.ask(self.suretyd)
            os.seteuid(0)
            send(foothold.ask(self.suretyd))

        worker = self.worker(0, work)
        self.assertEqual(worker.receive()[0], grpc_raw.PERMISSION_DENIED)
        return worker.pid

    def tries_doors(self):
        def ask():
            return os.getpid(), foothold.ask(self.suretyd)[0]

        def work(send):
            foothold.take(users.WEB)
            ask()
            foothold.in_child(users.DB, ask)
            send(foothold.in_child(users.BATCH, ask))

        pid, code = self.worker(0, work).receive()
        self.assertEqual(code, grpc_raw.OK, "it is only watched")
        return pid

    def simulate(self, *flags):
        done = self.suretyd.run("surety", "policy", "simulate", "-o", "json", "--audit",
                                str(self.suretyd.state / "audit"), *flags)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return json.loads(done.stdout)

    def refusals_in(self, simulated):
        """{pid: policies} of what would be refused. What could not be looked at yet at a
        first turn would be left undecided, who has become suspicious would be looked at
        twice, and that is all that would change besides."""
        refused = {}
        for change in simulated["changes"]:
            to = change["to"]
            if to["verdict"] == "undecided":
                record = audit.decisions(self.suretyd, decision=change["decision"])[0]
                self.assertFalse(record["complete"], change)
                continue
            if to["verdict"] == "challenge":  # What was only watched is remembered as risk.
                self.assertEqual(to["policies"], ["risk.high"])
                continue
            self.assertEqual(to["verdict"], "refuse")
            refused.setdefault(change["pid"], set()).update(to["policies"])
        return refused

    def test_exactly_what_would_change_is_listed(self):
        daemon = self.suretyd
        for uid in (users.WEB, users.DB, users.BATCH, users.STRANGER):
            self.status_of(uid, daemon)
        group, root, doors = self.takes_a_group(), self.becomes_root(), self.tries_doors()
        self.assertEqual(audit.notices(daemon, "quarantine.added"), [])
        daemon.terminate()

        enforced = self.simulate()
        refused = self.refusals_in(enforced)
        self.assertEqual(set(refused), {group, root, doors})
        self.assertLessEqual({"drift.user"}, refused[group])
        self.assertLessEqual({"gain.root"}, refused[root])
        self.assertEqual(refused[doors], {"velocity.identities"})
        self.assertEqual(enforced["unanswered"], [])
        by_decision = {one["decision"]: one for one in audit.decisions(daemon)}
        for change in enforced["changes"]:
            # The record of what was only watched names the same policies.
            observed = by_decision[change["decision"]]["entries"][0]["observed"]
            self.assertLessEqual(set(change["to"]["policies"]), set(observed))

        # As it was in force: nothing changes.
        self.assertEqual(self.simulate("--monitor")["summary"]["changed"], 0)

        candidate = daemon.folder / "candidate"
        candidate.mkdir()
        (candidate / "one.cedar").write_text(ONE_RULE)
        with_one = self.simulate("--policies", str(candidate), "--beneath")
        self.assertEqual(set(self.refusals_in(with_one)), {root, doors})
