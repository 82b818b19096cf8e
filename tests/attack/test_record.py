"""What is remembered and recorded outlives the daemon, and an edit of it shows: rows 42
and 47, and deaths of the daemon in the middle of attacks."""

from __future__ import annotations

import hashlib
import json
import os
import random
import time
from pathlib import Path

import foothold
from harness import api, audit, grpc_raw, openssl, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

OWN = f"spiffe://{TRUST_DOMAIN}"
IDS = {users.WEB: f"{OWN}/web", users.DB: f"{OWN}/db", users.BATCH: f"{OWN}/batch"}


class RecordCase(Case):
    def with_entries(self, **settings):
        daemon = self.daemon(**settings)
        for uid, name in IDS.items():
            daemon.entry_for(name.rpartition("/")[2], uid)
        return daemon.start()

    def verify(self, daemon, *flags):
        return daemon.run("surety", "audit", "verify", "--dir", str(daemon.state / "audit"), *flags)

    def assert_log_is_whole(self, daemon):
        verdict = self.verify(daemon)
        self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)

    def quarantines(self, daemon):
        done = daemon.run("surety", "quarantine", "list", "-o", "json", "-a", daemon.admin_socket)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {one["lineage"] for one in json.loads(done.stdout)["quarantines"]}


class RestartedDaemon(RecordCase):
    """Row 42: who can make the daemon die gains nothing by it."""

    def restart(self, daemon):
        daemon.kill()
        daemon.start()

    def obedient(self, uid, daemon):
        """A foothold as `uid` that asks each time it is told to: by ask(act)."""
        orders, ours = os.pipe()

        def work(send):
            foothold.take(uid)
            while order := os.read(orders, 1):
                act = {b"a": lambda: foothold.ask(daemon),
                       b"d": lambda: foothold.in_child(users.DB, lambda: foothold.ask(daemon)),
                       b"b": lambda: foothold.in_child(users.BATCH, lambda: foothold.ask(daemon))}
                send(act[order]())

        worker = self.worker(0, work)
        os.close(orders)
        self.addCleanup(os.close, ours)

        def ask(order=b"a"):
            os.write(ours, order)
            return worker.receive(20)

        return worker, ask

    def test_42_identities_are_counted_on_after_kill_9(self):
        daemon = self.with_entries()
        _, ask = self.obedient(users.WEB, daemon)
        self.assertEqual(ask(), (grpc_raw.OK, [IDS[users.WEB]]))
        self.assertEqual(ask(b"d"), (grpc_raw.OK, [IDS[users.DB]]))
        self.restart(daemon)
        code, message = ask(b"b")
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
        self.assertIn("velocity.identities", message)
        for uid, name in IDS.items():
            self.assertEqual(self.ids_of(uid, daemon), [name])

    def test_42_refusals_are_counted_on_after_kill_9(self):
        daemon = self.with_entries()
        _, ask = self.obedient(users.STRANGER, daemon)
        for _ in range(60):
            self.assertIn("no_entry", ask()[1])
        time.sleep(1.2)  # Counts are stored once a second.
        self.restart(daemon)
        reasons = [ask()[1].rpartition(": ")[2] for _ in range(65)]
        self.assertIn("velocity.refusals", reasons)
        self.assertEqual(len(self.quarantines(daemon)), 1)
        self.assert_served(daemon)

    def test_42_quarantine_and_revocation_outlive_kill_9(self):
        daemon = self.with_entries()
        worker, ask = self.obedient(users.WEB, daemon)
        for order in (b"a", b"d", b"b"):
            ask(order)
        lineage = audit.decisions(daemon, pid=worker.pid)[0]["lineage"]["id"]
        self.assertEqual(self.quarantines(daemon), {lineage})
        serials = {entry["serial"] for one in audit.decisions(daemon, pid=worker.pid)
                   for entry in one["entries"] if "serial" in entry}
        self.until("they are on the list", lambda: serials <= revoked(daemon))
        self.restart(daemon)
        self.assertEqual(self.quarantines(daemon), {lineage})
        self.assertIn("quarantined", ask()[1])
        self.assertLessEqual(serials, revoked(daemon))
        self.assert_served(daemon)

    def test_42_death_leaves_a_record_of_when_nobody_watched(self):
        daemon = self.with_entries()
        self.ids_of(users.WEB, daemon)
        last = list(audit.records(daemon))[-1]
        self.restart(daemon)
        gap = audit.awaited("the gap is recorded", lambda: audit.notices(daemon, "daemon.died"))
        self.assertEqual(gap["severity"], "high")
        self.assertGreaterEqual(int(gap["details"]["last_seq"]), last["seq"])
        daemon.terminate()
        daemon.start()
        self.assertEqual(len(audit.notices(daemon, "daemon.died")), 1, "a stop is no death")
        self.assert_log_is_whole(daemon)


