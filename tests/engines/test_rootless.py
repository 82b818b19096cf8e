"""Rootless Podman, whose engine is a user's own program and says what he wants."""

from __future__ import annotations

from engine_case import APP, EngineCase
from engines import Engine, RootlessPodman
from harness import audit, users
from harness.daemon import Daemon
from workload import Workload

OWNER = users.BATCH


class RootlessCase(EngineCase):
    @classmethod
    def make_engine(cls) -> Engine:
        return RootlessPodman(OWNER)

    def sockets(self) -> dict[str, list[str]]:
        return {"sockets": [], "rootless_sockets": [f"{OWNER}:{self.engine.socket}"]}

    def asking_for_users(self) -> Daemon:
        """As asking(), and with an entry that says whose the containers are."""
        daemon = self.asking()
        self.entry(daemon, "theirs", f"rootless_uid:{OWNER}:label:app:shop")
        return daemon.start()


class RootlessOnCgroup2(RootlessCase):
    def contained(self, app: str) -> Workload:
        return self.workload("--cgroup-parent=/user", labels={"app": app}, uid=0)

    def test_selectors_carry_the_owner_and_entries_for_roots_do_not_match(self) -> None:
        daemon = self.asking_for_users()
        shop = self.contained("shop")
        self.assert_is(shop, "theirs")
        done = daemon.run("surety", "attest", str(shop.pid), "--config", str(daemon.config))
        self.assertIn(f"podman:rootless_uid:{OWNER}", done.stdout)
        self.assertIn(f"podman:rootless_uid:{OWNER}:label:app:shop", done.stdout)
        # The labels of the entry for root's, copied.
        self.assert_refused(self.contained("pay"), "no_entry")

    def test_container_within_the_cgroup_of_a_unit(self) -> None:
        self.asking_for_users()
        self.assert_is(self.workload("--cgroups=split", labels={"app": "shop"}, uid=0), "theirs")

    # Whose cgroup it is says nothing of who is in it: sudo leaves root's processes there.
    def test_host_process_in_the_users_cgroups_is_in_no_container(self) -> None:
        self.asking_for_users()
        shop = self.contained("shop")
        self.assert_is(shop, "theirs")
        stranger = self.on_the_host()
        self.move(stranger.pid, shop.cgroup())
        self.assert_refused(stranger, "no_entry")


class RootlessWithoutCgroup(RootlessCase):
    # As every rootless container on version 1.
    def test_container_without_a_cgroup_cannot_be_told(self) -> None:
        daemon = self.asking_for_users()
        shop = self.workload("--cgroups=disabled", labels={"app": "shop"}, uid=0)
        shop.open()
        record = audit.awaited("an undecided turn", lambda: audit.decisions(
            daemon, pid=shop.pid, verdict="undecided"))
        self.assertIn("podman", [fact["kind"] for fact in record["missing"]])
        self.assertIn("no cgroup names its container", str(record["missing"]))


del EngineCase, RootlessCase
