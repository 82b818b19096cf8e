"""Attacks on which program a process is: rows 1, 3, 4 and 7 of the corpus, and their kind."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Callable

import kernel
from attack_case import AT_ONCE, SWEEP, AttackCase
from harness import audit, grpc_raw, users
from harness.daemon import Daemon
from victim import Victim

SLEEP = ["sleep", "60"]
ANOTHER = ["unix:path", "unix:sha256"]


def copied(source: str, target: Path, mode: int = 0o755) -> str:
    """A file of root's with the content of `source`, put there in one step."""
    fresh = target.with_suffix(".new")
    shutil.copyfile(source, fresh)
    fresh.chmod(mode)
    fresh.rename(target)
    return str(target)


class ExecutableCase(AttackCase):
    def assert_drifted(self, victim, reason="drift.executable", kinds=ANOTHER):
        """Refused at once and revoked; not quarantined."""
        record = self.assert_refused(victim, reason)
        self.assertEqual(record["drift"]["kinds"], kinds)
        self.assertIn(reason, record["entries"][0]["policies"])
        self.assertTrue(record["entries"][0]["obligations"]["revoke"])
        self.assert_revoked(victim)
        self.assertEqual(victim.ask_again()[0], grpc_raw.PERMISSION_DENIED)
        self.assert_not_quarantined(victim.daemon)
        self.assert_served(victim.daemon, victim.uid)
        return record

    def shell(self, daemon: Daemon, program: str, script: str, uid: int = users.WEB):
        """A victim that runs a copy of a shell, which does `script` when ordered."""
        return self.victim(daemon, uid=uid, program=[program, "-c", f"read order; {script}"])

    def folder_of_root(self) -> Path:
        """Where nobody else can put anything, as packages are installed."""
        folder = Path(tempfile.mkdtemp(prefix="surety-attack-", dir="/var/lib"))
        folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, folder)
        return folder


