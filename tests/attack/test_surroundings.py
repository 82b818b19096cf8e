"""Attacks on what a process lives in: rows 20 and 23 of the corpus, and their kind.
No event tells of any: the sweep does."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import kernel
from attack_case import SWEEP, AttackCase
from harness import grpc_raw


class Namespaces(AttackCase):
    def assert_moved(self, victim, kind, reason="drift.namespace"):
        record = self.assert_refused(victim, reason, SWEEP)
        self.assertIn("drift.namespace", record["entries"][0]["policies"])
        self.assertTrue(any(gained.startswith(f"unix:ns:{kind}:")
                            for gained in record["drift"]["gained"]), record["drift"])
        self.assert_revoked(victim)
        self.assertEqual(victim.ask_again()[0], grpc_raw.PERMISSION_DENIED)
        self.assert_served(victim.daemon, victim.uid)

    def unshared(self, kind, flag, **settings):
        victim = self.victim(self.attacked(**settings), lambda: kernel.unshare(flag), uid=0)
        victim.do()
        self.assert_moved(victim, kind)

    def test_row_20_unshare_of_the_mount_namespace(self):
        self.unshared("mnt", kernel.CLONE_NEWNS)

    def test_row_20_without_events(self):
        self.unshared("mnt", kernel.CLONE_NEWNS, watch={"events": False})

    def test_unshare_of_the_network_namespace(self):
        self.unshared("net", kernel.CLONE_NEWNET)

    def test_unshare_of_the_ipc_namespace(self):
        self.unshared("ipc", kernel.CLONE_NEWIPC)

    def test_unshare_of_the_host_name(self):
        self.unshared("uts", kernel.CLONE_NEWUTS)

    def test_unshare_of_the_cgroup_namespace(self):
        self.unshared("cgroup", kernel.CLONE_NEWCGROUP)

    def test_unshare_of_the_user_namespace_by_one_without_privileges(self):
        daemon = self.attacked()
        victim = self.victim(
            daemon, lambda: kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS))
        victim.do()
        # All capabilities, of that namespace: a reason that comes before the other.
        self.assert_moved(victim, "user", "drift.capability")

    def test_setns_into_the_mount_namespace_of_another(self):
        daemon = self.attacked()

        def live_elsewhere(send):
            kernel.unshare(kernel.CLONE_NEWNS)
            send("there")
            signal.pause()

        other = self.worker(0, live_elsewhere)
        other.receive()
        victim = self.victim(daemon, lambda: kernel.setns(
            os.open(f"/proc/{other.pid}/ns/mnt", os.O_RDONLY), kernel.CLONE_NEWNS), uid=0)
        victim.do()
        self.assert_moved(victim, "mnt")

    def test_namespace_for_children_alone_moves_nobody(self):
        """unshare(2) of a pid or time namespace: the caller stays where it is; its
        next child is another process, with facts of its own."""
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: kernel.unshare(kernel.CLONE_NEWPID), uid=0)
        victim.do()
        self.assert_still_served(victim)

    def test_thread_that_moves_alone_moves_nobody_else(self):
        """The kernel tells where a process is by its leader (docs/security.md)."""
        daemon = self.attacked()
        victim = self.victim(daemon, lambda: kernel.in_thread(
            lambda: kernel.unshare(kernel.CLONE_NEWUTS)), uid=0)
        victim.do()
        self.assert_still_served(victim)


class Cgroups(AttackCase):
    # Of the two versions, where they are mounted: a tree of controllers, and the
    # unified one.
    UNIFIED = next((path for path in map(Path, ("/sys/fs/cgroup/unified", "/sys/fs/cgroup"))
                    if (path / "cgroup.controllers").exists()), None)
    CONTROLLER = next((path for path in map(Path, (
        "/sys/fs/cgroup/freezer", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/memory"))
        if (path / "tasks").exists()), None)

    def move_into(self, tree, name):
        folder = tree / name
        folder.mkdir()
        self.addCleanup(self.until, "the cgroup is empty and goes", lambda: kernel.remove_cgroup(folder))
        return lambda pid=0: (folder / "cgroup.procs").write_text(str(pid))

    def assert_moved(self, victim):
        record = self.assert_refused(victim, "drift.cgroup", SWEEP)
        self.assertIn("drift.cgroup", record["entries"][0]["policies"])
        self.assertTrue(record["entries"][0]["obligations"]["quarantine"])
        self.assert_revoked(victim)
        self.assert_quarantined(victim, "drift.cgroup")

    def test_row_23_move_to_another_cgroup(self):
        daemon = self.attacked()
        victim = self.victim(daemon, self.move_into(self.UNIFIED, f"attack-{os.getpid()}"), uid=0)
        victim.do()
        self.assert_moved(victim)

    def test_row_23_move_to_what_is_called_like_a_container(self):
        daemon = self.attacked()
        name = f"docker-{os.getpid():064x}.scope"
        victim = self.victim(daemon, self.move_into(self.UNIFIED, name), uid=0)
        victim.do()
        self.assert_moved(victim)

    def test_row_23_without_events(self):
        daemon = self.attacked(watch={"events": False})
        move = self.move_into(self.UNIFIED, f"attack-{os.getpid()}")
        victim = self.victim(daemon)
        move(victim.pid)
        self.assert_moved(victim)

    def test_move_in_a_tree_of_version_1(self):
        if self.CONTROLLER is None:
            return  # A host of version 2 alone has no such tree to move in.
        daemon = self.attacked()
        victim = self.victim(daemon, self.move_into(self.CONTROLLER, f"attack-{os.getpid()}"),
                             uid=0)
        victim.do()
        self.assert_moved(victim)

    def test_victim_that_another_moves(self):
        """By whoever may write there: what it is vouched for has changed all the same."""
        daemon = self.attacked()
        move = self.move_into(self.UNIFIED, f"attack-{os.getpid()}")
        victim = self.victim(daemon)
        move(victim.pid)
        self.assert_moved(victim)
