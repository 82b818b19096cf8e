"""Too much, too fast, or too many identities for one lineage: rows 32, 34 and 56."""

from __future__ import annotations

import os
import random
import time

import foothold
from harness import audit, grpc_raw, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

OWN = f"spiffe://{TRUST_DOMAIN}"
IDS = {users.WEB: f"{OWN}/web", users.DB: f"{OWN}/db", users.BATCH: f"{OWN}/batch"}


class Burst(Case):
    """Row 32."""

    def setUp(self):
        super().setUp()
        self.suretyd = self.serving()

    def assert_others_are_served(self):
        begin = time.monotonic()
        self.assert_served(self.suretyd, users.DB)
        self.assertLess(time.monotonic() - begin, 2)

    def flood(self, fetch_again):
        """Asks as fast as it can until told that it is in quarantine; sends how often
        each answer came."""

        def work(send):
            counts = {}
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                code, said = fetch_again()
                reason = said.rpartition(": ")[2] if isinstance(said, str) else ""
                counts[code, reason] = counts.get((code, reason), 0) + 1
                if reason == "quarantined":
                    break
            send(counts)

        worker = self.worker(users.WEB, work)
        while True:
            self.assert_others_are_served()
            try:
                return worker, worker.receive(0.2)
            except TimeoutError:
                continue

    def assert_stopped(self, worker, counts):
        print(counts)
        codes = {code for code, _ in counts}
        self.assertIn(grpc_raw.RESOURCE_EXHAUSTED, codes)
        self.assertIn((grpc_raw.PERMISSION_DENIED, "quarantined"), counts)
        record = audit.awaited(
            "the quarantine is recorded",
            lambda: audit.decisions(self.suretyd, verdict="refuse", reason="velocity.refusals"))
        self.assertTrue(record["lineage"]["id"].startswith(f"process:{worker.pid}."))
        self.assertTrue(record["entries"][0]["obligations"]["quarantine"])
        added = audit.notices(self.suretyd, "quarantine.added", severity="high")
        self.assertEqual([notice["details"]["lineage"] for notice in added],
                         [record["lineage"]["id"]])
        self.assert_others_are_served()
        # Another process of the same user, of another lineage.
        self.assert_served(self.suretyd, users.WEB)

    def test_32_burst_of_fetches_is_turned_away_and_then_quarantined(self):
        daemon = self.suretyd
        connections = []

        def fetch_again():
            if not connections:
                connections.append(grpc_raw.Connection(daemon.socket))
            number = connections[0].fetch()
            try:
                connections[0].message(number)
                connections[0].cancel(number)
                return grpc_raw.OK, ""
            except grpc_raw.Ended as end:
                return end.code, end.message

        worker, counts = self.flood(fetch_again)
        self.assert_stopped(worker, counts)

    def test_32_burst_is_held_to_one_limit_when_it_is_split_over_forks(self):
        daemon = self.daemon(limits={"short_calls_per_second_per_lineage": 20,
                                     "short_calls_burst_per_lineage": 40})
        daemon.entry_for("web", users.WEB)
        daemon.entry_for("db", users.DB)
        self.suretyd = daemon.start()

        def work(send):
            out, inner = os.pipe()
            begin = time.monotonic()
            for _ in range(20):
                children = []
                for _ in range(10):
                    children.append(os.fork())
                    if children[-1] == 0:
                        try:
                            for _ in range(3):
                                os.write(inner, bytes([foothold.ask(daemon)[0] + 1]))
                        finally:
                            os._exit(0)
                for child in children:
                    os.waitpid(child, 0)
            send((os.read(out, 65536), time.monotonic() - begin))

        codes, took = self.worker(users.WEB, work).receive(100)
        served = codes.count(grpc_raw.OK + 1)
        print(f"{served} of {len(codes)} calls were served in {took:.1f} s")
        # Some are let in together before the first of them has ended.
        self.assertLessEqual(served, 40 + 20 * (took + 1) + 20)
        self.assertIn(grpc_raw.RESOURCE_EXHAUSTED + 1, codes)
        self.assert_others_are_served()


