"""workload-api-conformance: it passes on suretyd, and fails on a server made for each of its
rules, there and nowhere else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import users
from harness.case import Case
from harness.daemon import BIN, CLIENTS

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
SUITE = BIN / "workload-api-conformance"

NOT_TO_BE_SEEN = {"E2", "E5", "E7", "E12", "S4", "S5", "S6", "S7", "S10", "XP5b", "XD10", "XD12",
                  "JV5", "JV6", "JD9"}
FOR_STRANGERS = {"E3c", "E8", "E8b", "XB2"}
WITH_TIME = {"S2", "S3"}
OF_WITS = {"WP2", "WP2b", "WP2c", "WP3", "WP4", "WD1", "WD1b", "WD2", "WD3", "WD4", "WD5", "WD5b",
           "WD6", "WD7", "WD8", "WD9"}


def check(socket, *flags, uid=0, program=SUITE):
    """The exit status, the ids of the rules by their result, and why those that are broken are.
    A busy machine may be slow to answer: where it matters, `flags` say when it is too late."""
    identity = {"user": uid, "group": uid, "extra_groups": []} if uid else {}
    done = subprocess.run([program, "--socket", socket, "--output", "json", "--timeout", "20s", *flags],
                          capture_output=True, text=True, timeout=60, check=False, **identity)
    if done.returncode not in (0, 1):
        raise AssertionError(f"status {done.returncode}: {done.stderr}")
    rules = json.loads(done.stdout)["rules"]
    results = {name: {rule["id"] for rule in rules if rule["result"] == name}
               for name in ("passed", "failed", "warning", "skipped")}
    reasons = {rule["id"]: rule["reason"] for rule in rules}
    return done.returncode, results, {one: reasons[one] for one in reasons
                                      if one in results["failed"] | results["warning"]}


def listed():
    """The rules by id as --list has them: strength, and why it is not checked."""
    table = subprocess.run([SUITE, "--list"], capture_output=True, text=True, check=True).stdout
    rows = [re.split(r" ?\| ?", line) for line in table.splitlines()[2:]]
    return table, {row[1]: (row[3], row[5]) for row in rows}


class Suretyd(Case):
    def setUp(self):
        super().setUp()
        self.suretyd = self.daemon(x509={"ttl": "10s", "clock_skew": "1s"}, wit={"enabled": True})
        self.suretyd.entry_for("main", users.WEB, priority=10, hint="main")
        self.suretyd.entry_for("spare", users.WEB)
        self.suretyd.start()

    def assert_passes(self, uid, *flags, skipped):
        program = self.suretyd.program(SUITE.name)
        status, results, reasons = check(f"unix://{self.suretyd.socket}", *flags, uid=uid,
                                         program=program)
        self.assertEqual((status, results["failed"], results["warning"]), (0, set(), set()), reasons)
        self.assertEqual(results["skipped"], skipped)
        self.assertEqual(results["passed"], set(listed()[1]) - skipped)

    def test_it_passes_for_who_has_identities(self):
        """Half of ten seconds is waited for, so that an SVID is renewed."""
        self.assert_passes(users.WEB, "--wait", "7s", "--jwt-audience", "reports",
                           "--jwt-audience", "bills", skipped=NOT_TO_BE_SEEN | FOR_STRANGERS)

    def test_it_passes_for_who_has_none(self):
        passed = {"E1", "E3", "E3b", "E3c", "E4", "E6", "E8", "E8b", "E9", "E10", "E11", "XB2",
                  "JV1", "WP1"}
        self.assert_passes(users.STRANGER, "--no-identity", skipped=set(listed()[1]) - passed)

    def test_what_is_off_is_passed_over(self):
        self.suretyd.configure("wit", enabled=False)
        self.suretyd.terminate()
        self.suretyd.start()
        self.assert_passes(users.WEB, skipped=NOT_TO_BE_SEEN | FOR_STRANGERS | WITH_TIME | OF_WITS)

    def test_who_should_have_an_identity_and_has_none_fails(self):
        program = self.suretyd.program(SUITE.name)
        status, results, reasons = check(f"unix://{self.suretyd.socket}", uid=users.STRANGER,
                                         program=program)
        self.assertEqual((status, results["failed"]), (1, {"XP1", "JP4", "WP2"}), reasons)
        self.assertIn("PERMISSION_DENIED", reasons["XP1"])


class Wrong(Case):
    """serve.py's servers: a right one, and wrong ones that say what they break."""

    def setUp(self):
        super().setUp()
        folder = self.daemon().folder
        descriptors = folder / "workload.pb"
        protos = SOURCE / "workload_api/proto"
        subprocess.run([shutil.which("protoc"), f"--proto_path={protos}",
                        f"--descriptor_set_out={descriptors}", "workload.proto"], check=True)
        self.server = subprocess.Popen(
            [CLIENTS / "python/venv/bin/python", "-B", HERE / "serve.py", folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "WORKLOAD_DESCRIPTORS": str(descriptors)})
        self.addCleanup(self.stop_server)
        self.servers = json.loads(self.server.stdout.readline())
        self.right = self.servers.pop("right")

    def stop_server(self):
        self.server.communicate("")
        self.assertEqual(self.server.returncode, 0)

    def test_right_server_passes(self):
        status, results, reasons = check(self.right["socket"])
        self.assertEqual((status, results["failed"], results["warning"]), (0, set(), set()), reasons)
        self.assertEqual(results["skipped"], NOT_TO_BE_SEEN | FOR_STRANGERS | WITH_TIME)

    def test_each_wrong_server_fails_its_rules_and_no_other(self):
        rules = listed()[1]
        self.assertEqual({rule for one in self.servers.values() for rule in one["breaks"]},
                         {rule for rule, (_, unseen) in rules.items() if not unseen},
                         "each rule that is checked has a wrong server")
        with ThreadPoolExecutor(8) as pool:
            told = pool.map(lambda one: check(one["socket"], *one["flags"]), self.servers.values())
        for (name, one), (status, results, reasons) in zip(self.servers.items(), told):
            with self.subTest(server=name):
                expected = {"failed": set(), "warning": set()}
                for rule in one["breaks"]:
                    expected["failed" if rules[rule][0] == "MUST" else "warning"].add(rule)
                self.assertEqual({result: results[result] for result in expected}, expected, reasons)
                self.assertEqual(status, 1 if expected["failed"] else 0)


