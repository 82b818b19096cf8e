#!/usr/bin/env python3
"""hook.py SOCKET DESCRIPTORS [SPIFFE-ID]... is an external hook of suretyd. It refuses these
SPIFFE IDs, and lineages at risk; whatever else is issued lives no longer than five minutes.
DESCRIPTORS is a file made by: protoc --descriptor_set_out=DESCRIPTORS hook.proto"""
import json
import sys
from concurrent import futures
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

socket, descriptors, *refused = sys.argv[1:]
pool = descriptor_pool.DescriptorPool()
for file in descriptor_pb2.FileDescriptorSet.FromString(open(descriptors, "rb").read()).file:
    pool.Add(file)
Request, Response = (message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
                     for name in ("surety.hook.v1.DecideRequest", "surety.hook.v1.DecideResponse"))

def decide(request, context):
    if request.spiffe_id in refused:
        return Response(verdict="VERDICT_REFUSE", reason="on_the_list")
    if json.loads(request.facts)["risk"]["score"] >= 50:
        return Response(verdict="VERDICT_REFUSE", reason="risk", obligations={"revoke": True})
    return Response(verdict="VERDICT_ALLOW", obligations={"ttl_cap_seconds": 300})

method = grpc.unary_unary_rpc_method_handler(decide, Request.FromString, Response.SerializeToString)
server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), handlers=[
    grpc.method_handlers_generic_handler("surety.hook.v1.Hook", {"Decide": method})])
server.add_insecure_port("unix:" + socket)
server.start()
server.wait_for_termination()
