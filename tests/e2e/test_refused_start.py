"""What the daemon refuses to start on. Each refusal says what, where and what
to do, ends with status 1, and leaves no socket and no damage behind."""

from __future__ import annotations

import os
import socket

from harness import api, grpc_raw, users
from harness.case import Case

NOBODY = 12051  # Owns what the daemon should not trust.


class RefusedStart(Case):
    def assert_refused(self, daemon, *words):
        daemon.start(wait=False)
        self.assertEqual(daemon.wait(10), 1, daemon.log())
        for word in words:
            self.assertIn(str(word), daemon.log())
        self.assertFalse(os.path.exists(daemon.socket))
        self.assertFalse(os.path.exists(daemon.admin_socket))

    # The state folder

    def test_unwritable_state_folder(self):
        daemon = self.daemon()
        # CAP_DAC_READ_SEARCH lets the daemon in; it still may not write.
        daemon.state.chmod(0o500)
        self.assert_refused(daemon, daemon.state)

    def test_state_folder_of_someone_else(self):
        daemon = self.daemon()
        os.chown(daemon.state, NOBODY, NOBODY)
        self.assert_refused(daemon, daemon.state, str(NOBODY))

    def test_state_folder_that_others_may_write_to(self):
        daemon = self.daemon()
        daemon.state.chmod(0o777)
        self.assert_refused(daemon, daemon.state)

    def test_state_folder_that_is_a_link(self):
        daemon = self.daemon()
        daemon.state.rmdir()
        (daemon.folder / "elsewhere").mkdir(mode=0o700)
        os.chown(daemon.folder / "elsewhere", daemon.uid, daemon.uid)
        daemon.state.symlink_to(daemon.folder / "elsewhere")
        self.assert_refused(daemon, daemon.state)

    def test_state_folder_that_is_a_file(self):
        daemon = self.daemon()
        daemon.state.rmdir()
        daemon.state.write_text("")
        self.assert_refused(daemon, daemon.state)

    # The authority

    def started_once(self):
        daemon = self.serving()
        daemon.terminate()
        return daemon

    def test_truncated_ca_file_is_refused_and_kept_as_it_is(self):
        daemon = self.started_once()
        for path in sorted((daemon.state / "authority").iterdir()) + [daemon.state / "state.db"]:
            whole = path.read_bytes()
            if len(whole) < 2:
                continue
            with self.subTest(file=path.name):
                path.write_bytes(whole[:len(whole) // 2])
                daemon.log_path.unlink()
                self.assert_refused(daemon, path)
                self.assertEqual(path.read_bytes(), whole[:len(whole) // 2])
                path.write_bytes(whole)
        daemon.start()
        self.assert_served(daemon)

    def test_damaged_memory_of_policies_lets_nobody_have_anything_until_it_is_mended(self):
        daemon = self.started_once()
        memory = daemon.state / "policy.json"
        memory.write_bytes(memory.read_bytes()[:100])
        daemon.start()
        with self.assertRaises(grpc_raw.Timeout):
            users.run_as(users.WEB, api.fetch_ids, daemon.socket, 1)
        said = daemon.run("surety", "status", "-a", daemon.admin_socket).stdout
        self.assertIn("DEGRADED", said)
        self.assertIn(str(memory), said)
        memory.unlink()
        daemon.reload()
        self.until("policies are in force", lambda: "policies in force" in daemon.log())
        self.assert_served(daemon)

    def test_ca_file_that_others_may_read(self):
        daemon = self.started_once()
        keys = [path for path in daemon.state.rglob("*") if path.is_file()
                and b"PRIVATE KEY" in path.read_bytes()]
        self.assertTrue(keys, list(daemon.state.rglob("*")))
        keys[0].chmod(0o644)
        daemon.log_path.unlink()
        self.assert_refused(daemon, keys[0])

    # Sockets

    def test_socket_path_that_is_too_long(self):
        daemon = self.daemon()
        path = str(daemon.folder / "run" / ("s" * 100))
        daemon.configure("workload_api", socket=path)
        self.assert_refused(daemon, path, "107")

    def test_relative_socket_path(self):
        daemon = self.daemon(workload_api={"socket": "workload.sock"})
        self.assert_refused(daemon, "workload.sock", "absolute")

    def test_socket_folder_that_others_may_write_to(self):
        daemon = self.daemon()
        (daemon.folder / "run").chmod(0o777)
        self.assert_refused(daemon, daemon.folder / "run")

    def test_socket_folder_of_someone_else(self):
        daemon = self.daemon()
        os.chown(daemon.folder / "run", NOBODY, NOBODY)
        self.assert_refused(daemon, daemon.folder / "run", str(NOBODY))

    def test_file_in_the_sockets_place_is_not_removed(self):
        daemon = self.daemon()
        path = daemon.folder / "run/workload.sock"
        path.write_text("precious")
        daemon.start(wait=False)
        self.assertEqual(daemon.wait(10), 1)
        self.assertIn(str(path), daemon.log())
        self.assertEqual(path.read_text(), "precious")

    def test_tcp_address_is_not_offered(self):
        daemon = self.daemon(workload_api={"socket": "tcp://127.0.0.1:8081"})
        self.assert_refused(daemon, "tcp://127.0.0.1:8081")

    # The configuration

    def check(self, text):
        daemon = self.daemon()
        daemon.config.write_text(text)
        done = daemon.run("suretyd", "check", "--config", str(daemon.config))
        return done.returncode, done.stdout + done.stderr

    def test_every_error_of_the_configuration_is_told_at_once_with_its_place(self):
        code, said = self.check('trust_domain = "Example.org"\nstate_dirr = "/x"\n'
                                '[x509]\nttl = "15 minutes"\n')
        self.assertEqual(code, 1)
        for word in ("surety.toml:1:", "surety.toml:2:", "state_dirr", "state_dir",
                     "surety.toml:4:", "ttl"):
            self.assertIn(word, said)

    def test_configuration_that_is_not_toml(self):
        code, said = self.check("trust_domain = \n")
        self.assertEqual(code, 1)
        self.assertIn("surety.toml:1:", said)

    def test_missing_configuration_file(self):
        daemon = self.daemon()
        done = daemon.run("suretyd", "run", "--config", "/nonexistent/surety.toml")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent/surety.toml", done.stderr)

    def test_wrong_command_lines_are_usage_errors(self):
        daemon = self.daemon()
        for args in ([], ["run", "--confg", "x"], ["fly"], ["run", "--config"]):
            with self.subTest(args=args):
                done = daemon.run("suretyd", *args)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertTrue(done.stderr)

    # What the socket looks like when all is well

    def test_socket_has_the_configured_mode_and_group(self):
        # Only root may give a file to a group that it is not in itself.
        daemon = self.daemon(uid=0, workload_api={"mode": "0660", "group": str(users.WEB)})
        daemon.entry_for("web", users.WEB)
        daemon.start()
        found = os.stat(daemon.socket)
        self.assertEqual((found.st_mode & 0o777, found.st_gid), (0o660, users.WEB))
        self.assert_served(daemon)
        with self.assertRaises(PermissionError):
            users.run_as(users.DB, socket.socket(socket.AF_UNIX).connect, daemon.socket)

    def test_socket_never_has_wider_permissions_than_configured(self):
        """Looks without a pause while daemons start: the socket shows up under its
        name only when its mode is right."""
        for _ in range(10):
            daemon = self.daemon(workload_api={"mode": "0600"})
            daemon.entry_for("web", users.WEB)
            daemon.launch()
            while not os.path.exists(daemon.socket):
                self.assertTrue(daemon.alive(), daemon.log())
            self.assertEqual(os.stat(daemon.socket).st_mode & 0o777, 0o600)
            daemon.kill()
