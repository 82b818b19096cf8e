"""Docker, on the host's own layout of cgroups and where version 2 is all there is."""

from __future__ import annotations

from cgroup2_view import Cgroup2View
from engine_case import LayoutScenarios, Scenarios
from engines import Docker, Engine


class DockerOnHost(Scenarios):
    @classmethod
    def make_engine(cls) -> Engine:
        return Docker()


class DockerOnCgroup2(LayoutScenarios):
    @classmethod
    def make_engine(cls) -> Engine:
        cls.view = Cgroup2View()
        cls.addClassCleanup(cls.view.close)
        return Docker(cls.view)


del LayoutScenarios, Scenarios
