"""Workloads of two trust domains, which know Surety only through go-spiffe, talk mTLS with
each other as long as each side holds the other's bundle."""

from __future__ import annotations

import json
import os

from harness import users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

OTHER_DOMAIN = "partner.example.org"
NAMES = (TRUST_DOMAIN, OTHER_DOMAIN)


class FederatedMtls(Case):
    def setUp(self):
        super().setUp()
        self.daemons = [self.daemon(), self.daemon(top={"trust_domain": OTHER_DOMAIN})]
        for daemon, name, other in zip(self.daemons, NAMES, reversed(NAMES)):
            daemon.write_entry("web", spiffe_id=f"spiffe://{name}/web",
                               selectors=[f"unix:uid:{users.WEB}"], federates_with=[other])
            daemon.write_entry("db", spiffe_id=f"spiffe://{name}/db",
                               selectors=[f"unix:uid:{users.DB}"])
            daemon.start()

    def bundle(self, daemon, *command):
        done = daemon.run("surety", "bundle", *command, "-a", daemon.admin_socket)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def exchange(self):
        for daemon, other, name in zip(self.daemons, reversed(self.daemons), reversed(NAMES)):
            document = daemon.folder / "other.json"
            document.write_text(self.bundle(other, "show", "-o", "json"))
            self.bundle(daemon, "set", f"spiffe://{name}", "--file", str(document))

    def server(self):
        """A workload of ours that lets in those of the other trust domain."""
        ours = self.daemons[0]
        meeting = ours.folder / "meeting"
        meeting.mkdir()
        os.chown(meeting, users.WEB, users.WEB)
        socket = meeting / "server.sock"
        server = ours.popen("client", "mtls-server", "-listen", str(socket), "-peers",
                            OTHER_DOMAIN, uid=users.WEB)
        for close in (server.stdout.close, server.stderr.close, server.wait, server.kill):
            self.addCleanup(close)
        self.assertEqual(json.loads(server.stdout.readline())["kind"], "listening")
        os.chmod(socket, 0o666)
        return server, str(socket)

    def call(self, socket, uid=users.WEB):
        return self.daemons[1].run("client", "mtls-client", "-dial", socket, "-peers",
                                   TRUST_DOMAIN, uid=uid)

    def said(self, server):
        return json.loads(server.stdout.readline())

    def test_f9_mtls_works_across_and_breaks_when_the_bundle_is_deleted(self):
        server, socket = self.server()
        self.assertNotEqual(self.call(socket).returncode, 0)
        self.assertEqual(self.said(server)["kind"], "refused")
        self.exchange()

        def answered():
            done = self.call(socket)
            return done if done.returncode == 0 else None

        done = self.until("the server has the bundle", answered)
        self.assertEqual(json.loads(done.stdout)["peer"], f"spiffe://{TRUST_DOMAIN}/web")
        while (line := self.said(server))["kind"] == "refused":
            pass
        self.assertEqual(line["peer"], f"spiffe://{OTHER_DOMAIN}/web")

        # Who federates with nobody trusts no server of ours.
        self.assertNotEqual(self.call(socket, users.DB).returncode, 0)
        self.assertEqual(self.said(server)["kind"], "refused")

        self.bundle(self.daemons[0], "delete", OTHER_DOMAIN)
        self.until("the server refuses", lambda: self.call(socket).returncode != 0)
