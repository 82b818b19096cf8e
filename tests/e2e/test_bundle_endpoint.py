"""The bundle endpoint: what is served to other trust domains, and to whoever means harm."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import struct
import subprocess
import time

from harness import audit, https, openssl, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

ENDPOINT_ID = f"spiffe://{TRUST_DOMAIN}/bundle-endpoint"


class EndpointCase(Case):
    def setUp(self):
        super().setUp()
        self.port = https.free_port()

    def own(self, **settings):
        """A daemon that serves its bundle by https_spiffe."""
        daemon = self.daemon(**settings)
        daemon.configure("bundle_endpoint", listen=f"127.0.0.1:{self.port}",
                         profile="https_spiffe")
        daemon.entry_for("web", users.WEB)
        return daemon.start()

    def web(self, **oidc):
        """One that serves it by https_web."""
        daemon = self.daemon()
        self.ca = https.WebCa(daemon.folder)
        self.certificate, self.key = self.install(daemon, self.ca, "endpoint")
        daemon.configure("bundle_endpoint", listen=f"127.0.0.1:{self.port}", profile="https_web",
                         certificate_file=str(self.certificate), key_file=str(self.key))
        if oidc:
            daemon.configure("oidc", **oidc)
        daemon.entry_for("web", users.WEB)
        return daemon.start()

    def install(self, daemon, ca, name):
        certificate, key = ca.issue(name)
        os.chown(key, daemon.uid, daemon.uid)
        return certificate, key

    def believing(self, ca):
        return ssl.create_default_context(cafile=str(ca.certificate))

    def answers(self, status=200):
        begin = time.monotonic()
        self.assertEqual(https.get(self.port).status, status)
        self.assertLess(time.monotonic() - begin, 2)


class BundleEndpoint(EndpointCase):
    def test_f4_whoever_asks_gets_the_newest_bundle_and_is_not_asked_who_he_is(self):
        daemon = self.own()
        answer = https.get(self.port)
        self.assertEqual((answer.status, answer.headers["content-type"]),
                         (200, "application/json"))
        shown = daemon.run("surety", "bundle", "show", "--output", "json", "--admin-socket",
                           daemon.admin_socket)
        self.assertEqual(answer.json(), json.loads(shown.stdout), shown.stderr)
        hint = answer.json()["spiffe_refresh_hint"]
        self.assertEqual(answer.headers["cache-control"], f"max-age={hint}")
        head = https.get(self.port, method="HEAD")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["content-length"], str(len(answer.body)))

    def test_what_is_not_served_has_an_answer_that_says_so(self):
        self.own()
        for path in ("/keys", "/.well-known/openid-configuration", "//", "/../", "/bundle.json"):
            self.assertEqual(https.get(self.port, path).status, 404, path)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
            answer = https.get(self.port, method=method)
            self.assertEqual((answer.status, answer.headers["allow"]), (405, "GET, HEAD"))
        huge = b"GET / HTTP/1.1\r\nX: " + b"x" * 9000
        self.assertEqual(https.send(self.port, huge).status, 431)
        self.assertEqual(https.send(self.port, b"this is no HTTP\r\n\r\n").status, 400)

    def test_f5_https_spiffe_shows_an_svid_that_is_renewed_in_place(self):
        daemon = self.own(x509={"ttl": "10s", "ca_ttl": "40s"})
        first = https.get(self.port)
        roots = [base64.b64decode(key["x5c"][0]) for key in first.json()["keys"]
                 if key["use"] == "x509-svid"]
        openssl.verify([first.certificate], roots, "sslserver")
        self.assertIn(f"URI:{ENDPOINT_ID}", openssl.text(first.certificate))
        with https.connect(self.port) as waiting:
            renewed = self.until("another certificate is shown",
                                 lambda: https.get(self.port).certificate != first.certificate,
                                 8)
            self.assertTrue(renewed)
            waiting.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.assertTrue(waiting.recv(100).startswith(b"HTTP/1.1 200"))
        second = https.get(self.port).certificate
        notices = [notice["details"] for notice in audit.notices(daemon, "endpoint.svid")]
        self.assertEqual([notice["serial"] for notice in notices][:2],
                         [openssl.serial(one) for one in (first.certificate, second)])
        self.assertEqual(notices[0]["spiffe_id"], ENDPOINT_ID)

    def test_no_entry_has_the_endpoints_id(self):
        daemon = self.own()
        daemon.write_entry("thief", spiffe_id=ENDPOINT_ID, selectors=["unix:uid:1"])
        self.until("it is refused", lambda: "that of [bundle_endpoint]" in daemon.log())

    def test_f3_tls_is_that_of_mozillas_intermediate_list(self):
        self.own()
        self.assertIn("Protocol version: TLSv1.3", self.s_client())
        self.assertIn("Protocol version: TLSv1.2", self.s_client("-tls1_2"))
        weak = "DEFAULT:@SECLEVEL=0"
        for version in ("-tls1", "-tls1_1"):
            self.assertIn("alert protocol version", self.s_client(version, "-cipher", weak))
        for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-CCM"):
            self.assertIn("alert handshake failure",
                          self.s_client("-tls1_2", "-cipher", cipher + ":@SECLEVEL=0"))

    def s_client(self, *args):
        done = subprocess.run(["openssl", "s_client", "-brief", "-connect",
                               f"127.0.0.1:{self.port}", *args], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20, check=False)
        return done.stdout + done.stderr

    def test_hostile_callers_disturb_nobody(self):
        daemon = self.own()
        before = daemon.descriptors()
        idle = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(200)]
        self.answers()
        half = socket.create_connection(("127.0.0.1", self.port))
        half.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 32)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertNotIn(b"HTTP/1.1 200", plain.recv(1000))
        drips = https.connect(self.port)
        drips.sendall(b"GET / HTTP/1.1\r\nX: ")
        resets = socket.create_connection(("127.0.0.1", self.port))
        resets.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        resets.close()
        self.answers()
        for connection in (*idle, half, plain, drips):
            connection.close()
        self.until("all are gone", lambda: daemon.descriptors() <= before)
        self.answers()
        self.assert_served(daemon)
        self.assertTrue(daemon.alive())

    def test_https_web_shows_the_operators_certificate_and_takes_a_new_one(self):
        daemon = self.web()
        first = https.get(self.port, context=self.believing(self.ca))
        self.assertEqual(first.status, 200)
        with self.assertRaises(ssl.SSLCertVerificationError):
            https.get(self.port, context=ssl.create_default_context())
        certificate, key = self.install(daemon, self.ca, "second")
        certificate.rename(self.certificate)
        self.until("it is told that they do not fit", lambda: "is not the key" in daemon.log())
        self.assertEqual(https.get(self.port).certificate, first.certificate)
        degraded = json.loads(daemon.run("surety", "status", "--output", "json", "--admin-socket",
                                         daemon.admin_socket).stdout)["degraded"]
        self.assertTrue(any("bundle endpoint" in line for line in degraded), degraded)
        key.rename(self.key)
        self.until("the new one is shown", lambda: https.get(
            self.port, context=self.believing(self.ca)).certificate != first.certificate)

    def test_a_listener_that_cannot_be_had_ends_the_start_and_says_why(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.port))
            taken.listen()
            daemon = self.daemon()
            daemon.configure("bundle_endpoint", listen=f"127.0.0.1:{self.port}",
                             profile="https_spiffe")
            daemon.start(wait=False)
            self.assertNotEqual(daemon.wait(10), 0)
            self.assertIn(f"listening at 127.0.0.1:{self.port}", daemon.log())
            self.assertIn("choose another", daemon.log())
