"""CONFORMANCE row BN6: the bundles of other trust domains come from an operator's bundle map,
which is taken as a whole or not at all, and again whenever it changes."""

from __future__ import annotations

import base64
import json
import ssl

from harness import api, audit, grpc_raw, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

OWN = f"spiffe://{TRUST_DOMAIN}"
OTHER, THIRD = "partner.example.org", "third.example.org"


def ids(*names):
    return {OWN, *(f"spiffe://{name}" for name in names)}


class BundleMapCase(Case):
    def setUp(self):
        super().setUp()
        self.ours = self.daemon()
        self.map = self.ours.folder / "bundles.json"
        self.ours.entry_for("web", users.WEB, federates_with=[OTHER, THIRD])

    def write(self, text):
        """In one step, as an operator should."""
        scratch = self.map.with_suffix(".new")
        scratch.write_text(text)
        scratch.rename(self.map)

    def write_map(self, **bundles):
        """A map with these bundles; a dot is written as "_"."""
        self.write(json.dumps({"trust_domains": {name.replace("_", "."): document
                                                 for name, document in bundles.items()}}))

    def bundle(self, daemon, *command, fails=False):
        done = daemon.run("surety", "bundle", *command, "-a", daemon.admin_socket)
        self.assertEqual(done.returncode, 1 if fails else 0, done.stderr)
        return done.stderr if fails else done.stdout

    def a_bundle(self):
        """Of another daemon, which then ends."""
        theirs = self.daemon(top={"trust_domain": OTHER}).start()
        document = json.loads(self.bundle(theirs, "show", "-o", "json"))
        theirs.terminate()
        return document

    def bundle_stream(self):
        def work(send):
            with grpc_raw.Connection(self.ours.socket) as connection:
                stream = connection.fetch("FetchX509Bundles")
                while True:
                    send(set(api.bundles_response(connection.message(stream, 300))))

        return self.worker(users.WEB, work)

    def status(self):
        shown = self.ours.run("surety", "status", "-o", "json", "-a", self.ours.admin_socket)
        return json.loads(shown.stdout)


