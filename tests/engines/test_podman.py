"""Podman as root, and its pods."""

from __future__ import annotations

from engine_case import Scenarios
from engines import Engine, Podman


class PodmanOfRoot(Scenarios):
    @classmethod
    def make_engine(cls) -> Engine:
        return Podman()

    def test_pod_tells_workloads_apart(self) -> None:
        daemon = self.asking()
        self.entry(daemon, "shop", "label:app:other", "pod_label:tier:front", "pod_name:shop")
        daemon.start()
        pod = self.engine.run("pod", "create", "--name=shop", "--label=tier=front",
                              "--infra=false")
        self.addCleanup(self.engine.run, "pod", "rm", "-f", pod)
        self.assert_is(self.workload("--pod=shop", labels={"app": "other"}), "shop")
        self.assert_refused(self.workload(labels={"app": "other"}), "no_entry")


del Scenarios
