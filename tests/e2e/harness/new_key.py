"""A key for tokens that takes the place of another: the same for every profile."""

from __future__ import annotations

import json

from . import grpc_raw, jwt, users
from .daemon import TRUST_DOMAIN


def is_told_before_it_signs(case, suretyd, folder, bundles, signer):
    """`suretyd` has keys in `folder` that live for 40 s. `bundles` is the RPC that tells of
    them; `signer` fetches a token, has it believed, and gives the name of its key."""
    suretyd.entry_for("web", users.WEB)
    suretyd.start()
    suretyd.terminate()
    # As if three seconds were left of the half of its life.
    path = suretyd.state / folder / "manifest.json"
    manifest = json.loads(path.read_text())
    [key] = manifest["keys"]
    for end in ("not_before", "not_after"):
        key[end] -= 17
    path.write_text(json.dumps(manifest))
    suretyd.start()

    def work(send):
        with grpc_raw.Connection(suretyd.socket) as connection:
            stream = connection.fetch(bundles)
            while True:
                told = jwt.bundles(connection.message(stream, 60))[f"spiffe://{TRUST_DOMAIN}"]
                send([one["kid"] for one in told["keys"]])

    watcher = case.worker(users.WEB, work)
    case.assertEqual(watcher.receive(10), [key["kid"]])
    told = watcher.receive(15)
    case.assertEqual((len(told), told[0]), (2, key["kid"]))
    case.assertEqual(signer(), key["kid"])
    case.until("the new key signs", lambda: signer() == told[1], 15)
    [old, new] = json.loads(path.read_text())["keys"]
    case.assertEqual((old["phase"], new["phase"]), ("retired", "active"))
