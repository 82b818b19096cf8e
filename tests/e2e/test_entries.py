"""Entries while the daemon runs: what is added, removed, broken and mended, and
how soon streams and callers see it."""

from __future__ import annotations

import time

from harness import grpc_raw, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN

OWN = f"spiffe://{TRUST_DOMAIN}"
SECOND = 1.0  # The promise: an answer changes within one second of the file.


class Reload(Case):
    def test_entry_added_gives_an_svid_within_a_second(self):
        daemon = self.serving()
        self.assertEqual(self.status_of(users.BATCH, daemon)[0], grpc_raw.PERMISSION_DENIED)
        daemon.entry_for("batch", users.BATCH)
        self.until("the new entry is answered",
                   lambda: self.status_of(users.BATCH, daemon)[0] == grpc_raw.OK, SECOND)
        self.assertEqual(self.ids_of(users.BATCH, daemon), [f"{OWN}/batch"])

    def test_entry_added_is_pushed_to_the_streams_it_concerns(self):
        daemon = self.serving()
        watcher = self.watcher(users.WEB, daemon)
        watcher.receive()
        begin = time.monotonic()
        daemon.entry_for("web-too", users.WEB)
        self.assertEqual(sorted(watcher.receive(5).ids), [f"{OWN}/web", f"{OWN}/web-too"])
        self.assertLess(time.monotonic() - begin, SECOND)

    def test_entry_removed_ends_the_stream_within_a_second(self):
        daemon = self.serving()
        gone, stays = self.watcher(users.WEB, daemon), self.watcher(users.DB, daemon)
        gone.receive()
        had = stays.receive()
        begin = time.monotonic()
        daemon.remove_entry("web")
        self.assertEqual(gone.receive(5)[0], grpc_raw.PERMISSION_DENIED)
        self.assertLess(time.monotonic() - begin, SECOND)
        self.assertEqual(self.status_of(users.WEB, daemon)[0], grpc_raw.PERMISSION_DENIED)
        self.assert_keeps(stays, had, 0.5)

    def test_changed_id_is_pushed_and_the_old_one_is_gone(self):
        daemon = self.serving()
        watcher = self.watcher(users.WEB, daemon)
        watcher.receive()
        daemon.write_entry("web", spiffe_id=f"{OWN}/web2", selectors=[f"unix:uid:{users.WEB}"])
        self.assertEqual(watcher.receive(5).ids, [f"{OWN}/web2"])

    def test_broken_file_changes_nothing_and_is_told_with_its_place(self):
        daemon = self.serving()
        watcher = self.watcher(users.WEB, daemon)
        had = watcher.receive()
        daemon.write_entry_file("broken", '[[entry]]\nspiffe_id = "spiffe://e2e.example.org/x"\n'
                                          'selectors = ["unix:uid:1"\n')
        self.until("the log names the broken file", lambda: "broken.toml" in daemon.log(), SECOND)
        self.assertEqual(self.ids_of(users.WEB, daemon), [f"{OWN}/web"])
        self.assertEqual(self.ids_of(users.DB, daemon), [f"{OWN}/db"])
        self.assert_keeps(watcher, had, 0.5)

    def test_while_one_file_is_broken_no_part_of_the_newer_set_is_taken(self):
        daemon = self.serving()
        daemon.write_entry_file("broken", "entry = nonsense\n")
        daemon.entry_for("batch", users.BATCH)
        daemon.remove_entry("web")
        self.until("the log names the broken file", lambda: "broken.toml" in daemon.log(), SECOND)
        time_limit = time.monotonic() + SECOND
        while time.monotonic() < time_limit:
            self.assertEqual(self.status_of(users.BATCH, daemon)[0], grpc_raw.PERMISSION_DENIED)
            self.assertEqual(self.status_of(users.WEB, daemon)[0], grpc_raw.OK)
        daemon.remove_entry("broken")
        self.until("the mended set is in force", lambda: (
            self.status_of(users.BATCH, daemon)[0] == grpc_raw.OK and
            self.status_of(users.WEB, daemon)[0] == grpc_raw.PERMISSION_DENIED), SECOND)

    def test_sighup_reads_the_entries_again_and_keeps_the_streams(self):
        daemon = self.serving()
        watcher = self.watcher(users.WEB, daemon)
        had = watcher.receive()
        daemon.reload()
        self.assert_served(daemon)
        daemon.entry_for("batch", users.BATCH)
        daemon.reload()
        self.until("the new entry is answered",
                   lambda: self.status_of(users.BATCH, daemon)[0] == grpc_raw.OK, SECOND)
        self.assert_keeps(watcher, had, 0.3)
        self.assertTrue(daemon.alive())

    def test_many_changes_in_a_row_end_in_the_last_state(self):
        daemon = self.serving()
        for i in range(200):
            daemon.write_entry("web", spiffe_id=f"{OWN}/web-{i}",
                               selectors=[f"unix:uid:{users.WEB}"])
        self.until("the last of 200 writes is in force",
                   lambda: self.ids_of(users.WEB, daemon) == [f"{OWN}/web-199"], 2)

    def test_entries_folder_that_disappears_takes_nobodys_identity(self):
        daemon = self.serving()
        daemon.entries.rename(daemon.folder / "moved-away")
        daemon.reload()
        self.until("the log tells of the folder", lambda: str(daemon.entries) in "".join(
            str(line) for line in daemon.log_lines() if line.get("level") in ("error", "warning")))
        self.assert_served(daemon)
        (daemon.folder / "moved-away").rename(daemon.entries)
        daemon.entry_for("batch", users.BATCH)
        daemon.reload()
        self.until("the folder is read again",
                   lambda: self.status_of(users.BATCH, daemon)[0] == grpc_raw.OK)


