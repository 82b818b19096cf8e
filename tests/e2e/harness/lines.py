"""What a client of tests/clients/go says while it runs."""

from __future__ import annotations

import json
import threading


class Lines:
    """The JSON lines of a running client, as they come."""

    def __init__(self, process):
        self.process = process
        self.lines = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def of(self, kind):
        return [line for line in self.lines if line["kind"] == kind]

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self._thread.join()
        self.process.stdout.close()
        self.process.stderr.close()
