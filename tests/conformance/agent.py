"""A server of the Workload API that keeps every rule, in pieces small enough that a wrong
server is this one with one piece changed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import time
from typing import Any, AsyncIterator

import documents
import grpc
import messages
from documents import HOLDER, LEAF, SECOND, SIGNER, STRANGER, TOKEN, WIT, Form, Opened

Code = grpc.StatusCode
SERVICE = "/SpiffeWorkloadAPI/"
IDENTITY_NEEDED = {"FetchX509SVID", "FetchX509Bundles", "FetchJWTSVID", "FetchJWTBundles",
                   "FetchWITSVID", "FetchWITBundles"}
FOREIGN = "spiffe://other.example"
ID = re.compile(r"spiffe://[a-z0-9._-]+(/[A-Za-z0-9._-]+)+")


class Refused(Exception):
    def __init__(self, code: grpc.StatusCode, reason: str = "refused"):
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Agent(grpc.GenericRpcHandler):
    domain = "right.example"
    paths = ("/web", "/spare")
    hints = token_hints = wit_hints = ("internal", "external")
    leaf: dict[str, Any] = {}  # What its leaves, signer and root say otherwise.
    signer: dict[str, Any] = {}
    root: dict[str, Any] = {}
    tls = False
    identity = True
    reflection = True
    reflected = messages.FILE
    codes: dict[str, grpc.StatusCode] = {}  # RPC -> how it ends whoever asks.

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}

    @property
    def own(self) -> str:
        return f"spiffe://{self.domain}"

    @property
    def ids(self) -> list[str]:
        return [self.own + path for path in self.paths]

    # Which calls are taken

    def admits(self, values: list[str]) -> bool:
        """Whether the values of the security header are right."""
        return values == ["true"]

    refusal = Code.INVALID_ARGUMENT

    def check_header(self, values: list[str]) -> None:
        if not self.admits(values):
            raise Refused(self.refusal, "security header missing")

    def check_request(self, rpc: str, request: bytes) -> None:
        """What is wrong with it before it is looked at."""

    def check(self, rpc: str, values: list[str], request: bytes) -> None:
        self.check_header(values)
        self.calls[rpc] = self.calls.get(rpc, 0) + 1
        self.check_request(rpc, request)
        if rpc in self.codes:
            raise Refused(self.codes[rpc])
        if not self.identity and rpc in IDENTITY_NEEDED:
            raise Refused(Code.PERMISSION_DENIED)

    # X.509-SVIDs

    def edit_x509(self, message: Any) -> None:
        """Changes what FetchX509SVID answers."""

    def edit_x509_bundles(self, message: Any) -> None:
        pass

    def authorities(self) -> tuple[Any, Any]:
        root = documents.certificate(documents.signing(self.domain, "root", **self.root),
                                     documents.ROOT, "root")
        signer = documents.certificate(documents.signing(self.domain, "signer", **self.signer),
                                       SIGNER, "root")
        return root, signer

    def certificate_of(self, spiffe_id: str) -> Any:
        form = Form(**{"uris": [spiffe_id], **self.leaf})
        return documents.certificate(form, LEAF, "signer")

    def x509(self) -> Any:
        root, signer = self.authorities()
        message = messages.X509SVIDResponse(crl=[documents.crl()])
        message.federated_bundles[FOREIGN] = documents.der(root)
        for spiffe_id, hint in zip(self.ids, self.hints):
            message.svids.add(
                spiffe_id=spiffe_id, x509_svid=documents.der(self.certificate_of(spiffe_id), signer),
                x509_svid_key=documents.private(LEAF), bundle=documents.der(root), hint=hint)
        self.edit_x509(message)
        return message

    async def x509_stream(self) -> AsyncIterator[bytes]:
        yield self.x509().SerializeToString()
        await self.rest()

    def x509_bundles(self) -> Any:
        root, _ = self.authorities()
        message = messages.X509BundlesResponse(crl=[documents.crl()])
        for name in (self.own, FOREIGN):
            message.bundles[name] = documents.der(root)
        self.edit_x509_bundles(message)
        return message

    async def x509_bundles_stream(self) -> AsyncIterator[bytes]:
        yield self.x509_bundles().SerializeToString()
        await self.rest()

    async def rest(self) -> None:
        """What a stream does after its first message."""
        await asyncio.Event().wait()

    # JWT-SVIDs

    def edit_token(self, number: int, header: dict[str, Any], claims: dict[str, Any]) -> None:
        """Changes a token before it is signed."""

    def write_token(self, number: int, text: str) -> str:
        """The token as it is sent."""
        return text

    def edit_tokens(self, message: Any) -> None:
        pass

    def edit_jwks(self, name: str, keys: list[dict[str, Any]]) -> None:
        pass

    def edit_jwt_bundles(self, message: Any) -> None:
        pass

    def check_audiences(self, audiences: list[str]) -> None:
        if not audiences or not all(audiences):
            raise Refused(Code.INVALID_ARGUMENT, "audience missing")

    malformed = Code.INVALID_ARGUMENT
    not_yours = Code.PERMISSION_DENIED

    def wanted(self, spiffe_id: str) -> list[str]:
        if not spiffe_id:
            return self.ids
        if spiffe_id in self.ids:
            return [spiffe_id]
        raise Refused(self.not_yours if ID.fullmatch(spiffe_id) and "/../" not in spiffe_id
                      else self.malformed)

    def tokens(self, request: bytes) -> bytes:
        asked = messages.JWTSVIDRequest.FromString(request)
        self.check_audiences(list(asked.audience))
        message = messages.JWTSVIDResponse()
        for number, spiffe_id in enumerate(self.wanted(asked.spiffe_id)):
            header = {"alg": "ES256", "kid": "first", "typ": "JWT"}
            claims = {"sub": spiffe_id, "aud": list(asked.audience), "exp": int(time.time()) + 300}
            self.edit_token(number, header, claims)
            svid = self.write_token(number, documents.sealed(header, claims))
            message.svids.add(spiffe_id=spiffe_id, svid=svid, hint=self.token_hints[number])
        self.edit_tokens(message)
        return message.SerializeToString()

    async def jwt_bundles_stream(self) -> AsyncIterator[bytes]:
        message = messages.JWTBundlesResponse()
        for name in (self.own, FOREIGN):
            keys = [documents.jwk(TOKEN, "first"), documents.jwk(SECOND, "second")]
            self.edit_jwks(name, keys)
            message.bundles[name] = json.dumps({"keys": keys}).encode()
        self.edit_jwt_bundles(message)
        yield message.SerializeToString()
        await self.rest()

    # WIT-SVIDs

    def edit_wit(self, number: int, header: dict[str, Any], claims: dict[str, Any]) -> None:
        """Changes a WIT-SVID before it is signed."""

    def edit_wits(self, message: Any) -> None:
        pass

    def edit_wit_jwks(self, name: str, keys: list[dict[str, Any]]) -> None:
        pass

    def edit_wit_bundles(self, message: Any) -> None:
        pass

    async def wit_stream(self, request: bytes) -> AsyncIterator[bytes]:
        asked = messages.WITSVIDRequest.FromString(request)
        message = messages.WITSVIDResponse()
        for number, spiffe_id in enumerate(self.wanted(asked.spiffe_id)):
            header = {"alg": "ES256", "kid": "wit-first", "typ": "wit+jwt"}
            claims = {"sub": spiffe_id, "exp": int(time.time()) + 300,
                      "cnf": {"jwk": {"alg": "ES256", **documents.point(HOLDER)}}}
            self.edit_wit(number, header, claims)
            message.svids.add(spiffe_id=spiffe_id, wit_svid=documents.sealed(header, claims, WIT),
                              wit_svid_key=json.dumps(documents.private_jwk(HOLDER)),
                              hint=self.wit_hints[number])
        self.edit_wits(message)
        yield message.SerializeToString()
        await self.rest()

    async def wit_bundles_stream(self) -> AsyncIterator[bytes]:
        message = messages.WITBundlesResponse()
        for name in (self.own, FOREIGN):
            keys = [documents.jwk(WIT, "wit-first", "wit-svid"),
                    documents.jwk(STRANGER, "wit-second", "wit-svid")]
            self.edit_wit_jwks(name, keys)
            message.bundles[name] = json.dumps({"keys": keys})
        self.edit_wit_bundles(message)
        yield message.SerializeToString()
        await self.rest()

    disbelieved = Code.INVALID_ARGUMENT

    def is_signed(self, token: Opened) -> bool:
        return token.header["kid"] == "first" and token.signed_by(TOKEN)

    def is_for(self, token: Opened, audience: str) -> bool:
        return audience in token.claims["aud"]

    def is_known(self, token: Opened) -> bool:
        return token.claims["sub"].startswith(self.own)

    def open(self, text: str) -> Opened:
        return Opened(text)

    def believed(self, text: str, audience: str) -> Opened:
        try:
            token = self.open(text)
            if (self.is_known(token) and self.is_signed(token) and self.is_for(token, audience) and
                    token.fresh()):
                return token
        except (ValueError, KeyError, TypeError):
            pass
        raise Refused(self.disbelieved, "not believed")

    def check_validate(self, asked: Any) -> None:
        if not asked.audience or not asked.svid:
            raise Refused(Code.INVALID_ARGUMENT, "field missing")

    def edit_validated(self, message: Any) -> None:
        pass

    def validate(self, request: bytes) -> bytes:
        asked = messages.ValidateJWTSVIDRequest.FromString(request)
        self.check_validate(asked)
        token = self.believed(asked.svid, asked.audience)
        message = messages.ValidateJWTSVIDResponse(spiffe_id=token.claims["sub"])
        message.claims.update(token.claims)
        self.edit_validated(message)
        return message.SerializeToString()

    # gRPC

    def reflect(self, request: bytes) -> bytes:
        """ServerReflectionInfo, its messages by hand: list_services is field 7, and
        file_containing_symbol is field 4."""
        if request[:1] == b"\x3a":
            service = messages.field(1, messages.field(1, b"SpiffeWorkloadAPI"))
            return messages.field(6, service)
        return messages.field(4, messages.field(1, self.reflected))

    def unknown(self, rpc: str) -> grpc.StatusCode:
        return Code.UNIMPLEMENTED

    def service(self, call: Any) -> Any:
        values = [value for key, value in call.invocation_metadata if key == "workload.spiffe.io"]
        if call.method == "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":
            return self.reflecting() if self.reflection else None
        rpc = call.method.removeprefix(SERVICE)
        streams = {"FetchX509SVID": self.x509_stream, "FetchX509Bundles": self.x509_bundles_stream,
                   "FetchJWTBundles": self.jwt_bundles_stream,
                   "FetchWITBundles": self.wit_bundles_stream,
                   "FetchWITSVID": None}  # It alone has a request.
        calls = {"FetchJWTSVID": self.tokens, "ValidateJWTSVID": self.validate}

        async def stream(request: bytes, context: Any) -> AsyncIterator[bytes]:
            try:
                self.check(rpc, values, request)
                told = streams[rpc]() if streams[rpc] else self.wit_stream(request)
                async for message in told:
                    yield message
            except Refused as end:
                await context.abort(end.code, end.reason)

        async def unary(request: bytes, context: Any) -> bytes:
            try:
                self.check(rpc, values, request)
                if rpc not in calls:
                    raise Refused(self.unknown(rpc))
                return calls[rpc](request)
            except Refused as end:
                await context.abort(end.code, end.reason)

        if rpc in streams:
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)

    def reflecting(self) -> Any:
        async def reflect(requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
            async for request in requests:
                yield self.reflect(request)

        return grpc.stream_stream_rpc_method_handler(reflect)


def accepts_public_key_as_secret(token: Opened) -> bool:
    if token.header["alg"] != "HS256":
        return False
    text = token.text.rpartition(".")[0].encode()
    seal = hmac.new(documents.public_pem(TOKEN), text, hashlib.sha256).digest()
    return seal == token.signature