class ManyIdentities(Case):
    """Rows 34 and 56: one lineage tries door after door."""

    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon()
        for uid, name in IDS.items():
            self.suretyd.entry_for(name.rpartition("/")[2], uid)
        self.suretyd.start()

    def attacker(self, uid, act):
        """A foothold as `uid` in which act(send) runs."""

        def work(send):
            foothold.take(uid)
            act(send)

        return self.worker(0, work)

    def lineage_of(self, pid):
        return audit.decisions(self.suretyd, pid=pid)[0]["lineage"]["id"]

    def assert_others_are_served(self):
        for uid, name in IDS.items():
            self.assertEqual(self.ids_of(uid, self.suretyd), [name])

    def test_34_third_identity_of_one_session_is_refused_and_all_of_it_quarantined(self):
        daemon = self.suretyd

        def act(send):
            with grpc_raw.Connection(daemon.socket) as connection:
                stream = connection.fetch()
                connection.message(stream)
                for uid in (users.DB, users.BATCH):
                    send(foothold.in_child(uid, lambda: foothold.ask(daemon)))
                send(connection.status(stream))
            send(foothold.ask(daemon))

        attacker = self.attacker(users.WEB, act)
        self.assertEqual(attacker.receive(), (grpc_raw.OK, [IDS[users.DB]]))
        code, message = attacker.receive()
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
        self.assertIn("velocity.identities", message)
        # What was open ends, and coming back does not help.
        code, message = attacker.receive()
        self.assertEqual((code, message.rpartition(": ")[2]),
                         (grpc_raw.PERMISSION_DENIED, "quarantined"))
        self.assertEqual(attacker.receive()[0], grpc_raw.PERMISSION_DENIED)

        lineage = self.lineage_of(attacker.pid)
        record = audit.awaited(
            "the refusal is recorded",
            lambda: audit.decisions(daemon, verdict="refuse", reason="velocity.identities"))
        self.assertEqual(record["lineage"]["id"], lineage)
        self.assertEqual(record["process"]["uid"], users.BATCH)
        self.assertEqual(record["counters"]["lineage"]["spiffe_ids"], 2)
        added = audit.notices(daemon, "quarantine.added", severity="high")
        self.assertEqual([one["details"]["lineage"] for one in added], [lineage])
        # Both that it held are revoked: its own, and its child's at its exit.
        given = {entry["serial"] for one in audit.decisions(daemon, verdict="allow")
                 if one["lineage"]["id"] == lineage for entry in one["entries"]}
        self.assertEqual(len(given), 2)
        self.until("what it held is revoked", lambda: given <= self.revoked())
        self.assert_others_are_served()

    def revoked(self):
        return {serial for what in ("revoked", "revoked.exit")
                for notice in audit.notices(self.suretyd, what)
                for serial in notice["details"].get("serials", "").split(",")}

    def test_34_two_identities_of_one_session_are_no_attack(self):
        daemon = self.suretyd

        def act(send):
            send(foothold.ask(daemon))
            send(foothold.in_child(users.DB, lambda: foothold.ask(daemon)))
            send(foothold.ask(daemon))

        attacker = self.attacker(users.WEB, act)
        for expected in (users.WEB, users.DB, users.WEB):
            self.assertEqual(attacker.receive(), (grpc_raw.OK, [IDS[expected]]))
        self.assertEqual(audit.notices(daemon, "quarantine.added"), [])

    def test_56_chain_of_eight_steps_ends_before_its_third_identity_in_20_variants(self):
        completed = []
        for seed in range(20):
            with self.subTest(seed=seed):
                completed.append(self.chain(random.Random(seed)))
        print("steps completed of 8, by variant:", completed)
        self.assertEqual(len(completed), 20)
        self.assert_others_are_served()

    def chain(self, chance):
        """Recon, harvest, three jumps, JWTs, and again; in a pace and a shape of its own.
        Gives the number of steps that succeeded."""
        daemon = self.suretyd
        own, *jumps = chance.sample(list(IDS), 3)
        longest_pause = chance.choice([0, 0.01, 0.1])
        shape = chance.choice(["one process", "forks", "daemons"])
        recon = chance.randrange(1, 40)

        def one_step(uid, method):
            time.sleep(chance.uniform(0, longest_pause))
            if uid == own and shape == "one process":
                return foothold.ask(daemon, method)
            return foothold.in_child(uid, lambda: foothold.ask(daemon, method),
                                     daemonized=shape == "daemons")

        def act(send):
            looked = [foothold.ask(daemon, "FetchX509Bundles") for _ in range(recon)]
            send(("recon", own, looked[-1]))
            send(("harvest", own, foothold.ask(daemon)))
            for uid in jumps:
                send(("jump", uid, one_step(uid, "FetchX509SVID")))
            for uid in (own, jumps[-1]):
                send(("token", uid, one_step(uid, "FetchJWTSVID")))
            for uid in (own, jumps[0]):
                send(("again", uid, one_step(uid, "FetchX509SVID")))
            send(None)

        attacker = self.attacker(own, act)
        steps = list(iter(lambda: attacker.receive(20), None))
        self.assertEqual(len(steps), 8)
        done = [code == grpc_raw.OK for _, _, (code, _) in steps]
        self.assertEqual(done, [True, True, True] + [False] * 5, steps)
        for _, _, (code, message) in steps[3:]:
            self.assertEqual(code, grpc_raw.PERMISSION_DENIED, message)
        lineage = self.lineage_of(attacker.pid)
        held = [one for one in audit.notices(daemon, "quarantine.added", severity="high")
                if one["details"]["lineage"] == lineage]
        self.assertEqual([one["details"]["reason"] for one in held], ["velocity.identities"])
        given = {entry["spiffe_id"] for one in audit.decisions(daemon, verdict="allow")
                 if one["lineage"]["id"] == lineage and one["action"] != "bundles"
                 for entry in one["entries"]}
        self.assertEqual(given, {IDS[own], IDS[jumps[0]]})
        return sum(done)
