#!/usr/bin/env python3
"""hostile_attestor.py SOCKET DESCRIPTORS MODE is an attestor plug-in that says of everyone
what would be worth having, in a way that must not be believed."""
import sys
import threading
from concurrent import futures
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "surety.attestor.v1."
socket, descriptors, mode = sys.argv[1:]
pool = descriptor_pool.DescriptorPool()
for file in descriptor_pb2.FileDescriptorSet.FromString(open(descriptors, "rb").read()).file:
    pool.Add(file)


def message(name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(PACKAGE + name))


def describe(request, context):
    kinds = ["unix:uid"] if mode == "foreign kind described" else ["job", "step"]
    return message("DescribeResponse")(name="\x1b[2J" * 9999, version="1", kinds=kinds)


def attest(request, context):
    answer = message("AttestResponse")(start_time=request.start_time,
                                       selectors=[{"kind": "job", "value": "42"}])
    if mode == "hang":
        threading.Event().wait()
    if mode == "another process":
        answer.start_time += 1
    if mode == "foreign type":
        answer.selectors.add(kind="unix:uid", value="0")
    if mode == "many selectors":
        answer.selectors.extend(message("Selector")(kind="job", value=str(n)) for n in range(500))
    if mode == "huge":
        answer.selectors.add(kind="job", value="x" * 1_000_000)
    if mode == "control characters":
        answer.selectors.add(kind="job", value="1\n\x1b[2J")
    return answer


methods = {name: grpc.unary_unary_rpc_method_handler(
               function, message(name + "Request").FromString,
               message(name + "Response").SerializeToString)
           for name, function in (("Describe", describe), ("Attest", attest))}
server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), handlers=[
    grpc.method_handlers_generic_handler(PACKAGE + "Attestor", methods)],
    options=[("grpc.max_send_message_length", -1)])
server.add_insecure_port("unix:" + socket)
server.start()
server.wait_for_termination()
