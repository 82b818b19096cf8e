"""CONFORMANCE rows WP and A10: what FetchWITSVID and FetchWITBundles give."""

from __future__ import annotations

import datetime
import json
import os
import time

from harness import audit, grpc_raw, jwt, new_key, users, wit
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

OWN = f"spiffe://{TRUST_DOMAIN}"


class WitCase(Case):
    def wit_watcher(self, uid, daemon, spiffe_id="", then=None):
        """A process with one open stream: its messages, then (code, message) of its end.
        `then`: what it does after its first message, of a child that has the stream too."""

        def work(send):
            with grpc_raw.Connection(daemon.socket) as connection:
                stream = connection.call(wit.FETCH, wit.request(spiffe_id))
                try:
                    send(wit.response(connection.message(stream)))
                    if then and os.fork() != 0:
                        then()
                    while True:
                        send(wit.response(connection.message(stream, 60)))
                except grpc_raw.Ended as end:
                    send((end.code, end.message))

        return self.worker(uid, work)


class Wits(WitCase):
    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon(wit={"enabled": True})
        self.suretyd.entry_for("spare", users.WEB)
        self.suretyd.entry_for("main", users.WEB, priority=10, hint="main")
        self.suretyd.entry_for("db", users.DB, wit_ttl="30s")
        self.suretyd.start()

    def wits(self, spiffe_id="", uid=users.WEB):
        return users.run_as(uid, wit.fetch, self.suretyd.socket, spiffe_id)

    def bundle(self):
        return users.run_as(users.WEB, wit.bundles, self.suretyd.socket)[OWN]

    def refused(self, message, uid=users.WEB):
        def call():
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                return connection.status(connection.call(wit.FETCH, message))

        return users.run_as(uid, call)

    def test_wp2_wp3_one_for_each_identity_with_its_hint_the_default_first(self):
        given = [(one.spiffe_id, one.hint, one.claims["sub"]) for one in self.wits()]
        self.assertEqual(given, [(f"{OWN}/main", "main", f"{OWN}/main"),
                                 (f"{OWN}/spare", "", f"{OWN}/spare")])

    def test_wp2_an_identity_that_is_asked_for_by_name_alone(self):
        [only] = self.wits(f"{OWN}/spare")
        self.assertEqual(only.spiffe_id, f"{OWN}/spare")

    def test_wp2_malformed_ids_are_invalid_and_those_of_others_denied(self):
        for spiffe_id in ("web", "spiffe://", f"{OWN}/", f"{OWN}/a//b", "https://example.org/a"):
            code, message = self.refused(wit.request(spiffe_id))
            self.assertEqual(code, grpc_raw.INVALID_ARGUMENT, spiffe_id)
            self.assertIn("spiffe_id", message)
        self.assertEqual(self.refused(b"\xff\xff")[0], grpc_raw.INVALID_ARGUMENT)
        for spiffe_id in (f"{OWN}/db", f"{OWN}/nobody", "spiffe://other.org/main"):
            self.assertEqual(self.refused(wit.request(spiffe_id))[0], grpc_raw.PERMISSION_DENIED)
        self.assertEqual(self.refused(b"", users.STRANGER)[0], grpc_raw.PERMISSION_DENIED)

    def test_a10_headers_claims_times_and_a_signature_that_openssl_believes(self):
        keys = {key["kid"]: key for key in self.bundle()["keys"]}
        for one in self.wits():
            self.assertRegex(one.svid, r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$")
            header, claims = one.header, one.claims
            self.assertEqual(sorted(header), ["alg", "kid", "typ"])
            self.assertEqual((header["alg"], header["typ"]), ("ES256", "wit+jwt"))
            self.assertTrue(wit.is_signed_by(one.svid, keys[header["kid"]]))
            self.assertFalse(wit.is_signed_by(one.svid, claims["cnf"]["jwk"]))
            self.assertEqual(sorted(claims), ["cnf", "exp", "iat", "jti", "sub"])
            self.assertEqual(claims["exp"] - claims["iat"], 300)
            self.assertLess(abs(claims["iat"] - time.time()), 5)
        [short] = self.wits(uid=users.DB)
        self.assertEqual(short.claims["exp"] - short.claims["iat"], 30)

    def test_a10_each_has_a_key_of_its_own_and_its_private_half_fits(self):
        wits = self.wits() + self.wits()
        for one in wits:
            self.assertEqual(list(one.claims["cnf"]), ["jwk"])
            public = one.claims["cnf"]["jwk"]
            self.assertEqual(sorted(public), ["alg", "crv", "kty", "x", "y"])
            self.assertEqual((public["alg"], public["crv"], public["kty"]),
                             ("ES256", "P-256", "EC"))
            self.assertEqual({**public, "d": one.key["d"]}, one.key)
            self.assertTrue(wit.is_pair(one.key, public))
        self.assertFalse(wit.is_pair(wits[0].key, wits[1].claims["cnf"]["jwk"]))
        self.assertEqual(len({one.key["d"] for one in wits}), 4)
        self.assertEqual(len({one.claims["jti"] for one in wits}), 4)

    def test_wp4_a10_a_jwk_set_of_keys_for_wits_alone(self):
        bundle = self.bundle()
        self.assertEqual(list(bundle), ["keys"])
        [key] = bundle["keys"]
        self.assertEqual(sorted(key), ["crv", "kid", "kty", "use", "x", "y"])
        self.assertEqual((key["kty"], key["use"], key["crv"]), ("EC", "wit-svid", "P-256"))
        of_jwt = users.run_as(users.WEB, jwt.fetch_bundles, self.suretyd.socket)[OWN]["keys"]
        self.assertNotIn(key["kid"], [one["kid"] for one in of_jwt])
        code, _ = self.status_of(users.STRANGER, self.suretyd, "FetchWITBundles")
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)

    def test_no_wit_passes_for_a_jwt_svid(self):
        [one] = self.wits(f"{OWN}/main")
        with self.assertRaises(grpc_raw.Ended) as end:
            users.run_as(users.WEB, jwt.validate, self.suretyd.socket, "reports", one.svid)
        self.assertEqual(end.exception.code, grpc_raw.INVALID_ARGUMENT)

    def test_the_record_names_each_and_holds_no_key(self):
        wits = self.wits()
        [record] = audit.decisions(self.suretyd, action="token", verdict="allow")
        self.assertEqual(record["audiences"], [])
        self.assertEqual([(one["spiffe_id"], one["token"]["jti"], one["token"]["kid"])
                          for one in record["entries"]],
                         [(one.spiffe_id, one.claims["jti"], one.header["kid"]) for one in wits])
        for path in [self.suretyd.log_path, *self.suretyd.state.rglob("*")]:
            if path.is_file():
                text = path.read_bytes()
                for one in wits:
                    self.assertNotIn(one.key["d"].encode(), text, path)

    def test_an_entry_that_goes_ends_the_stream(self):
        watcher = self.wit_watcher(users.DB, self.suretyd)
        self.assertEqual([one.spiffe_id for one in watcher.receive()], [f"{OWN}/db"])
        self.suretyd.remove_entry("db")
        code, message = watcher.receive()
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
        self.assertIn("no_entry", message)

    def test_an_entry_that_comes_is_told_of_and_one_asked_for_by_name_is_not_disturbed(self):
        watcher = self.wit_watcher(users.DB, self.suretyd)
        by_name = self.wit_watcher(users.DB, self.suretyd, f"{OWN}/db")
        [had], _ = watcher.receive(), by_name.receive()
        self.suretyd.entry_for("more", users.DB, priority=-1)
        kept, new = watcher.receive()
        self.assertEqual((kept, new.spiffe_id), (had, f"{OWN}/more"))
        self.suretyd.remove_entry("more")
        self.assertEqual(watcher.receive(), [had])
        with self.assertRaises(TimeoutError):
            by_name.receive(0.2)

    def test_who_executes_another_program_loses_the_stream_at_once_and_the_record_says_why(self):
        watcher = self.wit_watcher(users.WEB, self.suretyd,
                                   then=lambda: os.execv("/bin/sleep", ["sleep", "20"]))
        watcher.receive()
        begun = time.monotonic()
        code, message = watcher.receive(5)
        self.assertLess(time.monotonic() - begun, 2)
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
        self.assertIn("drift.executable", message)
        [refusal] = audit.decisions(self.suretyd, pid=watcher.pid, action="token",
                                    verdict="refuse")
        self.assertEqual(refusal["reason"], "drift.executable")

    def status(self):
        done = self.suretyd.run("surety", "status", "-o", "json", "--admin-socket",
                                self.suretyd.admin_socket)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def is_left_alone(self):
        """Whether no turn of the one stream is due soon by itself."""
        [stream] = self.status()["sessions"]
        now = datetime.datetime.now(datetime.timezone.utc)
        return datetime.datetime.fromisoformat(stream["next_turn"]) - now > datetime.timedelta(0, 5)

    def test_a_quarantine_ends_the_streams_of_who_has_nothing_but_wits(self):
        for whom in ("--pid", "--entry"):
            with self.subTest(whom=whom):
                watcher = self.wit_watcher(users.DB, self.suretyd)
                watcher.receive()
                self.until("it is left alone", self.is_left_alone, 5)
                held = {"--pid": str(watcher.pid), "--entry": "db"}[whom]
                done = self.suretyd.run("surety", "quarantine", "add", whom, held, "--duration",
                                        "1s", "--reason", "a test", "--admin-socket",
                                        self.suretyd.admin_socket)
                self.assertEqual(done.returncode, 0, done.stderr)
                code, message = watcher.receive(2)
                self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
                self.assertIn("quarantined", message)
                self.until("it is over", lambda: self.status_of(
                    users.DB, self.suretyd, "FetchWITSVID")[0] == grpc_raw.OK, 5)

    def test_streams_of_one_process_share_what_is_the_same_and_are_few(self):
        def work(send):
            with grpc_raw.Connection(self.suretyd.socket) as connection:
                streams = [connection.call(wit.FETCH) for _ in range(33)]
                given = [wit.response(connection.message(one)) for one in streams[:32]]
                send(len({one.svid for one in sum(given, [])}))
                send(connection.status(streams[32]))

        worker = self.worker(users.WEB, work)
        self.assertEqual(worker.receive(), 2)
        self.assertEqual(worker.receive()[0], grpc_raw.RESOURCE_EXHAUSTED)

    def test_the_tool_shows_them_and_writes_their_keys_for_nobody_else(self):
        out = self.suretyd.folder / "out"
        out.mkdir(mode=0o700)
        os.chown(out, users.WEB, users.WEB)
        done = self.suretyd.run("surety", "fetch", "wit", "--write", str(out), "-o", "json",
                                uid=users.WEB)
        self.assertEqual(done.returncode, 0, done.stderr)
        main, spare = json.loads(done.stdout)["svids"]
        self.assertEqual((main["hint"], spare["spiffe_id"]), ("main", f"{OWN}/spare"))
        for given, name in ((main, "wit"), (spare, "wit.1")):
            key = json.loads((out / f"{name}.jwk").read_text())
            self.assertEqual((out / f"{name}.jwk").stat().st_mode & 0o777, 0o600)
            self.assertEqual((out / f"{name}.jwt").read_text(), given["token"])
            claims = wit.Wit("", given["token"], "", key).claims
            self.assertTrue(wit.is_pair(key, claims["cnf"]["jwk"]))
            self.assertNotIn(key["d"], done.stdout)
        done = self.suretyd.run("surety", "fetch", "wit", "--spiffe-id", f"{OWN}/spare",
                                uid=users.WEB)
        self.assertRegex(done.stdout, rf"^SPIFFE ID   {OWN}/spare\nExpires .*\nKey         ES256\n")

    def test_the_status_shows_keys_and_streams(self):
        watcher = self.wit_watcher(users.DB, self.suretyd)
        watcher.receive()
        status = self.status()
        self.assertIn(("wit", "active"),
                      [(one["source"], one["phase"]) for one in status["authorities"]])
        [stream] = status["sessions"]
        self.assertEqual((stream["method"], stream["spiffe_ids"], stream["state"]),
                         ("FetchWITSVID", [f"{OWN}/db"], "served"))


