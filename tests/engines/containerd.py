"""A containerd that serves CRI, started by the test that needs it and gone with it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
from pathlib import Path

import cri
from engines import rootfs
from harness.waiting import until

IMAGE, PAUSE = "localhost/surety:1", "localhost/pause:1"

CONFIG = """version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.internal.v1.opt"]
[grpc]
address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "native"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{folder}/cni"
conf_dir = "{folder}/cni"
"""


class Containerd:
    type = "k8s"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="surety-containerd-"))
        self.folder.chmod(0o755)
        self.socket = str(self.folder / "containerd.sock")
        self.pods: dict[str, bytes] = {}
        self.log = (self.folder / "log").open("ab")
        self.server: subprocess.Popen[bytes] | None = None
        (self.folder / "config.toml").write_text(
            CONFIG.format(folder=self.folder, socket=self.socket, pause=PAUSE))

    def start(self) -> Containerd:
        self.server = subprocess.Popen(
            ["containerd", "--config", str(self.folder / "config.toml")],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        until("containerd answers", self._answers, 30)
        return self

    def _answers(self) -> bool:
        assert self.server is not None
        if self.server.poll() is not None:
            raise AssertionError(f"containerd ended:\n{(self.folder / 'log').read_text()}")
        try:
            self.runtime = cri.Runtime(self.socket)
            self.runtime.call("Version")
        except (OSError, cri.grpc_raw.Ended, cri.grpc_raw.Closed):
            return False
        return True

    def end(self, signum: int = signal.SIGTERM) -> None:
        """Its containers run on."""
        assert self.server is not None
        self.runtime.close()
        self.server.send_signal(signum)
        self.server.wait(30)

    def cleanup(self) -> None:
        assert self.server is not None
        if self.server.poll() is not None:
            self.start()
        for pod in list(self.pods):
            self.runtime.remove_pod(pod)
        self.end()
        self.log.close()
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in reversed([one for one in mounts if one.startswith(f"{self.folder}/")]):
            subprocess.run(["umount", "-l", mount], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        for tree in (Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").iterdir()):
            for folder, _, _ in os.walk(tree / "kubepods", topdown=False):
                os.rmdir(folder)

    def import_image(self) -> None:
        layer = rootfs(self.folder).read_bytes()
        for name in (IMAGE, PAUSE):
            self._ctr("images", "import", str(oci_archive(self.folder, name, layer)))

    def _ctr(self, *arguments: str) -> None:
        done = subprocess.run(["ctr", "--address", self.socket, "--namespace", "k8s.io",
                               *arguments], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise AssertionError(f"ctr {' '.join(arguments)}: {done.stderr}")

    def pod(self, name: str, uid: str, namespace: str = "shop",
            labels: dict[str, str] | None = None) -> str:
        config = cri.pod_config(name, uid, namespace, labels or {})
        pod = self.runtime.run_pod(config)
        self.pods[pod] = config
        return pod

    def container(self, pod: str, name: str, command: list[str], uid: int,
                  mounts: dict[str, str], labels: dict[str, str] | None = None) -> str:
        return self.runtime.run_container(
            pod, cri.container_config(name, IMAGE, command, uid, mounts, labels or {}),
            self.pods[pod])


def oci_archive(folder: Path, name: str, layer: bytes) -> Path:
    """An image of that name, another than those of other names, in OCI's layout."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "author": name,
                         "config": {"Cmd": ["/bin/sleep", "3600"]},
                         "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]}}).encode()
    kind = "application/vnd.oci.image"
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": f"{kind}.manifest.v1+json",
        "config": _descriptor(f"{kind}.config.v1+json", config),
        "layers": [_descriptor(f"{kind}.layer.v1.tar", layer)]}).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": [
        {**_descriptor(f"{kind}.manifest.v1+json", manifest),
         "annotations": {"io.containerd.image.name": name}}]}).encode()
    archive = folder / "image.tar"
    files = {f"blobs/sha256/{_digest(blob)[7:]}": blob for blob in (layer, config, manifest)}
    files |= {"index.json": index, "oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    with tarfile.open(archive, "w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return archive


def _digest(blob: bytes) -> str:
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def _descriptor(kind: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": _digest(blob), "size": len(blob)}
