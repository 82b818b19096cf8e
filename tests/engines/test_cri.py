"""Pods of a real containerd, asked by CRI: who is in one, and who is not."""

from __future__ import annotations

import json
import signal

from containerd import IMAGE, Containerd
from engine_case import APP, EngineCase
from harness import audit, grpc_raw
from harness.daemon import Daemon
from workload import COMMAND, INSIDE, Control, Workload


class PodsOfContainerd(EngineCase):
    @classmethod
    def make_engine(cls) -> Containerd:
        return Containerd()

    def asking(self, **settings) -> Daemon:
        """A running daemon that asks containerd, with an entry for each tier."""
        daemon = self.daemon(uid=0, **settings)  # The engine's socket is for root alone.
        daemon.configure("attestors.k8s", sockets=[self.engine.socket])
        for tier in ("gold", "silver"):
            self.entry(daemon, tier, "ns:shop", f"pod-label:tier:{tier}", "container-name:web")
        daemon.start()
        self.control = Control(daemon)
        self.addCleanup(self.control.close)
        return daemon

    def pod(self, tier: str) -> str:
        number = len(self.engine.pods)
        return self.engine.pod(f"{tier}-{number}", f"0b5c-{number}", "shop", {"tier": tier})

    def container(self, pod: str, name: str = "web") -> Workload:
        workload = self.control.workload(lambda: self.engine.container(
            pod, name, COMMAND, APP, {INSIDE: str(self.control.daemon.folder)}, {"app": "pay"}))
        self.addCleanup(workload.close)
        return workload

    def test_pods_of_one_uid_and_different_labels_get_different_identities(self):
        self.asking()
        gold, silver = self.pod("gold"), self.pod("silver")
        of_gold, of_silver = self.container(gold), self.container(silver)
        self.assertEqual((of_gold.uid, of_silver.uid), (APP, APP))
        self.assert_is(of_gold, "gold")
        self.assert_is(of_silver, "silver")
        self.assert_refused(self.container(gold, "sidecar"), "no_entry")
        self.assert_refused(self.on_the_host(), "no_entry")

    def test_attest_prints_what_entries_can_use(self):
        daemon = self.asking()
        number = len(self.engine.pods)
        holder = self.container(self.pod("gold"))
        done = daemon.run("surety", "attest", str(holder.pid), "--config", str(daemon.config),
                          "--output", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertTrue(seen["complete"], seen["missing"])
        said = {selector for selector in seen["selectors"] if selector.startswith("k8s:")}
        [digest] = [one for one in said if one.startswith("k8s:container-image-digest:sha256:")]
        self.assertEqual(said - {digest}, {
            f"k8s:container-image:{IMAGE}", "k8s:container-label:app:pay",
            "k8s:container-name:web", "k8s:ns:shop", "k8s:pod-label:tier:gold",
            f"k8s:pod-name:gold-{number}", f"k8s:pod-uid:0b5c-{number}"})

    def test_runtime_down_at_rotation_takes_nothing_away(self):
        daemon = self.asking(x509={"ttl": "10s", "ca_ttl": "1h"},
                             **{"attestors.k8s": {"max_age": "500ms"}})
        holder = self.container(self.pod("gold"))
        self.assert_is(holder, "gold")
        self.engine.end(signal.SIGKILL)
        record = audit.awaited("an undecided rotation", lambda: audit.decisions(
            daemon, pid=holder.pid, verdict="undecided", action="rotate"), 15)
        self.assertIn("k8s", [fact["kind"] for fact in record["missing"]])
        self.assertEqual(record["reason"], "facts_missing")
        self.assert_refused(self.on_the_host(), "no_entry")
        self.engine.start()
        self.assert_is(holder, "gold")

    def test_row_23_cgroup_alone_puts_nobody_into_a_pod(self):
        self.asking()
        holder = self.container(self.pod("gold"))
        self.assert_is(holder, "gold")
        stranger = self.on_the_host()
        self.move(stranger.pid, holder.cgroup())
        self.assert_refused(stranger, "no_entry")

    def test_row_23_move_into_another_pods_cgroup_is_refused(self):
        daemon = self.asking()
        gold, silver = self.container(self.pod("gold")), self.container(self.pod("silver"))
        self.assert_is(gold, "gold")
        self.assert_is(silver, "silver")
        self.move(silver.pid, gold.cgroup())
        code, message, given = silver.end()
        self.assertEqual((code, given), (grpc_raw.PERMISSION_DENIED, []), message)
        refusal = audit.awaited("the refusal", lambda: audit.decisions(
            daemon, pid=silver.pid, verdict="refuse"))
        self.assertIn("drift.cgroup", str(refusal))
