#!/usr/bin/env python3
"""slurm_attestor.py SOCKET DESCRIPTORS is an attestor of suretyd: job and step of a process
that Slurm runs, by the cgroup that slurmd made for them (proctrack/cgroup, v1 or v2).
DESCRIPTORS is a file made by: protoc --descriptor_set_out=DESCRIPTORS attestor.proto"""
import os
import re
import select
import sys
from concurrent import futures
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "surety.attestor.v1."
# From the root of the tree on, where only root can make a cgroup of this name.
CGROUP = re.compile(r"^\d+:[^:]*:/(?:system\.slice/(?:\w+_)?slurmstepd\.scope|slurm/uid_\d+)"
                    r"/job_(\d+)(?:/step_(\w+))?(?:/|$)", re.MULTILINE)
socket, descriptors = sys.argv[1:]
pool = descriptor_pool.DescriptorPool()
for file in descriptor_pb2.FileDescriptorSet.FromString(open(descriptors, "rb").read()).file:
    pool.Add(file)

def message(name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(PACKAGE + name))

def read(pid, name):
    with open(f"/proc/{pid}/{name}", encoding="utf-8", errors="replace") as file:
        return file.read()

def start_time(pid):
    return int(read(pid, "stat").rpartition(")")[2].split()[19])  # field 22

def describe(request, context):
    return message("DescribeResponse")(name="slurm", version="1", kinds=["job", "step"])

def attest(request, context):
    # The pid may be another process's by now, so it is pinned, compared, read, and then
    # asked whether it was there all the time.
    try:
        pidfd = os.pidfd_open(request.pid)
        try:
            started = start_time(request.pid)
            cgroups = read(request.pid, "cgroup")
            exited = bool(select.select([pidfd], [], [], 0)[0])
        finally:
            os.close(pidfd)
    except (ProcessLookupError, FileNotFoundError):
        exited = True
    if exited or started != request.start_time:
        context.abort(grpc.StatusCode.NOT_FOUND, f"process {request.pid} is gone")
    found = CGROUP.search(cgroups)
    selectors = [{"kind": kind, "value": value} for kind, value in
                 zip(("job", "step"), found.groups() if found else ()) if value]
    return message("AttestResponse")(start_time=started, selectors=selectors)

methods = {name: grpc.unary_unary_rpc_method_handler(
               function, message(name + "Request").FromString,
               message(name + "Response").SerializeToString)
           for name, function in (("Describe", describe), ("Attest", attest))}
server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), handlers=[
    grpc.method_handlers_generic_handler(PACKAGE + "Attestor", methods)])
server.add_insecure_port("unix:" + socket)
server.start()
server.wait_for_termination()
