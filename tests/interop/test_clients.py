"""The workloads of tests/clients, which know Surety only through the libraries
of their languages, get what they are entitled to. Also two of them talk mTLS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

from harness import users
from harness.case import Case
from harness.daemon import CLIENTS, TRUST_DOMAIN

OWN = f"spiffe://{TRUST_DOMAIN}"


class Clients(Case):
    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon()
        self.suretyd.entry_for("main", users.WEB, priority=10, hint="main")
        self.suretyd.entry_for("spare", users.WEB)
        self.suretyd.entry_for("db", users.DB)
        self.suretyd.start()

    def staged(self, language):
        """A client's folder where every user can read it."""
        folder = self.suretyd.folder / "clients" / language
        if not folder.exists():
            shutil.copytree(CLIENTS / language, folder, symlinks=True,
                            ignore=shutil.ignore_patterns("target") if language == "rust" else None)
        return folder

    def run_client(self, command, uid=users.WEB):
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False,
                              env=self.suretyd.environment(None), cwd="/", user=uid, group=uid,
                              extra_groups=[])

    def assert_fetches(self, *command, hint="main"):
        command = [str(part) for part in command]
        done = self.run_client(command)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        svids = [line for line in lines if line["kind"] == "x509_svid"]
        self.assertEqual([(svid["spiffe_id"], svid["hint"]) for svid in svids],
                         [(f"{OWN}/main", hint), (f"{OWN}/spare", "")])
        self.assertTrue(all(svid["chain"] >= 1 for svid in svids))
        bundles = {line["trust_domain"].removeprefix("spiffe://"): line["authorities"]
                   for line in lines if line["kind"] == "x509_bundle"}
        self.assertEqual(list(bundles), [TRUST_DOMAIN])
        self.assertGreaterEqual(bundles[TRUST_DOMAIN], 1)
        # The same program gets nothing where it has no identity: the check can fail.
        self.assertEqual(self.run_client(command, users.STRANGER).returncode, 1)

    def assert_fetches_tokens(self, *command, hint="main", validators=("library", "daemon")):
        command = [*(str(part) for part in command), "jwt", "reports"]
        done = self.run_client(command)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        ids = [f"{OWN}/main", f"{OWN}/spare"]
        self.assertEqual([(line["spiffe_id"], line["hint"]) for line in lines
                          if line["kind"] == "jwt_svid"], [(ids[0], hint), (ids[1], "")])
        self.assertEqual([(line["by"], line["spiffe_id"]) for line in lines
                          if line["kind"] == "believed"],
                         [(by, spiffe_id) for spiffe_id in ids for by in validators])
        bundles = [(line["trust_domain"].removeprefix("spiffe://"), line["authorities"])
                   for line in lines if line["kind"] == "jwt_bundle"]
        self.assertEqual(bundles, [(TRUST_DOMAIN, 1)])
        self.assertEqual(self.run_client(command, users.STRANGER).returncode, 1)

    def test_go_client_gets_tokens_that_go_spiffe_and_the_daemon_believe(self):
        self.assert_fetches_tokens(self.staged("go") / "client")

    def test_go_client_gets_wit_svids_that_go_spiffe_believes(self):
        self.suretyd.configure("wit", enabled=True)
        self.suretyd.terminate()
        self.suretyd.start()
        command = [str(self.staged("go") / "client"), "wit"]
        done = self.run_client(command)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(line["spiffe_id"], line["hint"]) for line in lines
                          if line["kind"] == "wit_svid"],
                         [(f"{OWN}/main", "main"), (f"{OWN}/spare", "")])
        self.assertEqual([(line["trust_domain"], line["authorities"]) for line in lines
                          if line["kind"] == "wit_bundle"], [(TRUST_DOMAIN, 1)])
        self.assertEqual(self.run_client(command, users.STRANGER).returncode, 1)

    def test_python_client_gets_tokens_that_py_spiffe_and_the_daemon_believe(self):
        folder = self.staged("python")
        self.assert_fetches_tokens(folder / "venv/bin/python", folder / "client.py", hint="")

    def test_rust_client_gets_tokens_that_the_daemon_believes(self):
        self.assert_fetches_tokens(self.staged("rust") / "client", validators=("daemon",))

    def test_java_client_gets_tokens_that_java_spiffe_and_the_daemon_believe(self):
        target = self.staged("java") / "target"
        self.assert_fetches_tokens("java", "-XX:TieredStopAtLevel=1", "-cp",
                                   f"{target}/client.jar:{target}/lib/*",
                                   "org.surety.client.Client")

    def test_go_client_gets_its_svids_and_bundles(self):
        self.assert_fetches(self.staged("go") / "client", "x509", "-for", "5s")

    def test_python_client_gets_its_svids_and_bundles(self):
        folder = self.staged("python")
        # This library does not hand the hint on.
        self.assert_fetches(folder / "venv/bin/python", folder / "client.py", "x509", hint="")

    def test_rust_client_gets_its_svids_and_bundles(self):
        self.assert_fetches(self.staged("rust") / "client", "x509")

    def test_java_client_gets_its_svids_and_bundles(self):
        target = self.staged("java") / "target"
        self.assert_fetches("java", "-XX:TieredStopAtLevel=1", "-cp",
                            f"{target}/client.jar:{target}/lib/*", "org.surety.client.Client",
                            "x509")

    def test_xp4_openssl_verifies_what_go_spiffe_was_given(self):
        folder = self.suretyd.folder / "given"
        folder.mkdir()
        os.chown(folder, users.WEB, users.WEB)
        done = self.run_client([self.staged("go") / "client", "x509", "-write", folder])
        self.assertEqual(done.returncode, 0, done.stderr)
        for i in range(2):
            for purpose in ("sslserver", "sslclient"):
                subprocess.run(
                    ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile",
                     folder / "bundle.pem", "-untrusted", folder / f"svid.{i}.pem",
                     folder / f"svid.{i}.pem"], check=True, capture_output=True)

    def test_e3_e8_e9_statuses_as_grpc_go_reports_them(self):
        cases = [
            ([], "/SpiffeWorkloadAPI/FetchX509SVID", users.WEB, "InvalidArgument"),
            (["Workload.SPIFFE.io=TRUE"], "/SpiffeWorkloadAPI/FetchX509SVID", users.WEB,
             "InvalidArgument"),
            (["workload.spiffe.io=true"] * 2, "/SpiffeWorkloadAPI/FetchX509SVID", users.WEB,
             "InvalidArgument"),
            (["workload.spiffe.io=true"], "/SpiffeWorkloadAPI/FetchX509SVID", users.STRANGER,
             "PermissionDenied"),
            (["workload.spiffe.io=true"], "/SpiffeWorkloadAPI/FetchWITBundles", users.WEB,
             "Unimplemented"),
            (["workload.spiffe.io=true"], "/SpiffeWorkloadAPI/FetchJWTSVID", users.WEB,
             "InvalidArgument"),
            (["workload.spiffe.io=true"], "/SpiffeWorkloadAPI/FetchJWTBundles", users.WEB, "OK"),
            (["workload.spiffe.io=true"], "/SpiffeWorkloadAPI/Nothing", users.WEB, "Unimplemented"),
            (["workload.spiffe.io=true"], "/SpiffeWorkloadAPI/FetchX509SVID", users.WEB, "OK"),
        ]
        client = self.staged("go") / "client"
        for headers, method, uid, code in cases:
            with self.subTest(headers=headers, method=method, uid=uid):
                flags = [part for header in headers for part in ("-header", header)]
                done = self.run_client([client, "call", *flags, "-messages", "1", method], uid)
                self.assertEqual(json.loads(done.stdout)["code"], code, done.stderr)

    def test_two_go_workloads_of_two_users_do_mtls_with_each_other(self):
        client = str(self.staged("go") / "client")
        meeting = self.suretyd.folder / "meeting"
        meeting.mkdir()
        os.chown(meeting, users.WEB, users.WEB)
        socket = meeting / "server.sock"
        server = subprocess.Popen([client, "mtls-server", "-listen", str(socket)], text=True,
                                  stdout=subprocess.PIPE, env=self.suretyd.environment(None),
                                  user=users.WEB, group=users.WEB, extra_groups=[])
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.assertEqual(json.loads(server.stdout.readline())["kind"], "listening")
        os.chmod(socket, 0o666)
        done = self.run_client([client, "mtls-client", "-dial", str(socket)], users.DB)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["peer"], f"{OWN}/main")
        self.assertEqual(json.loads(server.stdout.readline())["peer"], f"{OWN}/db")

    def test_go_watcher_sees_rotation_and_goes_on_after_its_entry_was_away(self):
        self.suretyd.configure("x509", ttl="10s")
        self.suretyd.terminate()
        self.suretyd.start()
        watcher = self.suretyd.popen("client", "watch", "-for", "30s", uid=users.DB)
        self.addCleanup(watcher.communicate)
        self.addCleanup(watcher.kill)

        def line():
            return json.loads(watcher.stdout.readline())

        serials = [line()["svids"][0]["serial"] for _ in range(3)]
        self.assertEqual(len(set(serials)), 3)
        self.suretyd.remove_entry("db")
        seen = line()
        while seen["kind"] == "update":  # One may have been under way.
            seen = line()
        self.assertEqual(seen["code"], "PermissionDenied")
        self.suretyd.entry_for("db", users.DB)
        while seen["kind"] == "error":
            seen = line()
        self.assertEqual(seen["svids"][0]["spiffe_id"], f"{OWN}/db")