class EditedLog(RecordCase):
    """Row 47: by root, who can write anything anywhere."""

    def setUp(self):
        super().setUp()
        self.suretyd = self.with_entries()
        for uid in IDS:
            self.ids_of(uid, self.suretyd)
        self.status_of(users.STRANGER, self.suretyd)
        self.suretyd.terminate()
        self.assert_log_is_whole(self.suretyd)
        self.segment = sorted((self.suretyd.state / "audit").glob("*.jsonl"))[0]
        self.lines = self.segment.read_bytes().splitlines(keepends=True)
        self.assertGreater(len(self.lines), 8)

    def assert_told(self, seq):
        verdict = self.verify(self.suretyd)
        self.assertEqual(verdict.returncode, 1, verdict.stdout)
        self.assertIn(str(seq), verdict.stdout + verdict.stderr)

    def assert_daemon_goes_on_and_tells(self):
        self.suretyd.start()
        self.assert_served(self.suretyd)
        self.assertTrue(audit.notices(self.suretyd, "audit.broken"))

    def test_47_flipped_byte(self):
        for seq in (1, 5, len(self.lines)):
            with self.subTest(seq=seq):
                line = self.lines[seq - 1]
                at = random.Random(seq).randrange(10, len(line) - 2)
                flipped = line[:at] + bytes([line[at] ^ 1]) + line[at + 1:]
                self.write([*self.lines[:seq - 1], flipped, *self.lines[seq:]])
                self.assert_told(seq)

    def write(self, lines):
        self.segment.write_bytes(b"".join(lines))

    def test_47_deleted_line_in_the_middle(self):
        self.write(self.lines[:5] + self.lines[6:])
        self.assert_told(6)

    def test_47_lines_in_another_order(self):
        self.write([*self.lines[:4], self.lines[5], self.lines[4], *self.lines[6:]])
        self.assert_told(5)

    def test_47_line_that_was_written_anew_with_its_hash(self):
        """Whoever mends the hash of a line breaks the next one's."""
        record = json.loads(self.lines[4])
        text = self.lines[4][:-77].replace(record["time"].encode(), b"2020-01-01T00:00:00.000000000Z")
        digest = hashlib.sha256(b"\0" + text + b"}").hexdigest()
        self.write([*self.lines[:4], text + b',"hash":"' + digest.encode() + b'"}\n',
                    *self.lines[5:]])
        self.assert_told(6)

    def test_47_end_cut_off_shows_against_the_checkpoints(self):
        """Those in the folder, and one that an operator has kept when they are gone too."""
        folder = self.suretyd.state / "audit"
        kept = self.suretyd.folder / "kept"
        kept.write_bytes((folder / "checkpoints").read_bytes())
        self.write(self.lines[:-3])
        self.assertEqual(self.verify(self.suretyd).returncode, 1)
        (folder / "checkpoints").unlink()
        self.assertEqual(self.verify(self.suretyd, "--checkpoint", str(kept)).returncode, 1)

    def test_47_daemon_that_finds_its_log_edited_goes_on_and_says_so(self):
        self.write(self.lines[:-3])
        self.assert_daemon_goes_on_and_tells()

    def test_47_log_that_is_cut_while_the_daemon_writes_is_told(self):
        self.suretyd.start()
        with Path(self.segment).open("r+b") as file:
            file.truncate(len(self.lines[0]))
        notice = audit.awaited("it is told", lambda: [
            one for one in audit.notices(self.suretyd) if one["what"] == "audit.touched"])
        self.assertEqual(notice["severity"], "high")
        self.assert_served(self.suretyd)
        self.assertEqual(self.verify(self.suretyd).returncode, 1)


def revoked(daemon, uid=users.DB):
    """What a process of another user is told to believe no longer."""
    response = users.run_as(uid, api.fetch_x509, daemon.socket)
    return {serial for crl in response.crl for serial in openssl.revoked(crl)}


class Storm:
    """Processes of several lineages that attack, and ones that watch; each reports what
    it has seen as (what, details), in its own words."""

    def __init__(self, case, daemon):
        self._daemon = daemon
        self._workers = [case.worker(0, act) for act in
                         (self.jump, self.jump, self.doors, self.watch, self.list)]

    def seen(self):
        reports = []
        for worker in self._workers:
            try:
                while True:
                    reports.append(worker.receive(0))
            except (TimeoutError, EOFError):
                continue
        return reports

    def stop(self):
        for worker in self._workers:
            worker.stop()

    def jump(self, send):
        """Takes another group as soon as it has an SVID."""
        foothold.take(users.WEB)
        try:
            with grpc_raw.Connection(self._daemon.socket) as connection:
                stream = connection.fetch()
                send(("given", api.x509_response(connection.message(stream)).svids[0].chain))
                os.setegid(0)
                code, message = connection.status(stream)
                send(("refused", os.getpid(), code, message))
        except (grpc_raw.Closed, grpc_raw.Timeout, ConnectionError):
            pass

    def doors(self, send):
        """Tries one identity after the other."""
        foothold.take(users.WEB)

        def ask():
            return os.getpid(), *foothold.ask(self._daemon)

        send(("asked", *ask()))
        for uid in (users.DB, users.BATCH, users.WEB):
            pid, code, said = foothold.in_child(uid, ask)
            send(("refused" if code == grpc_raw.PERMISSION_DENIED else "asked", pid, code, said))

    def watch(self, send):
        users.become(users.DB)
        try:
            with grpc_raw.Connection(self._daemon.socket) as connection:
                stream = connection.fetch()
                while True:
                    send(("crl", api.x509_response(connection.message(stream, 60)).crl))
        except (grpc_raw.Closed, grpc_raw.Timeout, ConnectionError):
            pass

    def list(self, send):
        while True:
            done = self._daemon.run("surety", "quarantine", "list", "-o", "json",
                                    "-a", self._daemon.admin_socket)
            if done.returncode == 0:
                send(("listed", done.stdout))


