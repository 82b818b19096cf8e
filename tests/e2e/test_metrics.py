"""Metrics of a real daemon: where they are served, what they say, and that they move."""

from __future__ import annotations

import os
import re
import socket
import stat
import subprocess
from pathlib import Path

import yaml
from harness import api, grpc_raw, metrics, users
from harness.case import Case


ALERTS = Path(__file__).parents[2] / "docs/examples/alerts.yml"


def free_port(family: int, host: str) -> int:
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


class Metrics(Case):
    def shown(self, **settings):
        """A serving daemon with metrics on a Unix socket."""
        daemon = self.daemon(**settings)
        self.address = str(daemon.folder / "run/metrics.sock")
        daemon.configure("metrics", listen=f"unix://{self.address}", mode="0660")
        daemon.entry_for("web", users.WEB)
        return daemon.start()

    def until_shown(self, what, check):
        return self.until(what, lambda: check(metrics.scrape(self.address)))

    def test_what_is_served_is_what_the_document_says(self):
        daemon = self.shown()
        self.assert_served(daemon)
        page = metrics.scrape(self.address)
        documented = metrics.documented()
        absent = {"surety_plugin_answers"}  # Without plug-ins.
        self.assertEqual(set(documented) - absent, set(page.types))
        for name, kind in page.types.items():
            self.assertEqual((kind, page.labels[name]), documented[name], name)

    def test_numbers_move_with_an_issue_and_a_refusal(self):
        daemon = self.shown()
        before = metrics.scrape(self.address)
        watcher = self.watcher(users.WEB, daemon)
        watcher.receive()
        code, _ = self.status_of(users.DB, daemon)
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
        after = self.until_shown("both are counted", lambda page: page.sum(
            "surety_decisions_total", verdict="refuse") and page)

        def grown(name, **labels):
            return after.sum(name, **labels) - before.sum(name, **labels)

        self.assertEqual(grown("surety_decisions_total", action="issue", verdict="allow",
                               reason="entry_matched"), 1)
        self.assertEqual(grown("surety_decisions_total", action="issue", verdict="refuse",
                               reason="no_entry"), 1)
        self.assertEqual(grown("surety_svids_issued_total"), 1)
        self.assertEqual(grown("surety_issuance_seconds_count"), 1)
        self.assertEqual(grown("surety_decision_seconds_count", action="issue"),
                         grown("surety_decisions_total", action="issue"))
        self.assertEqual(after.sum("surety_streams"), 1)
        self.assertEqual(after.sum("surety_followed_processes"), 1)
        self.assertGreater(grown("surety_audit_sequence"), 1)
        self.assertEqual(after.sum("surety_entries"), 1)
        self.assertEqual(after.sum("surety_audit_writable"), 1)
        self.assertEqual(after.sum("surety_notices_total", notice="other"), 0)

    def test_drift_moves_the_numbers_and_names_nobody(self):
        daemon = self.shown()

        def jump(send):
            api.fetch_x509(daemon.socket)
            send(os.getpid())
            os.execv("/bin/sleep", ["sleep", "60"])

        pid = self.worker(users.WEB, jump).receive()
        page = self.until_shown("the jump is counted", lambda page: page.sum(
            "surety_drift_total", kind="unix:path") and page)
        self.assertGreaterEqual(page.sum("surety_decisions_total", verdict="refuse",
                                         reason="drift.executable"), 1)
        self.until_shown("its serial is on the CRL",
                         lambda page: page.sum("surety_crl_revoked_serials") == 1)
        text = metrics.request(self.address, b"GET /metrics HTTP/1.1\r\n\r\n").decode()
        for chosen in ("spiffe://", "sleep", str(daemon.folder), f'"{pid}"', f'"{users.WEB}"'):
            self.assertNotIn(chosen, text)

    def test_files_with_errors_are_told(self):
        daemon = self.shown()
        daemon.write_entry_file("broken", "[[entry]\n")
        page = self.until_shown("the file is not taken", lambda page: page.sum(
            "surety_entries_taken") == 0 and page)
        self.assertEqual(page.sum("surety_notices_total", notice="entries.refused"), 1)
        self.assertEqual(page.sum("surety_entries"), 1)
        self.assertGreaterEqual(page.sum("surety_degraded"), 1)
        daemon.remove_entry("broken")
        self.until_shown("all is well again", lambda page: page.sum("surety_entries_taken") == 1)

    def test_the_socket_has_its_mode_and_goes_with_the_daemon(self):
        # Only root may give a file to a group that it is not in itself.
        daemon = self.shown(uid=0, metrics={"group": "12003"})
        status = os.stat(self.address)
        self.assertEqual((stat.S_IMODE(status.st_mode), status.st_gid), (0o660, 12003))
        self.assertLess(daemon.terminate(), 2)
        self.assertFalse(os.path.exists(self.address))

    def test_callers_that_stay_do_not_keep_the_daemon_from_ending(self):
        daemon = self.shown()
        idle = [socket.socket(socket.AF_UNIX) for _ in range(30)]
        for one in idle:
            self.addCleanup(one.close)
            one.connect(self.address)
            one.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        metrics.scrape(self.address)
        self.assert_served(daemon)
        self.assertLess(daemon.terminate(), 2)

    def test_ports_of_both_loopbacks(self):
        for family, host, written in ((socket.AF_INET, "127.0.0.1", "127.0.0.1"),
                                      (socket.AF_INET6, "::1", "[::1]")):
            port = free_port(family, host)
            daemon = self.daemon(metrics={"listen": f"{written}:{port}"})
            daemon.start()
            self.assertEqual(metrics.scrape((host, port)).sum("surety_entries"), 0)
            self.assertIn(f"metrics are served at {written}:{port}", daemon.log())
            daemon.terminate()

    def test_a_port_that_is_taken_or_not_of_the_loopback_stops_the_start(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = f"127.0.0.1:{other.getsockname()[1]}"
            for listen, words in ((taken, "choose another"),
                                  ("0.0.0.0:9464", "a Unix socket or to this host alone")):
                daemon = self.daemon(metrics={"listen": listen})
                daemon.start(wait=False)
                self.assertEqual(daemon.wait(10), 1, daemon.log())
                self.assertIn(words, daemon.log())
                self.assertFalse(os.path.exists(daemon.socket))


class Alerts(Case):
    """docs/examples/alerts.yml speaks of what there is. That the document names what the
    daemon serves is tested above."""

    def rules(self):
        return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"]
                for rule in group["rules"]]

    def test_alerts_name_metrics_and_labels_that_exist(self):
        documented = metrics.documented()
        named = 0
        for rule in self.rules():
            for name, labels in re.findall(r"\b((?:surety|process)_\w+)(?:\{(.*?)\})?", rule["expr"]):
                self.assertIn(name, documented, rule["alert"])
                used = set(re.findall(r"(\w+)\s*=", labels))
                self.assertLessEqual(used, documented[name][1], rule["alert"])
                named += 1
        self.assertGreater(named, 8)

    def test_alerts_are_complete(self):
        names = [rule["alert"] for rule in self.rules()]
        self.assertEqual(len(names), len(set(names)))
        for rule in self.rules():
            self.assertIn(rule["labels"]["severity"], ("warning", "critical"))
            self.assertEqual(set(rule["annotations"]), {"summary", "action"})
            self.assertLessEqual(set(rule), {"alert", "expr", "for", "labels", "annotations"})