class BundleMap(BundleMapCase):
    def setUp(self):
        super().setUp()
        self.theirs = self.a_bundle()
        self.ours.configure("top", bundle_map=str(self.map))

    def test_bn6_what_the_map_names_is_believed_and_what_it_names_no_more_is_withdrawn(self):
        own = {"keys": []}
        self.write_map(partner_example_org={**self.theirs, "spiffe_refresh_hint": 86_400},
                       **{TRUST_DOMAIN.replace(".", "_"): own})
        self.ours.start()
        stream = self.bundle_stream()
        self.assertEqual(stream.receive(), ids(OTHER))
        self.write_map(partner_example_org=self.theirs, third_example_org=self.theirs)
        self.assertEqual(stream.receive(3), ids(OTHER, THIRD))
        self.write_map()
        self.assertEqual(stream.receive(3), ids())
        details = [notice["details"] for notice in
                   audit.notices(self.ours, "bundle_map.loaded", "high")]
        self.assertEqual([(one["added"], one["withdrawn"]) for one in details],
                         [(OTHER, "none"), (THIRD, "none"), ("none", f"{OTHER} {THIRD}")])

    def test_bn6_a_map_that_is_wrong_anywhere_changes_nothing(self):
        self.write_map(partner_example_org=self.theirs)
        self.ours.start()
        stream = self.bundle_stream()
        self.assertEqual(stream.receive(), ids(OTHER))
        theirs = json.dumps(self.theirs)
        for text, why in (
                (f'{{"trust_domains": {{"{THIRD}": {theirs}, "{OTHER}": {{}}}}}}',
                 f"the bundle of {OTHER}: the bundle document has no list"),
                (f'{{"trust_domains": {{"{THIRD}": {theirs}, "{THIRD}": {theirs}}}}}',
                 f'the name "{THIRD}" stands twice')):
            self.write(text)
            refused = self.until("it is refused", lambda: [
                notice for notice in audit.notices(self.ours, "bundle_map.refused")
                if why in notice["details"]["why"]])
            self.assertEqual(len(refused), 1)
            self.assertTrue(any("bundle map was not taken" in line
                                for line in self.status()["degraded"]))
        self.map.unlink()
        self.until("it is missed", lambda: "cannot be opened" in self.ours.log())
        self.write_map(partner_example_org=self.theirs, third_example_org=self.theirs)
        self.assertEqual(stream.receive(3), ids(OTHER, THIRD))  # The first since the good one.
        self.until("all is well", lambda: not any(
            "bundle map" in line for line in self.status()["degraded"]))

    def test_each_trust_domain_has_one_who_says_its_bundle(self):
        self.write_map()
        self.ours.start()
        document = self.ours.folder / "theirs.json"
        document.write_text(json.dumps(self.theirs))
        self.bundle(self.ours, "set", OTHER, "--file", str(document))
        self.write_map(partner_example_org=self.theirs)
        stored = self.ours.state / "bundles" / f"{OTHER}.json"
        self.until("the map has it now", lambda: not stored.exists())
        self.until("and it is in force", lambda: "that was set is deleted" in self.ours.log())
        for command in (["set", OTHER, "--file", str(document)], ["delete", OTHER]):
            self.assertIn("bundle map", self.bundle(self.ours, *command, fails=True))
        stream = self.bundle_stream()
        self.assertEqual(stream.receive(), ids(OTHER))
        self.write_map()
        self.assertEqual(stream.receive(3), ids())


    def test_bn6_what_is_shown_is_a_map_that_is_taken(self):
        self.ours.configure("top", bundle_map=None)
        self.ours.start()
        pem = self.ours.folder / "theirs.pem"
        pem.write_text("".join(ssl.DER_cert_to_PEM_cert(base64.b64decode(key["x5c"][0]))
                               for key in self.theirs["keys"] if key["use"] == "x509-svid"))
        self.bundle(self.ours, "set", OTHER, "--file", str(pem))
        self.write(self.bundle(self.ours, "show", "--map"))
        self.assertEqual({f"spiffe://{name}" for name in
                          json.loads(self.map.read_text())["trust_domains"]}, ids(OTHER))
        before = users.run_as(users.WEB, api.fetch_bundles, self.ours.socket)
        self.assertEqual(set(before), ids(OTHER))
        self.ours.terminate()
        self.ours.configure("top", bundle_map=str(self.map))
        self.ours.start()
        self.assertEqual(users.run_as(users.WEB, api.fetch_bundles, self.ours.socket), before)
        [held] = json.loads(self.bundle(self.ours, "list", "-o", "json"))["bundles"]
        self.assertEqual((held["trust_domain"], held["in_map"]), (OTHER, True))


class RefusedBundleMap(BundleMapCase):
    def test_bn6_no_start_with_a_map_that_cannot_be_taken(self):
        self.ours.configure("top", bundle_map=str(self.map))
        self.write("{}")
        self.ours.start(wait=False)
        self.assertEqual(self.ours.wait(10), 1, self.ours.log())
        why = "has no object"
        self.assertIn(why, self.ours.log())
        checked = self.ours.run("suretyd", "check", "--config", str(self.ours.config))
        self.assertEqual(checked.returncode, 1)
        self.assertIn(f"{self.map}: error: the bundle map {why}", checked.stdout)
        self.write_map(partner_example_org={"keys": []})
        self.ours.config.write_text(
            self.ours.config.read_text() + "\n[[federation]]\n"
            f'trust_domain = "{OTHER}"\nurl = "https://o.org/"\nprofile = "https_web"\n')
        checked = self.ours.run("suretyd", "check", "--config", str(self.ours.config))
        self.assertIn(f"names {OTHER}, whose bundle endpoint is followed", checked.stdout)