class Deaths(RecordCase):
    """The daemon is killed at a random moment of a storm of attacks, again and again.
    What anybody has seen of its effects before is still there afterwards."""

    ROUNDS = 100

    def test_nothing_that_had_taken_effect_is_lost_by_100_deaths(self):
        seed = random.randrange(1 << 32)
        print("seed", seed)
        chance = random.Random(seed)
        daemon = self.with_entries(x509={"ttl": "2h"})
        self.log = GrowingLog(daemon)
        self.refused, self.pinned = 0, 0
        self.revoked, self.quarantined, self.given = set(), set(), set()
        begin = time.monotonic()
        for number in range(self.ROUNDS):
            with self.subTest(round=number, seed=seed):
                self.one_death(daemon, chance)
        print(f"{self.ROUNDS} deaths in {time.monotonic() - begin:.0f} s, seen before them: "
              f"{self.refused} refusals, {len(self.revoked)} revocations, "
              f"{len(self.quarantined)} quarantines, {len(self.given)} SVIDs, {self.pinned} pins")
        for some in (self.refused, self.revoked, self.quarantined, self.given, self.pinned):
            self.assertTrue(some, "the storm is too weak")

    def one_death(self, daemon, chance):
        sleeper, tell = self.sleeper(daemon)
        pinned = tell(b"a")[0] == grpc_raw.OK
        storm = Storm(self, daemon)
        time.sleep(chance.uniform(0, 0.4))
        daemon.kill()
        reports = storm.seen()
        storm.stop()
        tell(b"j")
        daemon.start()
        self.assert_log_is_whole(daemon)
        self.log.read()
        for what, *report in reports:
            getattr(self, f"heed_{what}")(*report)
        self.assertLessEqual(self.revoked, revoked(daemon))
        self.assertLessEqual(self.quarantined, self.quarantines(daemon))
        self.assertLessEqual(self.given, self.log.serials)
        for uid, name in IDS.items():
            self.assertEqual(self.ids_of(uid, daemon), [name])
        if pinned:  # It took another group while no daemon watched.
            self.pinned += 1
            code, message = tell(b"a")
            self.assertEqual((code, message.rpartition(": ")[2]),
                             (grpc_raw.PERMISSION_DENIED, "drift.user"))
        sleeper.stop()

    def sleeper(self, daemon):
        orders, ours = os.pipe()

        def work(send):
            foothold.take(users.WEB)
            while order := os.read(orders, 1):
                send(foothold.ask(daemon) if order == b"a" else os.setegid(0))

        worker = self.worker(0, work)
        os.close(orders)
        self.addCleanup(os.close, ours)

        def tell(order):
            os.write(ours, order)
            return worker.receive(20)

        return worker, tell

    def heed_given(self, chain):
        self.given.add(openssl.serial(api.certificates(chain)[0]))

    def heed_refused(self, pid, code, message):
        if code != grpc_raw.PERMISSION_DENIED:
            return  # The daemon died while it was asked.
        self.refused += 1
        self.assertIn((pid, message.rpartition(": ")[2]), self.log.refusals)

    def heed_asked(self, *_):
        pass

    def heed_crl(self, crls):
        for crl in crls:
            self.revoked |= set(openssl.revoked(crl))

    def heed_listed(self, text):
        self.quarantined |= {one["lineage"] for one in json.loads(text)["quarantines"]}


class GrowingLog:
    """Reads what was added since the last time, since the whole grows long."""

    def __init__(self, daemon):
        self._folder = daemon.state / "audit"
        self._read = {}
        self.serials = set()
        self.refusals = set()

    def read(self):
        for segment in sorted(self._folder.glob("*.jsonl")):
            with segment.open("rb") as file:
                file.seek(self._read.get(segment, 0))
                for line in file:
                    self._take(json.loads(line))
                self._read[segment] = file.tell()

    def _take(self, record):
        if record["type"] != "decision":
            return
        if record["verdict"] == "refuse":
            self.refusals.add((record["process"]["pid"], record["reason"]))
        self.serials |= {entry["serial"] for entry in record["entries"] if "serial" in entry}