class Rotation(WitCase):
    def test_renewed_at_half_of_its_life(self):
        suretyd = self.daemon(wit={"enabled": True, "ttl": "10s", "key_ttl": "1h"})
        suretyd.entry_for("web", users.WEB)
        suretyd.start()
        watcher = self.wit_watcher(users.WEB, suretyd)
        [first], [second] = watcher.receive(), watcher.receive(9)
        # Half of it, give or take a tenth of that, and a second for each that is rounded.
        self.assertIn(second.claims["iat"] - first.claims["iat"], range(3, 8))
        self.assertNotEqual(first.claims["jti"], second.claims["jti"])
        self.assertNotEqual(first.key["d"], second.key["d"])
        self.assertEqual(first.header, second.header)
        self.assertTrue(wit.is_pair(second.key, second.claims["cnf"]["jwk"]))

    def test_a_new_key_is_told_to_all_streams_before_it_signs(self):
        suretyd = self.daemon(wit={"enabled": True, "ttl": "10s", "key_ttl": "40s"},
                              x509={"clock_skew": "1s"})

        def signer():
            [one] = users.run_as(users.WEB, wit.fetch, suretyd.socket)
            keys = users.run_as(users.WEB, wit.bundles, suretyd.socket)[OWN]["keys"]
            [used] = [key for key in keys if key["kid"] == one.header["kid"]]
            self.assertTrue(wit.is_signed_by(one.svid, used))
            return used["kid"]

        new_key.is_told_before_it_signs(self, suretyd, "wit", "FetchWITBundles", signer)