class Flags(Case):
    def run_suite(self, *flags, socket=""):
        return subprocess.run([SUITE, *flags], capture_output=True, text=True, check=False,
                              env={"SPIFFE_ENDPOINT_SOCKET": socket} if socket else {})

    def test_wrong_command_lines_are_told(self):
        for flags, told in ((["--socket", "unix:/run/x"], "unix:///absolute/path"),
                            (["--socket", "tcp://localhost:80"], "IP-ADDRESS"),
                            (["--socket", "tcp://127.0.0.1:80/x"], "IP-ADDRESS"),
                            (["--socket", "unix:///x", "--only", "E99"], "'E99'"),
                            (["--socket", "unix:///x", "--wait", "5"], "'5'"),
                            (["--socket", "unix:///x", "--output", "xml"], "text or json"),
                            (["--socket", "unix:///x", "more"], "'more'"),
                            (["--sokcet", "unix:///x"], "flag"),
                            ([], "SPIFFE_ENDPOINT_SOCKET")):
            with self.subTest(flags=flags):
                done = self.run_suite(*flags)
                self.assertEqual(done.returncode, 2)
                self.assertIn(told, done.stderr)
                self.assertFalse(done.stdout)

    def test_nothing_there_is_a_failure(self):
        done = self.run_suite("--timeout", "200ms", "--only", "E4", "--only", "XP1",
                              socket="unix:///nonexistent/workload.sock")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"E4 +failed(.|\n)*XP1 +skipped")
        self.assertIn("0 passed, 1 failed, 0 warnings, 1 skipped", done.stdout)

    def test_the_manual_has_the_rules_that_the_program_has(self):
        self.assertIn(listed()[0], (SOURCE / "docs/conformance.md").read_text())

    def test_page_and_manual_have_the_flags_that_the_program_has(self):
        known = set(re.findall(r"--[a-z]+[a-z-]*", self.run_suite("--help").stdout)) - {"--help"}
        page = (SOURCE / "man/workload-api-conformance.1").read_text().replace("\\-", "-")
        table = (SOURCE / "docs/conformance.md").read_text().partition("## What it says")[0]
        self.assertTrue(known)
        for text in (page, table):
            self.assertEqual(set(re.findall(r"--[a-z]+[a-z-]*", text)), known)
