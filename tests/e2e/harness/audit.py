"""The daemon's audit log, read as an operator's own tools would: one JSON object a line."""

from __future__ import annotations

import json
from typing import Any, Callable, Iterator

from .daemon import Daemon
from .waiting import until

Record = dict[str, Any]


def records(daemon: Daemon) -> Iterator[Record]:
    """All records, oldest first. A line that is still being written is left out."""
    for segment in sorted((daemon.state / "audit").glob("*.jsonl")):
        for line in segment.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                yield json.loads(line)


def decisions(daemon: Daemon, **wanted: Any) -> list[Record]:
    """Decisions whose fields are as wanted: verdict="refuse", reason="drift.executable",
    pid=4711, spiffe_id="spiffe://…", policy="drift.executable"."""
    return [record for record in records(daemon)
            if record["type"] == "decision" and _fits(record, wanted)]


def notices(daemon: Daemon, what: str = "", severity: str = "") -> list[Record]:
    return [record for record in records(daemon) if record["type"] == "notice"
            and what in ("", record["what"]) and severity in ("", record["severity"])]


def awaited(what: str, find: Callable[[], list[Record]], timeout: float = 5) -> Record:
    """The first record that `find` gives, as soon as there is one."""
    return until(what, find, timeout)[0]


def _fits(record: Record, wanted: dict[str, Any]) -> bool:
    entries = record.get("entries", [])
    has = {
        "pid": lambda value: record["process"]["pid"] == value,
        "spiffe_id": lambda value: any(entry.get("spiffe_id") == value for entry in entries),
        "policy": lambda value: any(value in entry.get("policies", []) for entry in entries),
    }
    return all(has[key](value) if key in has else record.get(key) == value
               for key, value in wanted.items())
