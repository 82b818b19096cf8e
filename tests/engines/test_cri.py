"""Pods of a real containerd, asked by CRI: who is in one, and who is not."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from containerd import IMAGE, Containerd
from harness import audit, grpc_raw, users
from harness.case import Case
from harness.daemon import TRUST_DOMAIN
from workload import COMMAND, INSIDE, Control

GOLD_ID, SILVER_ID = f"spiffe://{TRUST_DOMAIN}/gold", f"spiffe://{TRUST_DOMAIN}/silver"
SLOW = 20  # Seconds within which a runtime that is back is noticed on a busy machine.


class CriCase(Case):
    def setUp(self):
        super().setUp()
        self.runtime = Containerd()
        self.runtime.start()
        self.addCleanup(self.runtime.cleanup)
        self.runtime.import_images()

    def asking(self, **settings):
        """A daemon that asks containerd, with an entry for each tier of the same uid."""
        suretyd = self.daemon(**settings)
        suretyd.configure("attestors.k8s", sockets=[self.runtime.socket])
        for tier, spiffe_id in (("gold", GOLD_ID), ("silver", SILVER_ID)):
            suretyd.write_entry(tier, spiffe_id=spiffe_id, selectors=[
                f"unix:uid:{users.WEB}", "k8s:ns:shop", f"k8s:pod-label:tier:{tier}",
                "k8s:container-name:web"])
        suretyd.start()
        self.control = Control(suretyd)
        self.addCleanup(self.control.close)
        return suretyd

    def pod(self, tier, number=1):
        return self.runtime.pod(f"{tier}-{number}", f"0b5c-{tier}-{number}", labels={"tier": tier})

    def workload(self, suretyd, pod, name="web"):
        workload = self.control.workload(lambda: self.runtime.container(
            pod, name, COMMAND, users.WEB, {INSIDE: str(suretyd.folder)}, {"app": "pay"}))
        self.addCleanup(workload.close)
        return workload


class Pods(CriCase):
    def test_containers_of_one_uid_and_different_labels_get_different_identities(self):
        suretyd = self.asking()
        pods = {tier: self.pod(tier) for tier in ("gold", "silver")}
        gold, silver = (self.workload(suretyd, pod) for pod in pods.values())
        self.assertEqual(gold.uid, silver.uid)
        self.assertEqual(gold.next_response().ids, [GOLD_ID])
        self.assertEqual(silver.next_response().ids, [SILVER_ID])

        code, message, given = self.workload(suretyd, pods["gold"], "sidecar").end()
        self.assertEqual((code, given), (grpc_raw.PERMISSION_DENIED, []))
        self.assertIn("no_entry", message)
        code, _ = self.status_of(users.WEB, suretyd)  # The same uid, in no container.
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)

        done = suretyd.run("surety", "attest", str(gold.pid), "--config", str(suretyd.config),
                           "--output", "json")
        seen = json.loads(done.stdout)
        self.assertTrue(seen["complete"], seen["missing"])
        said = {selector for selector in seen["selectors"] if selector.startswith("k8s:")}
        [digest] = [one for one in said if one.startswith("k8s:container-image-digest:sha256:")]
        self.assertEqual(said - {digest}, {
            f"k8s:container-image:{IMAGE}", "k8s:container-label:app:pay",
            "k8s:container-name:web", "k8s:ns:shop", "k8s:pod-label:tier:gold",
            "k8s:pod-name:gold-1", "k8s:pod-uid:0b5c-gold-1"})

    def test_runtime_down_at_rotation_keeps_what_is_held_until_it_is_back(self):
        suretyd = self.asking(x509={"ttl": "10s", "ca_ttl": "1h"},
                              **{"attestors.k8s": {"max_age": "1s"}})
        holder = self.workload(suretyd, self.pod("gold"))
        self.assertEqual(holder.next_response().ids, [GOLD_ID])
        self.runtime.end(signal.SIGKILL)
        record = audit.awaited("rotation is undecided", lambda: audit.decisions(
            suretyd, pid=holder.pid, verdict="undecided"), 10)
        self.assertEqual(record["reason"], "facts_missing")
        self.assertIn("k8s", {fact["kind"] for fact in record["missing"]})
        self.runtime.start()
        self.assertEqual(holder.next_response(SLOW).ids, [GOLD_ID])
        self.assertEqual(audit.decisions(suretyd, pid=holder.pid, verdict="refuse"), [])

    def test_row_23_another_process_in_a_containers_cgroup_is_not_in_the_container(self):
        suretyd = self.asking()
        holder = self.workload(suretyd, self.pod("gold"))
        self.assertEqual(holder.next_response().ids, [GOLD_ID])
        folder = next(tree / holder.cgroup().lstrip("/") for tree in
                      (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")) if tree.exists())
        before = next(line.partition("::")[2] for line
                      in Path("/proc/self/cgroup").read_text().splitlines()
                      if line.startswith("0::"))
        (folder / "cgroup.procs").write_text("0")
        try:
            code, _ = self.status_of(users.WEB, suretyd)
        finally:
            root = Path(str(folder)[:-len(holder.cgroup())])
            (root / before.lstrip("/") / "cgroup.procs").write_text("0")
        self.assertEqual(code, grpc_raw.PERMISSION_DENIED)
