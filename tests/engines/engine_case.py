"""The base of every case with a real engine, which is started once for its class, and
the cases that hold of engines that run as root."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import cgroup2_view
from engines import IMAGE, Engine
from harness import audit, grpc_raw, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN, Daemon
from workload import COMMAND, INSIDE, Control, Workload

APP = users.WEB  # One uid for all: it is not what tells the workloads apart.


class EngineCase(Case):
    engine: Engine

    @classmethod
    def make_engine(cls) -> Engine:
        raise NotImplementedError

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.engine = cls.make_engine()
        cls.addClassCleanup(cls.engine.cleanup)
        cls.engine.start()
        cls.engine.import_image()

    def sockets(self) -> dict[str, list[str]]:
        return {"sockets": [self.engine.socket]}

    def asking(self, **settings: Any) -> Daemon:
        """A daemon that asks the engine, not started, with entries for the labels
        app=pay and app=web."""
        daemon = self.daemon(uid=0, **settings)  # The engine's socket is for root alone.
        daemon.configure(f"attestors.{self.engine.type}", **self.sockets())
        for app in ("pay", "web"):
            self.entry(daemon, app, f"label:app:{app}")
        self.control = Control(daemon)
        self.addCleanup(self.control.close)
        return daemon

    def entry(self, daemon: Daemon, name: str, *values: str, **keys: Any) -> None:
        daemon.write_entry(name, spiffe_id=f"spiffe://{TRUST_DOMAIN}/{name}", selectors=[
            f"{self.engine.type}:{value}" for value in values], **keys)

    def workload(self, *arguments: str, labels: dict[str, str] | None = None,
                 **options: Any) -> Workload:
        """A client in a container of its own."""
        volume = f"--volume={self.control.daemon.folder}:{INSIDE}"
        options.setdefault("uid", APP)
        workload = self.control.workload(lambda: self.engine.container(
            volume, *arguments, labels=labels, command=COMMAND, **options))
        self.addCleanup(workload.close)
        return workload

    def executed(self, container: str) -> Workload:
        """One more client in a container, as `exec` starts it."""
        workload = self.control.workload(
            lambda: self.engine.run("exec", "-d", f"--user={APP}:{APP}", container, *COMMAND))
        self.addCleanup(workload.close)
        return workload

    def on_the_host(self) -> Workload:
        """The same program of the same uid, in no container."""
        daemon = self.control.daemon
        arguments = [word.replace(INSIDE, str(daemon.folder), 1) for word in COMMAND]
        workload = self.control.workload(lambda: daemon.spawn(arguments, uid=APP))
        self.addCleanup(workload.close)
        return workload

    @staticmethod
    def move(pid: int, cgroup: str) -> None:
        """Into a cgroup of version 2."""
        (cgroup2_view.ROOT / cgroup.lstrip("/") / "cgroup.procs").write_text(str(pid))

    def assert_is(self, workload: Workload, name: str) -> None:
        self.assertEqual(workload.next_response().ids, [f"spiffe://{TRUST_DOMAIN}/{name}"])

    def assert_refused(self, workload: Workload, reason: str) -> None:
        code, message, given = workload.end()
        self.assertEqual((code, given), (grpc_raw.PERMISSION_DENIED, []), message)
        self.assertIn(reason, message)
        audit.awaited(f"a refusal of {workload.pid}", lambda: audit.decisions(
            self.control.daemon, pid=workload.pid, verdict="refuse", reason=reason))


class LayoutScenarios(EngineCase):
    """What depends on how cgroups are laid out."""

    def make_cgroup(self, *names: str) -> str:
        """A cgroup of root's making, removed at the end; all above it as well."""
        folder = cgroup2_view.ROOT
        for name in names:
            folder /= name
            if not folder.exists():
                folder.mkdir()
                self.addCleanup(lambda one=folder: self.until(
                    f"{one} is empty", lambda: _removed(one)))
        return str(folder.relative_to(cgroup2_view.ROOT))

    def test_labels_tell_workloads_of_one_uid_apart(self) -> None:
        self.asking().start()
        pay = self.workload(labels={"app": "pay"})
        web = self.workload(labels={"app": "web"})
        self.assertEqual((pay.uid, web.uid), (APP, APP))
        self.assert_is(pay, "pay")
        self.assert_is(web, "web")
        self.assert_is(self.executed(web.started), "web")
        self.assert_refused(self.workload(labels={"app": "other"}), "no_entry")
        self.assert_refused(self.on_the_host(), "no_entry")

    # ATTACKS.md 23
    def test_move_to_another_containers_cgroup_is_refused_and_quarantined(self) -> None:
        self.asking().start()
        pay = self.workload(labels={"app": "pay"})
        web = self.workload(labels={"app": "web"})
        self.assert_is(pay, "pay")
        self.assert_is(web, "web")
        self.move(web.pid, pay.cgroup())
        code, message, given = web.end()
        self.assertEqual((code, given), (grpc_raw.PERMISSION_DENIED, []), message)
        refusal = audit.awaited("the refusal", lambda: audit.decisions(
            self.control.daemon, pid=web.pid, verdict="refuse"))
        self.assertIn(f"container:{web.started}", str(refusal))
        self.assertIn("drift.cgroup", str(refusal))
        self.assert_refused(self.executed(web.started), "quarantined")

    # ATTACKS.md 23 and 24, before anything was issued.
    def test_cgroup_alone_puts_nobody_into_a_container(self) -> None:
        self.asking().start()
        pay = self.workload(labels={"app": "pay"})
        self.assert_is(pay, "pay")
        top = f"surety-forged-{os.getpid()}"
        unknown = "f" * 64
        for cgroup in (pay.cgroup(), self.make_cgroup(top, f"{self.engine.type}-{pay.started}.scope"),
                       self.make_cgroup(top, f"libpod-{pay.started}"),
                       self.make_cgroup(top, "docker", pay.started),
                       self.make_cgroup(top, "docker", unknown)):
            with self.subTest(cgroup=cgroup):
                stranger = self.on_the_host()
                self.move(stranger.pid, cgroup)
                self.assert_refused(stranger, "no_entry")
                stranger.close()


