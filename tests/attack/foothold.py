"""A process of one user from which an attacker can become others: what a hole in a
setuid program gives. All that it starts belongs to its lineage."""

from __future__ import annotations

import os
import pickle
from typing import Any, Callable

from harness import api, grpc_raw, jwt, users
from harness.daemon import Daemon


def take(uid: int) -> None:
    """From root to a user, with the way back kept: the saved uid stays 0."""
    os.setresuid(0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, 0)
    os.setresuid(uid, uid, 0)


def become(uid: int) -> None:
    """What su(1) does, from a foothold."""
    os.setresuid(0, 0, 0)
    users.become(uid)


def ask(daemon: Daemon, method: str = "FetchX509SVID") -> tuple[int, Any]:
    """(OK, SPIFFE IDs) or (status, message) of one call; -1 where there is no status.
    Tokens are asked for as if for a service."""
    request = jwt.fetch_request(["reports"]) if method == "FetchJWTSVID" else b""
    try:
        with grpc_raw.Connection(daemon.socket) as connection:
            message = connection.message(connection.call(f"/SpiffeWorkloadAPI/{method}", request))
    except grpc_raw.Ended as end:
        return end.code, end.message
    except (grpc_raw.Closed, ConnectionError) as end:
        return -1, str(end)
    return grpc_raw.OK, api.x509_response(message).ids if method == "FetchX509SVID" else []


def in_child(uid: int, act: Callable[[], Any], daemonized: bool = False) -> Any:
    """act() as another user in a child of this foothold. Daemonized: with setsid(2) and
    a second fork, as daemons do, so that its parent has exited before it acts."""
    out, inner = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if daemonized:
                os.setsid()
                if os.fork() != 0:
                    os._exit(0)
                parent = os.getppid()
                while os.getppid() == parent and parent != 1:
                    os.sched_yield()
            become(uid)
            os.write(inner, pickle.dumps(act()))
        finally:
            os._exit(0)
    os.close(inner)
    os.waitpid(child, 0)
    with os.fdopen(out, "rb") as answer:
        return pickle.loads(answer.read())
