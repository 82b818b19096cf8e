"""CONFORMANCE rows XP7, JV4, JV5, S5, F8, F9: bundles of other trust domains reach those
whose entries name them, and nobody else, and are withdrawn when they are deleted."""

from __future__ import annotations

import json

from harness import api, audit, grpc_raw, jwt, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

OWN = f"spiffe://{TRUST_DOMAIN}"
OTHER_DOMAIN = "partner.example.org"
OTHER = f"spiffe://{OTHER_DOMAIN}"


class Federation(Case):
    def setUp(self):
        super().setUp()
        self.ours = self.daemon()
        self.ours.entry_for("web", users.WEB, federates_with=[OTHER_DOMAIN])
        self.ours.entry_for("db", users.DB)
        self.ours.start()
        self.theirs = self.daemon(top={"trust_domain": OTHER_DOMAIN})
        self.theirs.write_entry("peer", spiffe_id=f"{OTHER}/peer",
                                selectors=[f"unix:uid:{users.WEB}"])
        self.theirs.start()

    def bundle(self, daemon, *command, fails=False):
        done = daemon.run("surety", "bundle", *command, "-a", daemon.admin_socket)
        self.assertEqual(done.returncode, 1 if fails else 0, done.stderr)
        return done.stderr if fails else done.stdout

    def federate(self, daemon=None):
        """Gives `daemon` the other's bundle, as an operator would."""
        document = self.ours.folder / "theirs.json"
        document.write_text(self.bundle(self.theirs, "show", "-o", "json"))
        return self.bundle(daemon or self.ours, "set", OTHER, "--file", str(document))

    def authorities(self):
        """Theirs, as their own workloads see them."""
        return self.response_to(self.theirs).svids[0].bundle

    def stream(self, method, read):
        """A process of WEB with an open stream; sends what `read` makes of each message."""

        def work(send):
            with grpc_raw.Connection(self.ours.socket) as connection:
                stream = connection.fetch(method)
                while True:
                    send(read(connection.message(stream, 300)))

        return self.worker(users.WEB, work)

    def foreign_token(self, audience="reports"):
        [token] = users.run_as(users.WEB, jwt.fetch, self.theirs.socket, [audience])
        return token

    def validation_of(self, token, uid=users.WEB):
        def call():
            request = jwt.text_field(1, "reports") + jwt.text_field(2, token)
            with grpc_raw.Connection(self.ours.socket) as connection:
                return connection.status(connection.call(jwt.VALIDATE, request))

        return users.run_as(uid, call)

    def test_xp7_who_federates_gets_the_bundle_and_nobody_else(self):
        self.federate()
        theirs = self.authorities()
        response = self.response_to(self.ours)
        self.assertEqual(response.federated, {OTHER: theirs})
        self.assertNotIn(theirs, response.svids[0].bundle)
        x509 = users.run_as(users.WEB, api.fetch_bundles, self.ours.socket)
        self.assertEqual(x509, {OTHER: theirs, OWN: response.svids[0].bundle})
        tokens = users.run_as(users.WEB, jwt.fetch_bundles, self.ours.socket)
        self.assertEqual(set(tokens), {OWN, OTHER})
        self.assertEqual([key["kid"] for key in tokens[OTHER]["keys"]],
                         [self.foreign_token().header["kid"]])

        self.assertEqual(self.response_to(self.ours, users.DB).federated, {})
        for fetch in (api.fetch_bundles, jwt.fetch_bundles):
            self.assertEqual(list(users.run_as(users.DB, fetch, self.ours.socket)), [OWN])

    def test_s5_f9_open_streams_are_told_of_what_is_set_and_deleted(self):
        streams = [
            (self.stream("FetchX509SVID", lambda raw: set(api.x509_response(raw).federated)), set()),
            (self.stream("FetchX509Bundles", lambda raw: set(api.bundles_response(raw))), {OWN}),
            (self.stream("FetchJWTBundles", lambda raw: set(jwt.bundles(raw))), {OWN}),
        ]
        for stream, without in streams:
            self.assertEqual(stream.receive(), without)
        self.federate()
        for stream, without in streams:
            self.assertEqual(stream.receive(1), without | {OTHER})
        self.bundle(self.ours, "delete", OTHER)
        for stream, without in streams:
            self.assertEqual(stream.receive(1), without)

    def test_s3_another_list_of_the_entry_comes_with_the_same_svid(self):
        self.federate()
        watcher = self.watcher(users.WEB, self.ours)
        before = watcher.receive()
        self.ours.entry_for("web", users.WEB)
        after = watcher.receive()
        self.assertEqual((before.federated.keys(), after.federated), ({OTHER}, {}))
        self.assertEqual(after.svids, before.svids)

    def test_bn1_a_bundle_without_keys_takes_all_trust_away(self):
        self.federate()
        empty = self.ours.folder / "empty.json"
        empty.write_text('{"keys":[]}')
        told = self.bundle(self.ours, "set", OTHER, "--file", str(empty))
        self.assertIn("no usable key", told)
        self.assertEqual(self.response_to(self.ours).federated, {})

    def test_a_bundle_survives_a_restart_and_damage_is_told(self):
        self.federate()
        self.ours.terminate()
        self.ours.start()
        self.assertEqual(self.response_to(self.ours).federated, {OTHER: self.authorities()})
        self.ours.terminate()
        file = self.ours.state / "bundles" / f"{OTHER_DOMAIN}.json"
        file.write_text(file.read_text()[:100])
        self.ours.start()
        self.assertEqual(self.response_to(self.ours).federated, {})
        status = self.ours.run("surety", "status", "-a", self.ours.admin_socket).stdout
        self.assertIn(f"nothing of {OTHER} is trusted", " ".join(status.split()))

    def test_jv4_jv5_a_foreign_token_is_believed_for_whom_its_bundle_is(self):
        token = self.foreign_token()
        self.assertEqual(self.validation_of(token.svid),
                         (grpc_raw.INVALID_ARGUMENT, f"there is no bundle of {OTHER}"))
        self.federate()
        spiffe_id, claims = users.run_as(users.WEB, jwt.validate, self.ours.socket, "reports",
                                         token.svid)
        self.assertEqual(spiffe_id, f"{OTHER}/peer")
        self.assertEqual(claims, {name: token.claims[name] for name in ("sub", "aud", "exp")})
        code, message = self.validation_of(token.svid, users.DB)
        self.assertEqual(code, grpc_raw.INVALID_ARGUMENT)
        self.assertIn(f"there is no bundle of {OTHER} for this process", message)
        self.assertEqual(self.validation_of(token.svid, users.STRANGER)[0],
                         grpc_raw.PERMISSION_DENIED)
        other_audience = self.foreign_token("bills").svid
        self.assertIn("another audience", self.validation_of(other_audience)[1])
        self.bundle(self.ours, "delete", OTHER)
        self.assertEqual(self.validation_of(token.svid)[0], grpc_raw.INVALID_ARGUMENT)

    def test_what_operators_order_is_shown_and_recorded(self):
        self.federate()
        [held] = json.loads(self.bundle(self.ours, "list", "-o", "json"))["bundles"]
        self.assertEqual((held["trust_domain"], held["x509_authorities"], held["jwt_keys"]),
                         (OTHER_DOMAIN, 1, 1))
        self.assertIn(OTHER, self.bundle(self.ours, "list"))
        shown = self.bundle(self.ours, "show", OTHER, "-o", "json")
        self.assertEqual(shown, self.bundle(self.theirs, "show", "-o", "json"))
        self.assertEqual(self.bundle(self.ours, "show", OTHER), self.bundle(self.theirs, "show"))
        self.bundle(self.ours, "delete", OTHER_DOMAIN)
        self.assertIn(f"no bundle of {OTHER}",
                      self.bundle(self.ours, "delete", OTHER, fails=True))
        for what in ("bundle.set", "bundle.deleted"):
            [notice] = audit.notices(self.ours, what)
            self.assertEqual((notice["details"]["bundle_of"], notice["details"]["uid"]),
                             (OTHER_DOMAIN, "0"))

    def test_what_is_no_bundle_of_another_is_refused(self):
        file = self.ours.folder / "wrong.json"
        for text, name, why in ((self.bundle(self.theirs, "show", "-o", "json"), OWN, "our own"),
                                ("{}", OTHER, '"keys"'), ("no JSON", OTHER, "not JSON")):
            with self.subTest(why=why):
                file.write_text(text)
                told = self.bundle(self.ours, "set", name, "--file", str(file), fails=True)
                self.assertIn(why, told)
        self.assertIn("No bundle", self.bundle(self.ours, "list"))