class Check(Case):
    """What `suretyd check` says of a set of entries, without a daemon."""

    def check(self, *files):
        daemon = self.daemon()
        for i, text in enumerate(files):
            daemon.write_entry_file(f"f{i}", text)
        return daemon.run("suretyd", "check", "--config", str(daemon.config))

    def assert_refused(self, text, *words):
        done = self.check(text)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 1, said)
        for word in ("f0.toml", *words):
            self.assertIn(word, said)

    @staticmethod
    def entry(spiffe_id=f"{OWN}/a", selectors='["unix:uid:1"]', **keys):
        lines = [f'spiffe_id = "{spiffe_id}"', f"selectors = {selectors}"]
        return "[[entry]]\n" + "\n".join(
            lines + [f"{key} = {value}" for key, value in keys.items()]) + "\n"

    def test_good_set_is_accepted(self):
        done = self.check(self.entry(x509_ttl='"10m"', hint='"a"', dns_names='["a.internal"]',
                                     priority=1, id='"a"'))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_entry_that_matches_everything(self):
        self.assert_refused(self.entry(selectors="[]"), "selectors")

    def test_reserved_path(self):
        self.assert_refused(self.entry(f"{OWN}/spire/agent/x"), "/spire", ":2:")

    def test_foreign_trust_domain(self):
        self.assert_refused(self.entry("spiffe://elsewhere.example/a"), "elsewhere.example", ":2:")

    def test_xd2_id_without_a_path(self):
        self.assert_refused(self.entry(OWN), ":2:")

    def test_id2_id3_malformed_spiffe_ids(self):
        for path in ("/", "/a/", "/a//b", "/a/../b", "/a/./b", "/a%20b", "/a?x", "/a#x", "/ä"):
            with self.subTest(path=path):
                self.assert_refused(self.entry(OWN + path), ":2:")

    def test_id5_upper_case_trust_domain(self):
        self.assert_refused(self.entry("spiffe://E2E.example.org/a"), ":2:")

    def test_unknown_key_with_the_nearest_known_one(self):
        self.assert_refused(self.entry(x509_tll='"10m"'), "x509_tll", "x509_ttl", ":4:")

    def test_bad_duration(self):
        for value in ('"10"', '"ten minutes"', '"-5m"', "10", '"0s"'):
            with self.subTest(value=value):
                self.assert_refused(self.entry(x509_ttl=value), "x509_ttl", ":4:")

    def test_selector_that_no_attestor_makes(self):
        for selector, fix in (("unix:user_id:1", "unix:user"), ("cgroup:paht:/x", "cgroup:path"),
                              ("unx:uid:1", "unix"), ("docker:label:a:b", "[attestors.docker]")):
            with self.subTest(selector=selector):
                self.assert_refused(self.entry(selectors=f'["{selector}"]'), selector, fix)

    def test_xp5_duplicate_hints_that_one_process_could_hold(self):
        self.assert_refused(self.entry(hint='"x"') + self.entry(f"{OWN}/b", hint='"x"'), "hint")

    def test_duplicate_ids(self):
        self.assert_refused(self.entry(id='"x"') + self.entry(f"{OWN}/b", id='"x"'), "id")

    def test_all_errors_are_told_at_once(self):
        done = self.check(self.entry(selectors="[]") + self.entry("http://x"),
                          self.entry(f"{OWN}/b", nonsense=1))
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 1)
        for word in ("f0.toml", "f1.toml", "selectors", "http://x", "nonsense"):
            self.assertIn(word, said)

    def test_daemon_that_starts_on_a_broken_set_says_so_and_serves_no_one(self):
        daemon = self.daemon()
        daemon.write_entry_file("broken", self.entry(selectors="[]"))
        daemon.start()
        self.assertTrue(daemon.alive())
        self.assertIn("broken.toml", daemon.log())
        self.assertNotEqual(daemon.run("surety", "fetch", "x509", uid=users.WEB).returncode, 0)
