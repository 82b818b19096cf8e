"""Waiting for something to become true, never for time to pass."""

from __future__ import annotations

import time
from typing import Any, Callable


def until(what: str, check: Callable[[], Any], timeout: float = 10, pause: float = 0.005) -> Any:
    """The first true value of check(). Fails with `what` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(pause)
