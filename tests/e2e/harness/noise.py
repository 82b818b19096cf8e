"""A server that speaks no protocol."""

from __future__ import annotations

import socket
import threading


class Noise:
    """Listens at `path`, and answers whoever connects with the same bytes."""

    def __init__(self, path, noise):
        self.count = 0
        self._noise = noise
        self._listening = socket.socket(socket.AF_UNIX)
        path.unlink(missing_ok=True)
        self._listening.bind(str(path))
        self._listening.listen(64)
        self._thread = threading.Thread(target=self._answer)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def _answer(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                self.count += 1
                connection.sendall(self._noise)