class SwitchedOff(Case):
    def test_wp1_both_rpcs_are_unimplemented_and_no_keys_are_made(self):
        suretyd = self.serving()
        for name in ("FetchWITSVID", "FetchWITBundles"):
            code, message = self.status_of(users.WEB, suretyd, name)
            self.assertEqual(code, grpc_raw.UNIMPLEMENTED)
            self.assertIn("[wit]", message)
        self.assertFalse((suretyd.state / "wit").exists())
        done = suretyd.run("surety", "fetch", "wit", uid=users.WEB)
        self.assertEqual(done.returncode, 1)
        self.assertIn("[wit] enabled is not set", done.stderr)

    def test_the_bundle_document_has_the_keys_only_if_it_is_on(self):
        suretyd = self.serving()

        def uses():
            done = suretyd.run("surety", "bundle", "show", "--admin-socket",
                               suretyd.admin_socket, "--output", "json")
            self.assertEqual(done.returncode, 0, done.stderr)
            return sorted(key["use"] for key in json.loads(done.stdout)["keys"])

        self.assertEqual(uses(), ["jwt-svid", "x509-svid"])
        suretyd.terminate()
        suretyd.configure("wit", enabled=True)
        suretyd.start()
        self.assertEqual(uses(), ["jwt-svid", "wit-svid", "x509-svid"])


