"""`surety` as operators and scripts use it."""

from __future__ import annotations

import base64
import json
import os
import signal
import stat
import subprocess

from harness import api, jwt, openssl, users
from harness.case import Case


class Tool(Case):
    def setUp(self):
        super().setUp()
        self.suretyd = self.serving()
        self.web = "spiffe://e2e.example.org/web"

    def test_fetch_shows_the_identity_and_no_key(self):
        done = self.suretyd.run("surety", "fetch", "x509", uid=users.WEB)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(self.web, done.stdout)
        self.assertNotIn("PRIVATE", done.stdout)

    def test_fetch_as_json(self):
        done = self.suretyd.run("surety", "fetch", "x509", "--output", "json", uid=users.WEB)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(self.web, json.dumps(json.loads(done.stdout)))
        self.assertNotIn("PRIVATE", done.stdout)

    def test_fetch_writes_files_that_openssl_accepts(self):
        folder = self.suretyd.folder / "web-files"
        folder.mkdir(mode=0o700)
        os.chown(folder, users.WEB, users.WEB)
        done = self.suretyd.run("surety", "fetch", "x509", "--write", str(folder), uid=users.WEB)
        self.assertEqual(done.returncode, 0, done.stderr)
        keys, bundles, chains = [], [], []
        for path in folder.iterdir():
            self.assertEqual(path.stat().st_uid, users.WEB)
            text = path.read_text()
            if "PRIVATE KEY" in text:
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)
                keys.append(path)
            elif "bundle" in path.name:
                bundles.append(path)
            else:
                chains.append(path)
        self.assertEqual((len(keys), len(bundles), len(chains)), (1, 1, 1), list(folder.iterdir()))
        subprocess.run(["openssl", "verify", "-CAfile", bundles[0], chains[0]], check=True,
                       capture_output=True)

    def test_fetch_by_one_without_an_identity_fails_and_says_why(self):
        done = self.suretyd.run("surety", "fetch", "x509", uid=users.STRANGER)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.assertIn("identity", done.stderr)

    def show_bundle(self, *flags, uid=0):
        return self.suretyd.run("surety", "bundle", "show", "--admin-socket",
                                self.suretyd.admin_socket, *flags, uid=uid)

    def test_bundle_show_as_pem_is_what_svids_are_verified_with(self):
        done = self.show_bundle()
        self.assertEqual(done.returncode, 0, done.stderr)
        [svid] = self.response_to(self.suretyd).svids
        leaf, *_ = api.certificates(svid.chain)
        for name, text in (("ca.pem", done.stdout), ("leaf.pem", openssl.pem(leaf).decode())):
            (self.suretyd.folder / name).write_text(text)
        subprocess.run(["openssl", "verify", "-CAfile", self.suretyd.folder / "ca.pem",
                        self.suretyd.folder / "leaf.pem"], check=True, capture_output=True)

    def test_bn1_bn2_bn3_xd12_jd10_bundle_show_as_json_is_a_bundle_document(self):
        done = self.show_bundle("--output", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual(sorted(document), ["keys", "spiffe_refresh_hint", "spiffe_sequence"])
        self.assertEqual(document["spiffe_refresh_hint"], 300)
        self.assertGreater(document["spiffe_sequence"], 0)
        [certificate] = [key for key in document["keys"] if key["use"] == "x509-svid"]
        [svid] = self.response_to(self.suretyd).svids
        self.assertEqual(base64.b64decode(*certificate["x5c"]), svid.bundle)
        given = users.run_as(users.WEB, jwt.fetch_bundles, self.suretyd.socket)
        self.assertEqual([key for key in document["keys"] if key["use"] == "jwt-svid"],
                         given["spiffe://e2e.example.org"]["keys"])

    def test_bundle_show_is_for_operators(self):
        done = self.show_bundle(uid=users.WEB)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("admin.sock", done.stderr)

    def test_e5_forms_of_the_endpoint_that_the_specification_forbids(self):
        for value in ("tcp://127.0.0.1:1", "unix:relative.sock", "unix://host/run/x.sock",
                      "unix:///run/x.sock?query", "unix:///run/x.sock#fragment", "/run/x.sock", ""):
            with self.subTest(value=value):
                done = self.suretyd.run("surety", "fetch", "x509", uid=users.WEB,
                                        env={"SPIFFE_ENDPOINT_SOCKET": value})
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("SPIFFE_ENDPOINT_SOCKET", done.stderr)

    def test_e5_flag_stands_in_for_the_variable(self):
        done = self.suretyd.run("surety", "fetch", "x509", "--socket",
                                f"unix://{self.suretyd.socket}", uid=users.WEB,
                                env={"SPIFFE_ENDPOINT_SOCKET": "unix:///nonexistent.sock"})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_no_daemon_is_a_failure_that_names_the_socket(self):
        done = self.suretyd.run("surety", "fetch", "x509", uid=users.WEB,
                                env={"SPIFFE_ENDPOINT_SOCKET": "unix:///nonexistent.sock"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent.sock", done.stderr)

    def test_wrong_command_lines_are_usage_errors(self):
        for args in (["fly"], ["fetch", "x510"], ["fetch", "x509", "--outptu", "json"], ["attest"],
                     ["attest", "zero"], []):
            with self.subTest(args=args):
                done = self.suretyd.run("surety", *args)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)

    def test_status_as_json_tells_sessions_entries_and_authority(self):
        watcher = self.watcher(users.WEB, self.suretyd)
        watcher.receive()
        status = self.status()
        self.assertEqual(status["trust_domain"], "e2e.example.org")
        self.assertEqual(status["pid"], self.suretyd.pid)
        self.assertEqual(status["entries"]["count"], 2)
        session = next(s for s in status["sessions"] if s["pid"] == watcher.pid)
        self.assertEqual((session["uid"], session["spiffe_ids"]), (users.WEB, [self.web]))
        self.assertEqual([(a["source"], a["phase"]) for a in status["authorities"]],
                         [("embedded", "active"), ("jwt", "active")])

    def status(self):
        done = self.suretyd.run("surety", "status", "--admin-socket",
                                self.suretyd.admin_socket, "--output", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_status_tells_of_a_broken_entries_file(self):
        self.suretyd.write_entry_file("broken", "nonsense")
        self.until("the status tells", lambda: "broken.toml" in json.dumps(self.status()), 2)
        self.suretyd.remove_entry("broken")
        self.until("the status is clean again", lambda: "broken" not in json.dumps(self.status()))

    def test_status_is_not_for_workloads(self):
        done = self.suretyd.run("surety", "status", "--admin-socket",
                                self.suretyd.admin_socket, uid=users.WEB)
        self.assertEqual(done.returncode, 1)
        self.assertIn("may not connect", done.stderr)

    def test_watch_prints_each_update_until_it_is_told_to_end(self):
        process = self.suretyd.popen("surety", "watch", "--output", "json", uid=users.WEB)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.assertIn(self.web, process.stdout.readline())
        self.suretyd.entry_for("web-too", users.WEB)
        self.assertIn("web-too", process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(5), 0)

    def test_attest_prints_an_entry_that_the_daemon_takes(self):
        worker = self.watcher(users.BATCH, self.suretyd)  # Denied, and stays no longer.
        worker.receive()

        def sleeper(send):
            send("here")
            signal.pause()

        worker = self.worker(users.BATCH, sleeper)
        worker.receive()
        done = self.suretyd.run("surety", "attest", str(worker.pid))
        self.assertEqual(done.returncode, 0, done.stderr)
        for selector in (f"unix:uid:{users.BATCH}", f"unix:gid:{users.BATCH}", "unix:sha256:",
                         f"unix:path:{os.path.realpath('/usr/bin/python3')}"):
            self.assertIn(selector, done.stdout)
        entry = done.stdout[done.stdout.index("[[entry]]"):]
        lines = [line for line in entry.splitlines() if not line.startswith("spiffe_id")]
        lines.insert(1, 'spiffe_id = "spiffe://e2e.example.org/pasted"')
        self.suretyd.write_entry_file("pasted", "\n".join(lines) + "\n")
        self.until("the pasted entry matches", lambda: self.status_of(
            users.BATCH, self.suretyd)[0] == 0, 2)
        self.assertEqual(self.ids_of(users.BATCH, self.suretyd),
                         ["spiffe://e2e.example.org/pasted"])

    def test_attest_as_json_of_a_process_that_is_gone_fails(self):
        worker = self.worker(users.WEB, lambda send: send(1))
        worker.receive()
        worker.stop()
        done = self.suretyd.run("surety", "attest", str(worker.pid), "--output", "json")
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(worker.pid), done.stderr)

    def test_fetched_svid_is_the_daemons(self):
        done = self.suretyd.run("surety", "fetch", "x509", "--output", "json", uid=users.WEB)
        response = users.run_as(users.WEB, api.fetch_x509, self.suretyd.socket)
        mine = openssl.serial(api.certificates(response.svids[0].chain)[0])
        self.assertNotIn(mine, done.stdout)  # Every fetch has a serial of its own.