class OtherProgram(ExecutableCase):
    def test_row_1_exec_of_another_binary(self):
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.execv("/bin/sleep", SLEEP))
        victim.start()
        self.assert_drifted(victim)
        told = daemon.run("surety", "audit", "why", str(victim.pid), "--dir",
                          str(daemon.state / "audit")).stdout
        self.assertIn("It runs /usr/bin/sleep instead of", told)
        self.assertIn("All of its live SVIDs are revoked", told)

    def test_row_1_no_svid_at_the_next_rotation_of_one_who_execs(self):
        """The stream is watched over more than a half-life."""
        daemon = self.attacked(x509={"ttl": "10s"})
        victim = self.victim(daemon, lambda: os.execv("/bin/sleep", SLEEP))
        victim.next_response()
        victim.start()
        self.assert_drifted(victim)
        self.assertEqual(len(audit.decisions(daemon, pid=victim.pid, action="rotate",
                                             verdict="allow")), 1)

    def test_exec_by_one_who_has_closed_its_stream(self):
        """As a client does that fetches once: what it holds is revoked all the same."""
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: os.execv("/bin/sleep", SLEEP))
        victim.connection.close()
        victim.start()
        record = self.refusal(victim, "drift.executable")
        self.assertTrue(record["entries"][0]["obligations"]["revoke"])
        self.assert_revoked(victim)

    def test_exec_is_noticed_by_the_sweep_alone(self):
        daemon = self.attacked(watch={"events": False})
        victim = self.victim(daemon, lambda: os.execv("/bin/sleep", SLEEP))
        victim.start()
        record = self.assert_refused(victim, "drift.executable", within=3)
        self.assertEqual(record["wake"], "sweep")
        self.assert_revoked(victim)

    def test_exec_of_a_script_whose_interpreter_is_another(self):
        daemon = self.attacked()
        script = daemon.folder / "script"
        script.write_text("#!/bin/sh\n/bin/sleep 5\nexit\n")
        script.chmod(0o755)
        victim = self.victim(daemon, lambda: os.execv(script, ["script"]))
        victim.start()
        record = self.assert_drifted(victim)
        self.assertEqual(record["process"]["path"], os.path.realpath("/bin/sh"))

    def test_execveat_of_an_open_file(self):
        daemon = self.attacked()
        fd = os.open("/bin/sleep", os.O_RDONLY)
        self.addCleanup(os.close, fd)
        victim = self.victim(daemon, lambda: kernel.execveat(fd, SLEEP))
        victim.start()
        self.assert_drifted(victim)

    def test_exec_by_a_thread_that_is_not_the_leader(self):
        """It takes the leader's pid, start time and pidfd; all other threads end."""
        daemon = self.attacked()
        victim = self.victim(
            daemon, lambda: kernel.in_thread(lambda: os.execv("/bin/sleep", SLEEP)))
        victim.start()
        self.assert_drifted(victim)

    def hidden(self, daemon: Daemon) -> tuple[Victim, Callable[[], object]]:
        """A victim that ends its first thread when ordered, so that the kernel tells nothing of
        it any more; and what orders another thread of it to exec."""
        orders, ours = os.pipe()
        self.addCleanup(os.close, ours)

        def execute():
            os.read(orders, 1)
            os.execv("/bin/sleep", SLEEP)

        def hide():
            threading.Thread(target=execute).start()
            kernel.exit_thread()

        victim = self.victim(daemon, hide)
        os.close(orders)
        return victim, lambda: os.write(ours, b"!")

    def assert_hidden(self, victim: Victim) -> None:
        """While nothing can be told of it, it keeps what it has."""
        self.until("it is recorded why nothing can be told", lambda: any(
            "first thread" in str(record["missing"])
            for record in audit.decisions(victim.daemon, pid=victim.pid, verdict="undecided")))
        self.assert_not_revoked(victim)

    def test_exec_by_a_process_that_has_ended_its_first_thread(self):
        for watch, within in (({}, AT_ONCE), ({"events": False}, SWEEP)):
            with self.subTest(watch=watch):
                daemon = self.attacked(watch=watch)
                victim, execute = self.hidden(daemon)
                victim.start()
                self.assert_hidden(victim)
                execute()
                self.assert_refused(victim, "drift.executable", within)
                self.assert_revoked(victim)

    def test_exec_by_one_without_streams_that_has_ended_its_first_thread(self):
        daemon = self.attacked()
        victim, execute = self.hidden(daemon)
        victim.connection.close()
        victim.start()
        self.assert_hidden(victim)
        execute()
        self.refusal(victim, "drift.executable")
        self.assert_revoked(victim)

    def test_exec_of_what_a_hard_link_put_at_the_same_path(self):
        daemon = self.attacked()
        folder = self.folder_of_root()
        app = copied("/bin/dash", folder / "app")
        victim = self.shell(daemon, app, f"exec {app} 60")
        copied("/bin/sleep", folder / "evil")
        os.link(folder / "evil", folder / "evil.link")
        os.rename(folder / "evil.link", app)
        victim.start()
        self.assert_drifted(victim, kinds=["unix:sha256"])

    def test_exec_of_what_is_mounted_over_the_same_path(self):
        daemon = self.attacked()
        app = copied("/bin/dash", self.folder_of_root() / "app")
        victim = self.shell(daemon, app, f"exec {app} 60")
        kernel.mount("/bin/sleep", app, 4096)  # MS_BIND
        self.addCleanup(kernel.unmount, app)
        victim.start()
        self.assert_drifted(victim, kinds=["unix:sha256"])

    def test_exec_of_the_loader_with_the_same_program_as_its_argument(self):
        daemon = self.attacked()
        app = copied("/bin/dash", self.folder_of_root() / "app")
        loader = next(Path("/lib64").glob("ld-linux*.so.*"), Path("/lib/ld-linux-aarch64.so.1"))
        victim = self.shell(daemon, app, f'exec {loader} {app} -c "read nothing"')
        victim.start()
        self.assert_drifted(victim)

    def test_program_that_runs_a_child_stays_what_it_was(self):
        """posix_spawn(3): a child that shares its memory until it execs (vfork)."""
        daemon = self.attacked()
        victim = self.victim(
            daemon, lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)[1])
        self.assertEqual(victim.do(), 0)
        self.assert_still_served(victim)

    def test_program_that_execs_itself_stays_what_it_was(self):
        daemon = self.attacked()
        app = copied("/bin/dash", self.folder_of_root() / "app")
        victim = self.shell(daemon, app, f'exec {app} -c "read nothing"')
        victim.start()
        self.until("it has executed itself", lambda: b"read nothing" in Path(
            f"/proc/{victim.pid}/cmdline").read_bytes().split(b"\0"))
        self.assert_still_served(victim)


