"""The real Envoy, with the configuration of docs/examples, gets its certificate and what
to trust from Surety's secret discovery service."""

from __future__ import annotations

import time

from harness import api, envoy, mtls, openssl, users
from harness.case import Case

# From the order to revoke to the handshake that fails: issue 7.
WITHIN = 1.0


class Envoy(Case):
    def begin(self, **x509):
        """A daemon, an Envoy of the user WEB, and a client of the user DB with an SVID."""
        self.suretyd = self.daemon(x509=x509)
        self.suretyd.entry_for("web", users.WEB)
        self.suretyd.entry_for("db", users.DB)
        self.suretyd.start()
        self.client = self.watcher(users.DB, self.suretyd)
        self.svid = self.client.receive().svids[0]
        self.envoy = envoy.Envoy(self.suretyd, users.WEB)
        self.until("Envoy serves", self.serves, 20)

    def handshake(self, svid):
        """A request over a fresh mTLS connection; gives the server's certificate."""
        with mtls.connect(self.envoy.listener, mtls.context(svid)) as secure:
            answer = mtls.ask(secure, b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer)
            return secure.getpeercert(binary_form=True)

    def serves(self):
        self.assertIsNone(self.envoy.process.poll(), "Envoy has ended")
        try:
            return self.handshake(self.svid)
        except OSError:
            return None

    def tearDown(self):
        super().tearDown()
        if not self._outcome.success:
            print(self.envoy.log())

    def test_envoy_serves_with_its_svid_and_takes_a_rotation_without_a_restart(self):
        self.begin(ttl="10s")
        first = openssl.serial(self.handshake(self.svid))

        def rotated():
            # The client's own rotates as well.
            return self.renewed() and openssl.serial(self.handshake(self.svid)) != first

        self.until("another certificate is served", rotated, 15)
        self.assertIsNone(self.envoy.process.poll())

    def test_envoy_lets_nobody_in_but_the_client_it_names(self):
        self.begin()
        own = self.watcher(users.WEB, self.suretyd).receive().svids[0]
        with self.assertRaises(OSError):
            self.handshake(own)

    def test_envoy_refuses_a_revoked_client_at_its_next_handshake(self):
        self.begin()
        serial = openssl.serial(api.certificates(self.svid.chain)[0])
        begun = time.monotonic()
        done = self.suretyd.run("surety", "revoke", "--admin-socket", self.suretyd.admin_socket,
                                "--serial", serial, "--reason", "stolen")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.until("the revoked client is refused", lambda: not self.serves(), 10)
        took = time.monotonic() - begun
        self.assertLess(took, WITHIN)
        # It is that SVID that is refused, not the client: the one it gets instead is let in.
        self.until("its new SVID is let in", self.renewed, 10)

    def renewed(self):
        self.svid = self.client.receive().svids[0]
        return self.serves()