class Scenarios(LayoutScenarios):
    """And what holds of every engine besides."""

    def test_attest_prints_what_entries_can_use(self) -> None:
        daemon = self.asking()
        daemon.configure(f"attestors.{self.engine.type}", env=True)
        daemon.start()
        pay = self.workload("--env=STAGE=prod", labels={"app": "pay"})
        done = daemon.run("surety", "attest", str(pay.pid), "--config", str(daemon.config))
        self.assertEqual(done.returncode, 0, done.stderr)
        facts = self.engine.inspect(pay.started)
        config_digest = facts["Image"].removeprefix("sha256:")
        name = facts["Name"].lstrip("/")
        for value in ("label:app:pay", "env:STAGE=prod", "image_id:localhost/surety:1",
                      f"image_config_digest:sha256:{config_digest}", "image_digest:sha256:",
                      f"name:{name}"):
            self.assertIn(f"{self.engine.type}:{value}", done.stdout)
        self.assertNotIn("Could not be looked at", done.stdout)

    def test_sink_writes_for_the_first_process_of_a_container(self) -> None:
        daemon = self.asking()
        folder = daemon.folder / "sink"
        folder.mkdir()
        os.chown(folder, daemon.uid, daemon.uid)
        with daemon.config.open("a") as config:
            config.write(f'[[sink]]\nname = "web"\ncontainer = "web-sink"\nfolder = "{folder}"\n')
        daemon.start()
        web = self.workload("--name=web-sink", labels={"app": "web"})
        self.until("its files are there", (folder / "current/key.pem").exists, 20)
        self.assertIn(f"sink web: its process is {web.pid} of uid {APP}", daemon.log())
        self.assert_is(web, "web")

    # ATTACKS.md 25
    def test_labels_of_another_image_do_not_suffice_for_an_entry_with_a_digest(self) -> None:
        self.engine.import_image("localhost/evil:1", "ENV EVIL=1")
        digest = self.engine.run("image", "inspect", "--format={{.Id}}", IMAGE).split(":")[-1]
        daemon = self.asking()
        self.entry(daemon, "pay", "label:app:pay", f"image_config_digest:sha256:{digest}")
        daemon.start()
        self.assert_is(self.workload(labels={"app": "pay"}), "pay")
        copied = self.workload(labels={"app": "pay"}, image="localhost/evil:1")
        self.assert_refused(copied, "no_entry")

    # The same id, other processes: what was known of the first is not the second's.
    def test_container_that_is_started_again_is_looked_at_afresh(self) -> None:
        self.asking().start()
        first = self.workload(labels={"app": "pay"})
        self.assert_is(first, "pay")
        again = self.control.workload(lambda: self.engine.run("restart", "-t", "0", first.started))
        self.addCleanup(again.close)
        self.assertNotEqual(again.pid, first.pid)
        self.assert_is(again, "pay")

    def test_container_that_is_no_more_what_it_was_is_refused_and_revoked(self) -> None:
        daemon = self.asking()
        daemon.configure(f"attestors.{self.engine.type}", max_age="200ms")
        daemon.start()
        pay = self.workload(labels={"app": "pay"})
        self.assert_is(pay, "pay")
        self.engine.run("rename", pay.started, f"other-{os.getpid()}")
        code, message = self.until("the name is seen", pay.refusal)
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED, message)
        refusal = audit.awaited("the refusal", lambda: audit.decisions(
            daemon, pid=pay.pid, verdict="refuse", reason="drift.container"))
        self.assertIn(f"{self.engine.type}:name", str(refusal))

    def holding_while_engine_is_away(self) -> Workload:
        """One whose facts can be kept for so short a time that a rotation asks again."""
        daemon = self.asking(x509={"ttl": "10s", "ca_ttl": "1h"})
        daemon.configure(f"attestors.{self.engine.type}", max_age="500ms", timeout="500ms")
        daemon.start()
        pay = self.workload(labels={"app": "pay"})
        self.assert_is(pay, "pay")
        return pay

    def assert_undecided(self, workload: Workload) -> None:
        record = audit.awaited("an undecided rotation", lambda: audit.decisions(
            self.control.daemon, pid=workload.pid, verdict="undecided", action="rotate"), 15)
        self.assertIn(self.engine.type, [fact["kind"] for fact in record["missing"]])
        self.assertEqual(record["reason"], "facts_missing")
        # A host process is nobody's container, and is served or refused as ever.
        self.assert_refused(self.on_the_host(), "no_entry")

    def test_engine_that_hangs_at_rotation_takes_nothing_away(self) -> None:
        pay = self.holding_while_engine_is_away()
        assert self.engine.server is not None
        self.engine.server.send_signal(signal.SIGSTOP)
        self.addCleanup(self.engine.server.send_signal, signal.SIGCONT)
        self.assert_undecided(pay)
        self.engine.server.send_signal(signal.SIGCONT)
        self.assert_is(pay, "pay")

    def test_engine_stopped_at_rotation_takes_nothing_away(self) -> None:
        pay = self.holding_while_engine_is_away()
        self.engine.end()
        self.assert_undecided(pay)
        self.engine.start()
        self.assert_is(pay, "pay")


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True
