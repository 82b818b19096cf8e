"""A CA whose key lies in a PKCS#11 token or in a TPM: it signs, it goes away and comes back,
and no other key ever signs in its place."""

from __future__ import annotations

import json
import os
import tempfile
import time
import unittest.mock
from pathlib import Path

from harness import openssl, users
from harness.case import Case
from harness.tokens import SoftHsm, Tpm

CLEAR = 12  # Seconds in which a key that is back is asked again, and some.


class TokenCases:
    """For both. `token` is one of harness.tokens."""

    def make(self, folder):
        raise NotImplementedError

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="surety-token-")
        self.addCleanup(folder.cleanup)
        Path(folder.name).chmod(0o755)
        self.token = self.make(Path(folder.name))
        self.addCleanup(self.token.end)
        patch = unittest.mock.patch.dict(os.environ, self.token.environment)
        patch.start()
        self.addCleanup(patch.stop)

    def with_key(self, uri=None, **x509):
        daemon = self.daemon(x509={"ca_cert": str(self.token.cert), "ca_key": uri or self.token.uri(),
                                   "ca_ttl": None, **x509})
        daemon.entry_for("web", users.WEB)
        daemon.entry_for("db", users.DB)
        return daemon

    def status(self, daemon):
        return json.loads(daemon.run("surety", "status", "--output", "json", "--admin-socket",
                                     daemon.admin_socket).stdout)

    def degraded(self, daemon):
        return "\n".join(self.status(daemon)["degraded"])

    def until_degraded(self, daemon, *words):
        self.until(f"it says {words}", lambda: all(w in self.degraded(daemon) for w in words))

    def verify(self, response):
        svid = response.svids[0]
        openssl.verify([svid.chain], [svid.bundle], "sslserver")
        return svid.bundle

    def test_signs_svids_and_crls_and_so_does_the_next_daemon(self):
        daemon = self.with_key().start()
        before = self.response_to(daemon)
        bundle = self.verify(before)
        self.assertEqual(openssl.pem(bundle), self.token.cert.read_bytes())
        openssl.verify_crl(before.crl[0], bundle)
        self.assertEqual(self.status(daemon)["authorities"][0]["source"], self.token.NAME)
        self.assertEqual(self.degraded(daemon), "")
        daemon.terminate()
        after = self.response_to(daemon.start())
        self.assertEqual(self.verify(after), bundle)
        openssl.verify([before.svids[0].chain], [after.svids[0].bundle], "sslserver")
        self.assertIn(self.token.NAME, daemon.run("surety", "doctor", "--config",
                                                  str(daemon.config)).stdout)

    def test_key_that_goes_away_and_comes_back(self):
        daemon = self.with_key().start()
        holder = self.watcher(users.WEB, daemon)
        had = holder.receive()
        self.token.take_away()
        newcomer = self.watcher(users.DB, daemon)
        self.until_degraded(daemon, self.token.NAME, "does not answer", "see that the")
        self.assertIn("does not answer", daemon.log())
        self.assert_keeps(holder, had, 0.5)
        with self.assertRaises(TimeoutError):
            newcomer.receive(0.5)
        self.token.bring_back()
        served = newcomer.receive(CLEAR)
        self.assertEqual(self.verify(served), had.svids[0].bundle)
        self.assertEqual(self.degraded(daemon), "")

    def test_key_that_is_not_there_at_the_start(self):
        self.token.take_away()
        daemon = self.with_key().start()
        newcomer = self.watcher(users.WEB, daemon)
        self.until_degraded(daemon, self.token.NAME, "does not answer")
        with self.assertRaises(TimeoutError):
            newcomer.receive(0.5)
        self.assertEqual(self.status_of(users.WEB, daemon, "FetchX509Bundles")[0], 0)
        self.token.bring_back()
        self.verify(newcomer.receive(CLEAR))

    def test_key_of_another_certificate(self):
        daemon = self.with_key(self.token.other_uri()).start(wait=False)
        self.assertEqual(daemon.wait(), 1)
        self.assertIn("is not the certificate's", daemon.log())
        self.assertIn("ca_key", daemon.log())


class Pkcs11(TokenCases, Case):
    def make(self, folder):
        return SoftHsm(folder)

    def test_pin_that_is_wrong(self):
        self.token.write_pin("not-the-pin-4711")
        daemon = self.with_key().start()
        newcomer = self.watcher(users.WEB, daemon)
        self.until_degraded(daemon, "PIN incorrect", "not tried again")
        with self.assertRaises(TimeoutError):
            newcomer.receive(0.5)
        self.token.write_pin(SoftHsm.PIN)
        self.verify(newcomer.receive(CLEAR))
        for said in (daemon.log(), json.dumps(self.status(daemon))):
            self.assertNotIn("4711", said)
            self.assertNotIn(SoftHsm.PIN, said)


class TpmKey(TokenCases, Case):
    def make(self, folder):
        return Tpm(folder)

    def test_pin_that_is_wrong_is_tried_once(self):
        uri, pin_file = self.token.protect_with("the-right-one")
        pin_file.write_text("the-wrong-one\n")
        daemon = self.with_key(uri).start()
        newcomer = self.watcher(users.WEB, daemon)
        self.until_degraded(daemon, "authorization", "not tried again")
        with self.assertRaises(TimeoutError):
            newcomer.receive(3)  # It would have been tried again after one and two.
        self.assertEqual(self.token.failed_tries(), 1)
        pin_file.write_text("the-right-one\n")
        self.verify(newcomer.receive(CLEAR))
        self.assertNotIn("-one", daemon.log())

    def test_tpm_that_hangs_holds_up_nobody_who_needs_no_signature(self):
        daemon = self.with_key().start()
        self.assert_served(daemon)
        self.token.hang()
        self.addCleanup(self.token.go_on)
        # More than may wait for the token at a time.
        waiting = [self.watcher(users.DB, daemon) for _ in range(6)]
        longest = 0.0
        for _ in range(20):
            begin = time.monotonic()
            self.assertEqual(self.status_of(users.WEB, daemon, "FetchX509Bundles")[0], 0)
            longest = max(longest, time.monotonic() - begin)
        self.assertLess(longest, 1)
        self.until_degraded(daemon, "no answer in time")
        self.token.go_on()
        for one in waiting:
            self.assertEqual(len(one.receive(CLEAR).svids), 1)
