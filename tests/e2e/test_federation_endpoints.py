"""Following the bundle endpoints of other trust domains, on two daemons that federate and on
servers that lie."""

from __future__ import annotations

import json
import os
import socket

from harness import audit, https, scripted_https, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN
from harness.lines import Lines

OTHER = "other.example"
ENDPOINT_ID = f"spiffe://{TRUST_DOMAIN}/bundle-endpoint"


class FollowingCase(Case):
    def degraded(self, daemon):
        done = daemon.run("surety", "status", "--output", "json", "--admin-socket",
                          daemon.admin_socket)
        return json.loads(done.stdout)["degraded"]

    def until_degraded(self, daemon, words):
        self.until(f"it is told: {words}",
                   lambda: any(words in line for line in self.degraded(daemon)))

    def held(self, daemon, name):
        """The bundle document that the daemon holds of another trust domain; None without."""
        path = daemon.state / "bundles" / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def until_held(self, daemon, name, check=lambda document: document):
        return self.until(f"the bundle of {name} is held",
                          lambda: check(self.held(daemon, name)))


class Lying(FollowingCase):
    """One daemon that follows a server which answers whatever it wants."""

    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon()
        self.ca = https.WebCa(self.suretyd.folder)
        self.server = scripted_https.ScriptedServer(*self.ca.issue("scripted"))
        self.addCleanup(self.server.close)
        # Of a CA that nobody else has: that of the web serves as well as any.
        self.jwk = {"kty": "EC", "use": "x509-svid", "x5c": [self.der(self.ca.certificate)]}

    @staticmethod
    def der(certificate):
        lines = certificate.read_text().splitlines()
        return "".join(lines[1:-1])

    def document(self, sequence, keys):
        return json.dumps({"spiffe_sequence": sequence, "spiffe_refresh_hint": 1,
                           "keys": keys}).encode()

    def say(self, *args):
        self.server.answer = scripted_https.answer(*args)

    def follow(self, **settings):
        self.suretyd.configure("[federation]", trust_domain=OTHER, url=self.server.url,
                               profile="https_web", ca_file=str(self.ca.certificate))
        self.suretyd.configure("[federation]", **settings)
        return self.suretyd.start()

    def test_f7_what_is_wrong_leaves_the_bundle_as_it_was_and_is_told_once(self):
        self.say(self.document(5, [self.jwk]))
        self.suretyd.write_entry("web", spiffe_id=f"spiffe://{TRUST_DOMAIN}/web",
                                 selectors=[f"unix:uid:{users.WEB}"], federates_with=[OTHER])
        daemon = self.follow()
        good = self.until_held(daemon, OTHER)
        self.assertEqual(list(self.response_to(daemon).federated), [f"spiffe://{OTHER}"])
        wrong = [("is no JSON", [b"<html>"], "JSON"),
                 ("500", [b"", "500 Oops"], "the status 500"),
                 ("oversize", [b"x" * (1 << 20) + b"x"], "more than 1048576 bytes"),
                 ("to plain HTTP", [b"", "302 Found", "Location: http://localhost:1/"],
                  "does not begin with https://"),
                 ("to a user", [b"", "302 Found", f"Location: https://a:b@localhost:1/"],
                  "holds a user or a password"),
                 ("for ever", [b"", "307 Go", f"Location: {self.server.url}"], "5 redirects"),
                 ("older", [self.document(4, [self.jwk])], "is an older one")]
        for what, args, words in wrong:
            with self.subTest(what):
                self.say(*args)
                self.until_degraded(daemon, words)
                self.assertEqual(self.held(daemon, OTHER), good)
        self.say(self.document(6, []))
        self.until_held(daemon, OTHER, lambda document: document["spiffe_sequence"] == 6)
        self.assertFalse(any(OTHER in line for line in self.degraded(daemon)))
        self.assertEqual(self.response_to(daemon).federated, {})
        self.assertEqual(len(audit.notices(daemon, "federation.failed")), len(wrong))
        self.assertEqual([notice["details"]["authorities"]
                          for notice in audit.notices(daemon, "federation.followed")], ["1", "0"])

    def test_f6_redirects_are_followed_and_forgotten(self):
        target = scripted_https.ScriptedServer(*self.ca.issue("target"))
        self.addCleanup(target.close)
        target.answer = scripted_https.answer(self.document(1, [self.jwk]))
        self.say(b"", "301 Moved Permanently", f"Location: {target.url}")
        daemon = self.follow()
        self.until_held(daemon, OTHER)
        self.until("it asks the first one again", lambda: len(self.server.requests) > 2)
        self.assertTrue(target.requests[0].startswith(b"GET / HTTP/1.1\r\n"))

    def test_f5_of_the_web_only_a_server_with_the_right_name_and_ca_is_believed(self):
        self.say(self.document(1, [self.jwk]))
        stranger = scripted_https.ScriptedServer(*self.ca.issue("stranger", "elsewhere"))
        self.addCleanup(stranger.close)
        stranger.answer = self.server.answer
        daemon = self.follow(url=stranger.url)
        self.until_degraded(daemon, "matches target host name")
        daemon.terminate()
        daemon.configure("[federation]", url=self.server.url, ca_file=None)
        daemon.start()
        self.until_degraded(daemon, "unable to get local issuer certificate")
        self.assertEqual(stranger.requests + self.server.requests, [])
        self.assertIsNone(self.held(daemon, OTHER))

    def test_f9_what_is_followed_no_more_is_believed_no_more(self):
        self.say(self.document(1, [self.jwk]))
        daemon = self.follow()
        self.until_held(daemon, OTHER)
        daemon.terminate()
        daemon.settings.pop("[federation]")
        daemon.write_config()
        daemon.start()
        self.assertIsNone(self.held(daemon, OTHER))
        self.assertEqual(audit.notices(daemon, "federation.ended")[0]["details"],
                         {"trust_domain": OTHER})

    def test_a_server_that_does_not_answer_keeps_nobody_from_ending(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            daemon = self.follow(url=f"https://localhost:{silent.getsockname()[1]}/")
            with silent.accept()[0]:
                self.assertLess(daemon.terminate(), 3)


class Federation(FollowingCase):
    """Two daemons of two trust domains, each of which follows the other."""

    def pair(self, **settings):
        self.mine, self.others = self.daemon(**settings), self.daemon(**settings)
        self.port, self.other_port = https.free_port(), https.free_port()
        self.ca = https.WebCa(self.others.folder)
        certificate, key = self.ca.issue("endpoint")
        os.chown(key, self.others.uid, self.others.uid)
        self.mine.configure("bundle_endpoint", listen=f"127.0.0.1:{self.port}",
                            profile="https_spiffe")
        self.mine.configure("[federation]", trust_domain=OTHER, profile="https_web",
                            url=f"https://localhost:{self.other_port}/",
                            ca_file=str(self.ca.certificate))
        self.others.configure("top", trust_domain=OTHER)
        self.others.configure("bundle_endpoint", listen=f"[::]:{self.other_port}",
                              profile="https_web", certificate_file=str(certificate),
                              key_file=str(key))
        self.first = self.others.folder / "first.json"
        self.others.configure("[federation]", trust_domain=TRUST_DOMAIN, profile="https_spiffe",
                              url=f"https://localhost:{self.port}/",
                              endpoint_spiffe_id=ENDPOINT_ID, bundle_file=str(self.first))

    def start(self):
        self.mine.start()
        self.first.write_bytes(https.get(self.port).body)
        self.first.chmod(0o644)
        self.others.start()
        self.until_held(self.mine, OTHER)
        self.until_held(self.others, TRUST_DOMAIN)

    def test_f5_the_first_bundle_may_come_by_hand(self):
        self.pair()
        self.others.configure("[federation]", bundle_file=None)
        self.mine.start()
        self.first.write_bytes(https.get(self.port).body)
        self.others.start()
        self.until_degraded(self.others, f"there is no CA of {TRUST_DOMAIN} to believe the server")
        done = self.others.run("surety", "bundle", "set", f"spiffe://{TRUST_DOMAIN}", "--file",
                               str(self.first), "--admin-socket", self.others.admin_socket)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.until("it is followed", lambda: not any(
            TRUST_DOMAIN in line for line in self.degraded(self.others)))

    def workloads(self):
        """One of each trust domain that trusts the other's, as the user WEB."""
        for daemon, own, other in ((self.mine, TRUST_DOMAIN, OTHER),
                                   (self.others, OTHER, TRUST_DOMAIN)):
            daemon.write_entry("web", spiffe_id=f"spiffe://{own}/web",
                               selectors=[f"unix:uid:{users.WEB}"], federates_with=[other])

    def client(self, daemon, *args):
        lines = Lines(daemon.popen("client", *args, uid=users.WEB))
        self.addCleanup(lines.stop)
        return lines

    def test_mtls_across_outlives_rotation_and_not_the_federation(self):
        self.pair(x509={"ttl": "10s", "ca_ttl": "40s"})
        self.workloads()
        self.start()
        address = f"@surety-{self.port}"
        server = self.client(self.mine, "mtls-server", "-listen", address, "-peers", OTHER)
        self.until("the server listens", lambda: server.of("listening"))
        client = self.client(self.others, "mtls-client", "-dial", address, "-peers", TRUST_DOMAIN,
                             "-every", "100ms")
        self.until("another CA has signed", lambda: len(
            {line["authority"] for line in client.of("answered")}) > 1, 60)
        self.assertEqual((client.of("failed"), server.of("refused")), ([], []))
        self.assertEqual(client.of("answered")[-1]["peer"], f"spiffe://{TRUST_DOMAIN}/web")
        self.assertEqual(server.of("served")[-1]["peer"], f"spiffe://{OTHER}/web")
        self.mine.terminate()
        self.mine.settings.pop("[federation]")
        self.mine.write_config()
        self.mine.start()
        self.until("nobody of the other trust domain is let in", lambda: client.of("failed") and any(
            f'no X.509 bundle for trust domain "{OTHER}"' in line["error"]
            for line in server.of("refused")), 30)

    def go(self, *args):
        done = self.mine.run("client", "bundle", *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_f1_go_spiffes_own_client_reads_both_profiles(self):
        self.pair()
        self.start()
        by_id = self.go("-url", f"https://localhost:{self.port}/", "-trust-domain", TRUST_DOMAIN,
                        "-server", ENDPOINT_ID, "-bundle", str(self.first))
        by_name = self.go("-url", f"https://localhost:{self.other_port}/", "-trust-domain", OTHER,
                          "-ca", str(self.ca.certificate))
        for seen, name, daemon in ((by_id, TRUST_DOMAIN, self.others), (by_name, OTHER, self.mine)):
            held = self.held(daemon, name)
            self.assertEqual((seen["trust_domain"], seen["sequence"], seen["hint_s"]),
                             (name, held["spiffe_sequence"], held["spiffe_refresh_hint"]))
            self.assertEqual(seen["x509_authorities"] + seen["jwt_authorities"],
                             len(held["keys"]))

    def test_f5_only_a_server_with_the_right_id_and_ca_is_believed(self):
        self.pair()
        self.others.configure("[federation]", endpoint_spiffe_id=f"spiffe://{TRUST_DOMAIN}/web")
        self.mine.start()
        self.first.write_bytes(https.get(self.port).body)
        self.first.chmod(0o644)
        self.others.start()
        self.until_degraded(self.others, f"is {ENDPOINT_ID} and should be spiffe://{TRUST_DOMAIN}/web")
        self.others.terminate()
        mine = json.loads(self.first.read_text())
        stranger = self.daemon()
        port = https.free_port()
        stranger.configure("bundle_endpoint", listen=f"127.0.0.1:{port}", profile="https_spiffe")
        stranger.start()
        self.others.configure("[federation]", endpoint_spiffe_id=ENDPOINT_ID,
                              url=f"https://localhost:{port}/")
        self.others.start()
        self.until_degraded(self.others, f"does not verify under the bundle of {TRUST_DOMAIN}")
        self.assertEqual(self.held(self.others, TRUST_DOMAIN), mine)