class Health(Case):
    def test_health_follows_whether_the_audit_log_can_be_written(self):
        daemon = self.daemon()
        small = daemon.folder / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=1M,mode=0755,uid={daemon.uid}", "tmpfs", str(small)],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", str(small)], check=True)
        self.addCleanup(daemon.kill)
        address = str(daemon.folder / "run/metrics.sock")
        daemon.configure("audit", dir=str(small / "audit"))
        daemon.configure("metrics", listen=f"unix://{address}")
        daemon.entry_for("web", users.WEB)
        daemon.start()
        self.assertEqual(daemon.health(), 1)
        ballast = small / "ballast"
        with ballast.open("wb", buffering=0) as file, self.assertRaises(OSError):
            while True:
                file.write(b"x" * 1024)
        self.until("the health service says NOT_SERVING", lambda: self.status_of(
            users.STRANGER, daemon)[0] == grpc_raw.PERMISSION_DENIED and daemon.health() == 2)
        page = metrics.scrape(address)
        self.assertEqual(page.sum("surety_audit_writable"), 0)
        self.assertGreater(page.sum("surety_audit_write_failures_total"), 0)
        ballast.unlink()
        self.until("the health service says SERVING", lambda: daemon.health() == 1)
        self.until("it is writable", lambda: metrics.scrape(address).sum("surety_audit_writable"))
