#!/usr/bin/env python3
"""serve.py FOLDER: the right server and all wrong ones, each at a socket of its own. Prints
one line of JSON, {name: {socket, breaks, flags}}, once they can be called; ends when its
standard input does."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import documents
import grpc
from agent import Agent
from wrong_servers import SERVERS, Wrong


def credentials() -> grpc.ServerCredentials:
    form = documents.Form(uris=["spiffe://right.example/agent"], signed_by=documents.LEAF)
    own = documents.certificate(form, documents.LEAF, "")
    key = documents.private(documents.LEAF, documents.serialization.Encoding.PEM)
    return grpc.ssl_server_credentials([(key, documents.pem(own))])


async def start(agent: Agent, path: Path) -> grpc.aio.Server:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((agent,))
    if agent.tls:
        server.add_secure_port(f"unix:{path}", credentials())
    else:
        server.add_insecure_port(f"unix:{path}")
    await server.start()
    path.chmod(0o666)
    return server


async def main(folder: Path) -> None:
    servers, table = [], {}
    for number, (name, one) in enumerate({"right": Wrong(set(), {}), **SERVERS}.items()):
        path = folder / f"{number}.sock"
        servers.append(await start(one.agent(), path))
        table[name] = {"socket": f"unix://{path}", "breaks": sorted(one.breaks), "flags": one.flags}
    print(json.dumps(table), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await asyncio.gather(*(server.stop(0) for server in servers))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