class WithoutFile(ExecutableCase):
    def assert_memfd(self, victim):
        record = self.assert_refused(victim, "exe.memfd")
        self.assertEqual(record["process"]["exe"], "memfd")
        self.assertTrue(record["entries"][0]["obligations"]["quarantine"])
        self.assert_revoked(victim)
        self.assert_quarantined(victim, "exe.memfd")

    def test_row_3_exec_of_a_memfd(self):
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: kernel.execveat(kernel.memfd_of("/bin/sleep"), SLEEP))
        victim.start()
        self.assert_memfd(victim)

    def test_exec_of_a_memfd_by_its_name_in_proc(self):
        daemon = self.attacked()

        def act():
            fd = kernel.memfd_of("/bin/sleep")
            os.execv(f"/proc/self/fd/{fd}", SLEEP)

        victim = self.victim(daemon, act)
        victim.start()
        self.assert_memfd(victim)

    def test_start_from_a_memfd_is_refused_and_remembered(self):
        """One that is no victim: it has never been anything else."""
        daemon = self.attacked()
        fd = kernel.memfd_of("/bin/dash")
        os.set_inheritable(fd, True)
        self.addCleanup(os.close, fd)
        with self.assertRaises(grpc_raw.Ended) as refused:
            self.victim(daemon, program=[f"/proc/self/fd/{fd}", "-c", "read nothing"])
        self.assertEqual(refused.exception.code, grpc_raw.PERMISSION_DENIED)
        self.assertIn("exe.memfd", refused.exception.message)
        self.assertIn("exe.memfd", self.quarantines(daemon))

    def test_exec_of_a_file_that_never_had_a_name(self):
        """O_TMPFILE: no memfd, but no file that anybody could look at either."""
        daemon = self.attacked()
        folder = self.folder_of_root()
        folder.chmod(0o777)

        def act():
            fd = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o755)
            with open("/bin/sleep", "rb") as source:
                os.write(fd, source.read())
            again = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
            os.close(fd)
            kernel.execveat(again, SLEEP)

        victim = self.victim(daemon, act)
        victim.start()
        record = self.assert_refused(victim, "drift.executable")
        self.assertEqual(record["process"]["exe"], "deleted")
        self.assert_revoked(victim)

    def test_row_4_executable_is_deleted(self):
        daemon = self.attacked()
        app = copied("/bin/dash", self.folder_of_root() / "app")
        victim = self.shell(daemon, app, "read nothing")
        os.unlink(app)
        record = self.assert_refused(victim, "exe.deleted", within=15)
        self.assertIn("exe.deleted-alert", str(record["entries"][0]))
        self.assert_revoked(victim)

    def test_row_4_executable_is_deleted_and_executed_again(self):
        daemon = self.attacked()
        app = copied("/bin/dash", self.folder_of_root() / "app")
        victim = self.shell(daemon, app, 'exec /proc/self/exe -c "read nothing"')
        os.unlink(app)
        victim.start()
        self.assert_refused(victim, "exe.deleted")
        self.assert_revoked(victim)

    def test_row_4_executable_is_replaced_as_a_package_upgrade_does(self):
        """An alert; RR once it executes what is there now."""
        daemon = self.attacked()
        app = copied("/bin/dash", self.folder_of_root() / "app")
        victim = self.shell(daemon, app, f"exec {app} 60")
        copied("/bin/sleep", Path(app))
        self.assert_still_served(victim)
        record = audit.decisions(daemon, pid=victim.pid, verdict="allow")[-1]
        self.assertTrue(record["entries"][0]["facts"]["exe"]["replaced"])
        self.assertTrue(record["entries"][0]["obligations"]["alert"])
        victim.start()
        self.assert_drifted(victim, kinds=["unix:sha256"])

    def test_row_4_executable_is_replaced_where_others_may_write(self):
        """Whoever can write to the folder is no package manager."""
        daemon = self.attacked()
        folder = self.folder_of_root()
        folder.chmod(0o777)
        app = copied("/bin/dash", folder / "app")
        victim = self.shell(daemon, app, "read nothing")
        copied("/bin/sleep", Path(app))
        self.assertEqual(victim.ask_again()[0], grpc_raw.PERMISSION_DENIED)
        self.assert_refused(victim, "exe.deleted")
        self.assert_revoked(victim)


class Preloaded(ExecutableCase):
    VARIABLES = ("LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH")

    def test_row_7_start_with_foreign_code(self):
        """No identity; the same program without it is served."""
        daemon = self.attacked()
        library = copied("/lib/x86_64-linux-gnu/libm.so.6", daemon.folder / "foreign.so") \
            if Path("/lib/x86_64-linux-gnu").exists() else "/lib/libm.so.6"
        for variable in self.VARIABLES:
            done = daemon.run("surety", "fetch", "x509", uid=users.WEB, env={variable: library})
            self.assertNotEqual(done.returncode, 0, variable)
            self.assertIn("env.preload", done.stderr)
            record = audit.decisions(daemon, reason="env.preload")[-1]
            self.assertEqual(record["entries"][0]["facts"]["env_preload"], [f"unix:env:{variable}"])
            self.assertEqual(record["verdict"], "refuse")

    def test_row_7_exec_of_itself_with_foreign_code(self):
        for variable in self.VARIABLES:
            daemon = self.attacked()
            app = copied("/bin/dash", self.folder_of_root() / "app")
            victim = self.shell(
                daemon, app, f'{variable}=/lib/foreign.so exec {app} -c "read nothing"')
            victim.start()
            self.assert_drifted(victim, "drift.environment", ["unix:env"])