class Federated(WitCase):
    OTHER_DOMAIN = "partner.example.org"

    def bundle(self, daemon, *command):
        done = daemon.run("surety", "bundle", *command, "-a", daemon.admin_socket)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_wp4_who_federates_is_told_of_the_others_keys_and_of_their_end(self):
        ours, theirs = self.daemon(wit={"enabled": True}), self.daemon(
            top={"trust_domain": self.OTHER_DOMAIN}, wit={"enabled": True})
        ours.entry_for("web", users.WEB, federates_with=[self.OTHER_DOMAIN])
        ours.entry_for("db", users.DB)
        other = f"spiffe://{self.OTHER_DOMAIN}"
        theirs.write_entry("peer", spiffe_id=f"{other}/peer", selectors=[f"unix:uid:{users.WEB}"])
        ours.start()
        theirs.start()
        document = ours.folder / "theirs.json"
        document.write_text(self.bundle(theirs, "show", "-o", "json"))
        told = self.bundle(ours, "set", other, "--file", str(document))
        self.assertNotIn("not used", told)

        def work(send):
            with grpc_raw.Connection(ours.socket) as connection:
                stream = connection.fetch("FetchWITBundles")
                while True:
                    send(jwt.bundles(connection.message(stream, 60)))

        bundles = self.worker(users.WEB, work)
        given = bundles.receive()
        self.assertEqual(set(given), {OWN, other})
        [foreign] = users.run_as(users.WEB, wit.fetch, theirs.socket)
        [key] = given[other]["keys"]
        self.assertEqual((key["kid"], key["use"]), (foreign.header["kid"], "wit-svid"))
        self.assertTrue(wit.is_signed_by(foreign.svid, key))
        self.assertEqual(set(users.run_as(users.DB, wit.bundles, ours.socket)), {OWN})
        self.bundle(ours, "delete", other)
        self.assertEqual(set(bundles.receive()), {OWN})
