"""What the daemon shows to Prometheus, read as Prometheus reads it."""

from __future__ import annotations

import re
import socket
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs/metrics.md"
_SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? ([-+.0-9eInf]+)")
_LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')
_ROW = re.compile(r"^\| `([a-z_]+)` \| (\w+) \|(.*?) \| .* \|$", re.MULTILINE)


class Page:
    """One scrape: the samples, and the type and labels of each family."""

    def __init__(self, text: str):
        self.samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        self.types: dict[str, str] = {}
        self.labels: dict[str, set[str]] = {}
        family = ""
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, family, kind = line.split(" ")
                self.types[family] = kind
            elif not line.startswith("#"):
                name, labels, value = _SAMPLE.fullmatch(line).groups()
                found = _LABEL.findall(labels or "")
                self.samples[name, frozenset(found)] = float(value)
                self.labels.setdefault(family, set()).update(
                    key for key, _ in found if key != "le")

    def sum(self, name: str, **labels: str) -> float:
        """Of all samples that have these labels."""
        return sum(value for (one, has), value in self.samples.items()
                   if one == name and labels.items() <= set(has))


def request(address: str | tuple[str, int], text: bytes, timeout: float = 10) -> bytes:
    """What comes until the end of the connection."""
    family = (socket.AF_UNIX if isinstance(address, str)
              else socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    with socket.socket(family) as connection:
        connection.settimeout(timeout)
        connection.connect(address)
        connection.sendall(text)
        answer = b""
        while received := connection.recv(65536):
            answer += received
        return answer


def scrape(address: str | tuple[str, int]) -> Page:
    answer = request(address, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise AssertionError(head.decode())
    if b"\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8" not in head:
        raise AssertionError(head.decode())
    return Page(body.decode())


def documented() -> dict[str, tuple[str, set[str]]]:
    """Type and labels of each metric in the table of docs/metrics.md."""
    labels_of = re.compile(r"(?:^ |, )`([a-z]+)`(?: \(.*?\))?")
    return {name: (kind, set(labels_of.findall(labels)))
            for name, kind, labels in _ROW.findall(DOCUMENT.read_text())}
