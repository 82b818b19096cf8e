"""The service of tests/clients/go/service.go does with revocation what docs/revocation.md
asks of every server."""

from __future__ import annotations

import os
import ssl
import time

from harness import api, mtls, openssl, users
from harness.case import Case

WITHIN = 2.0  # Seconds from the order to revoke.
LINE = b"hello\n"


class ReferenceService(Case):
    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon()
        for name, uid in (("web", users.WEB), ("db", users.DB), ("batch", users.BATCH)):
            self.suretyd.entry_for(name, uid)
        self.suretyd.start()
        self.listener = self.suretyd.folder / "service/tls.sock"
        self.listener.parent.mkdir()
        os.chown(self.listener.parent, users.WEB, users.WEB)
        self.service = self.suretyd.popen("client", "service", "-listen", str(self.listener),
                                          uid=users.WEB)
        self.addCleanup(self.service.communicate)
        self.addCleanup(self.service.kill)
        self.until("the service listens", self.listener.exists)
        self.client = self.watcher(users.DB, self.suretyd)
        self.svid = self.client.receive().svids[0]

    def served(self, svid):
        secure = mtls.connect(self.listener, mtls.context(svid))
        self.addCleanup(secure.close)
        self.assertEqual(mtls.ask(secure, LINE), LINE)
        return secure

    def revoke(self, svid):
        serial = openssl.serial(api.certificates(svid.chain)[0])
        done = self.suretyd.run("surety", "revoke", "--admin-socket", self.suretyd.admin_socket,
                                "--serial", serial, "--reason", "stolen")
        self.assertEqual(done.returncode, 0, done.stderr)

    def refuses(self, svid):
        try:
            self.served(svid)
            return False
        except OSError:
            return True

    def test_revoked_peer_is_cut_and_let_in_no_more_and_others_stay(self):
        other = self.served(self.watcher(users.BATCH, self.suretyd).receive().svids[0])
        live = self.served(self.svid)
        begun = time.monotonic()
        self.revoke(self.svid)
        live.settimeout(WITHIN)
        try:
            self.assertEqual(live.recv(16), b"")
        except ConnectionResetError:
            pass
        self.assertLess(time.monotonic() - begun, WITHIN)
        self.assertTrue(self.refuses(self.svid))
        self.assertEqual(mtls.ask(other, LINE), LINE)
        # It is that SVID that is refused, not the client.
        self.served(self.client.receive().svids[0])

    def test_no_session_can_be_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                made = mtls.context(self.svid)
                made.minimum_version = made.maximum_version = version
                with mtls.connect(self.listener, made) as first:
                    mtls.ask(first, LINE)
                    session = first.session
                self.assertFalse(session.has_ticket)
                with mtls.connect(self.listener, made, session) as second:
                    mtls.ask(second, LINE)
                    self.assertFalse(second.session_reused)

    def test_daemon_that_is_away_changes_nothing(self):
        live = self.served(self.svid)
        self.suretyd.terminate()
        self.assertEqual(mtls.ask(live, LINE), LINE)
        self.served(self.svid)
        # Whose stream has ended has exited, which the next daemon finds and revokes.
        self.suretyd.start()
        self.until("it is refused", lambda: self.refuses(self.svid))
