"""For each rule a server that breaks it: the right one with one piece changed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import documents
import messages
from agent import FOREIGN, Agent, Code, Refused, accepts_public_key_as_secret
from cryptography.hazmat.primitives import serialization
from documents import LEAF, STRANGER, usage


@dataclass
class Wrong:
    breaks: set[str]
    changes: dict[str, Any]
    flags: list[str] = field(default_factory=list)

    def agent(self) -> Agent:
        return type("WrongAgent", (Agent,), self.changes)()


def wrong(*breaks: str, flags: str = "", **changes: Any) -> Wrong:
    return Wrong(set(breaks), changes, flags.split())


def svid(**fields: Any) -> Any:
    """Changes fields of the second X.509-SVID: to a value, or by a function of the SVID."""

    def edit(self: Agent, message: Any) -> None:
        one = message.svids[1]
        for name, value in fields.items():
            setattr(one, name, value(one) if callable(value) else value)

    return edit


def federated(name: str, bundle: Any = None) -> Any:
    """FetchX509SVID gives this federated bundle too."""

    def edit(self: Agent, message: Any) -> None:
        message.federated_bundles[name.format(own=self.own)] = bundle or message.svids[0].bundle

    return edit


def bundle(name: str, content: bytes | None) -> Any:
    """Bundles have this one; without content, they lack it."""

    def edit(self: Agent, message: Any) -> None:
        message.bundles.pop(name.format(own=self.own), None)
        if content is not None:
            message.bundles[name.format(own=self.own)] = content

    return edit


def jwk(change: Any) -> Any:
    """Changes the second JWK of each bundle."""
    return lambda self, name, keys: change(keys[1])


def header(**fields: Any) -> Any:
    """The second token's header says this too."""
    return lambda self, number, header, claims: header.update(fields) if number == 1 else None


def claim(**fields: Any) -> Any:
    """The second token claims this too."""
    return lambda self, number, header, claims: claims.update(fields) if number == 1 else None


def also(method: str, condition: Any) -> Any:
    """Says yes where `condition` does, and else what the right server says."""
    return lambda self, *given: condition(*given) or getattr(Agent, method)(self, *given)


def second(change: Any) -> Any:
    """Changes header and claims of the second token."""
    return lambda self, number, header, claims: change(header, claims) if number == 1 else None


def ends_with(code: Code) -> Any:
    async def rest(self: Agent) -> None:
        raise Refused(code)

    return rest


def later(change: Any) -> Any:
    """FetchX509SVID sends a second message, which is changed."""

    async def stream(self: Agent):
        message = self.x509()
        yield message.SerializeToString()
        change(message)
        yield message.SerializeToString()
        await self.rest()

    return stream


async def silent(self: Agent):
    await self.rest()
    yield b""


def checks_caller_first(self: Agent, rpc: str, values: list[str], request: bytes) -> None:
    raise Refused(Code.PERMISSION_DENIED)


def demands_no_unknown_field(self: Agent, rpc: str, request: bytes) -> None:
    if rpc == "FetchX509SVID" and request:
        raise Refused(Code.INVALID_ARGUMENT)


def serves_twice(self: Agent, rpc: str, request: bytes) -> None:
    if rpc == "FetchX509SVID" and self.calls[rpc] > 2:
        raise Refused(Code.UNAVAILABLE)


def turns_around(self: Agent, message: Any) -> None:
    if self.calls["FetchX509SVID"] % 2 == 0:
        first, other = list(message.svids)
        del message.svids[:]
        message.svids.extend([other, first])


def extends_answer(self: Agent, message: Any) -> None:
    message.MergeFromString(b"\x78\x01")


def with_stray_certificate(self: Agent, message: Any) -> None:
    message.svids[1].x509_svid += documents.der(self.authorities()[1])


def with_leaf_last(self: Agent, message: Any) -> None:
    _, signer = self.authorities()
    message.svids[1].x509_svid = documents.der(signer, self.certificate_of(self.ids[1]))


def drop_second(items: Any) -> None:
    del items[1:]


def refuses_tokens(self: Agent, rpc: str, request: bytes) -> None:
    if rpc == "FetchJWTSVID":
        self.check_audiences(list(messages.JWTSVIDRequest.FromString(request).audience))
        raise Refused(Code.UNAVAILABLE)


def wit(**fields: Any) -> Any:
    """Changes fields of the last WIT-SVID."""

    def edit(self: Agent, message: Any) -> None:
        for name, value in fields.items():
            one = message.svids[-1]
            setattr(one, name, value(one) if callable(value) else value)

    return edit


def refuses_wits(self: Agent, rpc: str, request: bytes) -> None:
    if rpc == "FetchWITSVID":
        raise Refused(Code.UNAVAILABLE)


def names(**fields: Any) -> Any:
    """The second WIT-SVID's cnf.jwk says this too."""
    return second(lambda header, claims: claims["cnf"]["jwk"].update(fields))


def takes_any_id(self: Agent, spiffe_id: str) -> list[str]:
    return [spiffe_id] if "of-nobody" in spiffe_id else Agent.wanted(self, spiffe_id)


def gives_all_ids(self: Agent, spiffe_id: str) -> list[str]:
    Agent.wanted(self, spiffe_id)
    return self.ids


def believes_longer(self: Agent, text: str) -> Any:
    return documents.Opened(text.removesuffix("AAAA"))


def wants_token(self: Agent, asked: Any) -> None:
    if not asked.svid:
        raise Refused(Code.NOT_FOUND)
    Agent.check_validate(self, asked)


PEM = serialization.Encoding.PEM
SEC1 = serialization.PrivateFormat.TraditionalOpenSSL

SERVERS = {
    # The endpoint
    "no Workload API": wrong("E1", "E10", reflection=False, service=lambda self, call: None),
    "no header needed": wrong("E3", "E3b", admits=lambda self, values: True),
    "header in capitals": wrong("E3",
        admits=lambda self, values: [one.lower() for one in values] == ["true"]),
    "header of any value": wrong("E3", admits=lambda self, values: len(values) == 1),
    "another code without header": wrong("E3", "E3b", refusal=Code.PERMISSION_DENIED),
    "doubled header": wrong("E3b", admits=lambda self, values: "true" in values),
    "caller before header": wrong("E3", "E3b", "E3c", "E9", "JV1", flags="--no-identity",
                                  check=checks_caller_first),
    "TLS": wrong("E4", flags="--timeout 3s", tls=True),
    "credentials needed": wrong("E6", "XB1", codes={"FetchX509Bundles": Code.UNAUTHENTICATED}),
    "SVIDs for strangers": wrong("E8", flags="--no-identity"),
    "another code for strangers": wrong("E8b", flags="--no-identity", identity=False,
                                        codes={"FetchJWTSVID": Code.NOT_FOUND}),
    "unknown RPC": wrong("E9", unknown=lambda self, rpc: Code.INTERNAL),
    "no reflection": wrong("E10", reflection=False),
    "a field more in an answer": wrong("E11", edit_x509=extends_answer),
    "a field more": wrong("E11", reflected=messages.file_with("field")),
    "an RPC more": wrong("E11", reflected=messages.file_with("method")),
    "unknown field refused": wrong("E11b", check_request=demands_no_unknown_field),
    # Streams
    "X.509 bundles withheld": wrong("S1", flags="--timeout 3s", x509_bundles_stream=silent),
    "JWT bundles withheld": wrong("S1", flags="--timeout 3s", jwt_bundles_stream=silent),
    "an SVID less later": wrong("S2", flags="--wait 1s",
        x509_stream=later(lambda message: message.svids.pop())),
    "no federated bundle later": wrong("S2", flags="--wait 1s",
        x509_stream=later(lambda message: message.federated_bundles.clear())),
    "no key later": wrong("S2", flags="--wait 1s",
        x509_stream=later(lambda message: message.svids[0].ClearField("x509_svid_key"))),
    "SVID not renewed": wrong("S3", "XD11", flags="--wait 3s", leaf={"ends": 2}),
    "streams end": wrong("S3b", flags="--wait 1s", rest=ends_with(Code.UNAVAILABLE)),
    "streams end well": wrong("S3b", flags="--wait 1s", rest=lambda self: asyncio.sleep(0)),
    "nobody comes again": wrong("S8", check_request=serves_twice),
    "empty audience": wrong("S9", check_audiences=also("check_audiences", bool)),
    # The X.509 profile
    "no SVID": wrong("XP1", edit_x509=lambda self, message: message.ClearField("svids")),
    "X.509 refused": wrong("XP1", codes={"FetchX509SVID": Code.PERMISSION_DENIED}),
    "no bundle": wrong("XP2", edit_x509=svid(bundle=b"")),
    "another SPIFFE ID": wrong("XP3", leaf={"uris": ["spiffe://right.example/other"]}),
    "another key": wrong("XP3b", edit_x509=svid(x509_svid_key=documents.private(STRANGER))),
    "key in PEM": wrong("XP3b", edit_x509=svid(x509_svid_key=documents.private(LEAF, PEM))),
    "key not in PKCS#8": wrong("XP3b",
        edit_x509=svid(x509_svid_key=documents.private(LEAF, form=SEC1))),
    "a stray certificate": wrong("XP4", edit_x509=with_stray_certificate),
    "leaf last": wrong("XP4", "XP3", "XP3b", "XD2", "XD4", "XD6", "XD7", "XD8b", "XD9",
        edit_x509=with_leaf_last),
    "bytes after the chain": wrong("XP4",
        edit_x509=svid(x509_svid=lambda one: one.x509_svid + b"\x00")),
    "one hint": wrong("XP5", hints=("one", "one")),
    "a long hint": wrong("XP5c", hints=("one", "x" * 1025)),
    "another order": wrong("XP6", edit_x509=turns_around),
    "own domain federated": wrong("XP7", edit_x509=federated("{own}")),
    "key without scheme": wrong("XP7", "ID6", edit_x509=federated("other.example")),
    "CRL that is none": wrong("XP8",
        edit_x509=lambda self, message: message.crl.append(b"\x30\x00")),
    "a JWK Set as bundle": wrong("XP9", edit_x509=svid(bundle=b'{"keys":[]}')),
    "federated bundle in PEM": wrong("XP9",
        edit_x509=federated(FOREIGN, b"-----BEGIN CERTIFICATE-----\n")),
    "own bundle lacks": wrong("XB1", edit_x509_bundles=bundle("{own}", None)),
    "bundle of no certificates": wrong("XB1", edit_x509_bundles=bundle(FOREIGN, b"x")),
    "X.509 bundles refused": wrong("XB1", codes={"FetchX509Bundles": Code.PERMISSION_DENIED}),
    "another code for bundles": wrong("XB2", flags="--no-identity", identity=False,
        codes={"FetchX509Bundles": Code.NOT_FOUND}),
    # Certificates
    "two URIs": wrong("XD1", "XP3",
        leaf={"uris": ["spiffe://right.example/a", "spiffe://right.example/b"]}),
    "no URI": wrong("XD1", "XP3", leaf={"uris": [], "subject": "web"}),
    "no path": wrong("XD2", paths=("/web", "")),
    "SAN not critical": wrong("XD3", leaf={"names_critical": False}),
    "leaf is a CA": wrong("XD4", leaf={"ca": True}),
    "signer is no CA": wrong("XD4", "XD11", signer={"ca": False}),
    "no key usage": wrong("XD5", leaf={"usage": None}),
    "key usage not critical": wrong("XD5", leaf={"usage_critical": False}),
    "signer's usage not critical": wrong("XD5", signer={"usage_critical": False}),
    "signer without keyCertSign": wrong("XD6", "XD11", root={"usage": usage("crl_sign")}),
    "leaf without digitalSignature": wrong("XD7", leaf={"usage": usage("key_encipherment")}),
    "leaf with keyCertSign": wrong("XD7",
        leaf={"usage": usage("digital_signature", "key_cert_sign")}),
    "leaf with cRLSign": wrong("XD7", leaf={"usage": usage("digital_signature", "crl_sign")}),
    "for servers alone": wrong("XD8", leaf={"purposes": documents.AUTHENTICATION[:1]}),
    "for clients alone": wrong("XD8", leaf={"purposes": documents.AUTHENTICATION[1:]}),
    "no extended key usage": wrong("XD8b", leaf={"purposes": ()}),
    "signer with a path": wrong("XD9", signer={"uris": ["spiffe://right.example/signer"]}),
    "signer without SPIFFE ID": wrong("XD9b", root={"uris": []}),
    "signer of another domain": wrong("XD9b", signer={"uris": [FOREIGN]}),
    "expired": wrong("XD11", "S3", leaf={"begins": -60, "ends": -1}),
    "not valid yet": wrong("XD11", leaf={"begins": 60}),
    "signed by another": wrong("XD11", leaf={"signed_by": STRANGER}),
    # SPIFFE IDs
    "a query": wrong("ID1", paths=("/web", "/spare?x=1")),
    "a fragment": wrong("ID1", paths=("/web", "/spare#x")),
    "a port": wrong("ID2", "ID6", "JP3b", domain="right.example:80"),
    "a long trust domain": wrong("ID2", "ID6", domain="a" * 256),
    "an empty segment": wrong("ID3", paths=("/web", "/a//b")),
    "a slash at the end": wrong("ID3", paths=("/web", "/spare/")),
    "a segment ..": wrong("ID3", paths=("/web", "/a/../b")),
    "a percent sign": wrong("ID3", paths=("/web", "/sp%61re")),
    "a long SPIFFE ID": wrong("ID4", paths=("/web", "/" + "a" * 2048)),
    "capitals": wrong("ID5", "JP3b", domain="Right.example"),
    "a slash after the domain": wrong("ID6",
        edit_jwt_bundles=bundle(FOREIGN + "/", b'{"keys":[]}')),
    # The JWT profile
    "no audience": wrong("JP1",
        check_audiences=also("check_audiences", lambda audiences: not audiences)),
    "another code for malformed IDs": wrong("JP2", malformed=Code.PERMISSION_DENIED),
    "tokens of others": wrong("JP3", "WP2c", wanted=takes_any_id),
    "another code for others": wrong("JP3b", not_yours=Code.NOT_FOUND),
    "a token too few": wrong("JP4", edit_tokens=lambda self, message: drop_second(message.svids)),
    "tokens refused": wrong("JP4", check_request=refuses_tokens),
    "all tokens for one ID": wrong("JP4b", "WP2b", wanted=gives_all_ids),
    "an audience more": wrong("JP5",
        edit_token=claim(aud=["conformance-one", "conformance-two", "more"])),
    "an audience less": wrong("JP5",
        edit_token=lambda self, number, header, claims: drop_second(claims["aud"])),
    "one hint for tokens": wrong("JP6", token_hints=("one", "one")),
    "own JWK Set lacks": wrong("JB1", edit_jwt_bundles=bundle("{own}", None)),
    "JWT bundles refused": wrong("JB1", codes={"FetchJWTBundles": Code.PERMISSION_DENIED}),
    "a key of another use": wrong("JB1b", edit_jwks=jwk(lambda key: key.update(use="x509-svid"))),
    "a certificate among keys": wrong("JB1b", edit_jwks=jwk(lambda key: key.update(x5c=["AAAA"]))),
    "no JSON": wrong("JB2", edit_jwt_bundles=bundle(FOREIGN, b"{")),
    "no keys": wrong("JB2", edit_jwt_bundles=bundle(FOREIGN, b"{}")),
    "a key without kty": wrong("JB2", edit_jwks=jwk(lambda key: key.pop("kty"))),
    "a key without kid": wrong("JD10", edit_jwks=jwk(lambda key: key.pop("kid"))),
    "no audience to validate": wrong("JV1",
        check_validate=also("check_validate", lambda asked: bool(asked.svid)),
        is_for=also("is_for", lambda token, audience: not audience)),
    "no token to validate": wrong("JV1", check_validate=wants_token),
    "own token not believed": wrong("JV2", is_for=lambda self, token, audience: False),
    "another ID told": wrong("JV2",
        edit_validated=lambda self, message: setattr(message, "spiffe_id", self.ids[1])),
    "a claim withheld": wrong("JV2",
        edit_validated=lambda self, message: message.claims.fields.pop("exp")),
    "signatures not checked": wrong("JV3", is_signed=lambda self, token: True),
    "alg none believed": wrong("JV3",
        is_signed=also("is_signed", lambda token: token.header["alg"] == "none")),
    "public key as secret": wrong("JV3", is_signed=also("is_signed", accepts_public_key_as_secret)),
    "any audience believed": wrong("JV3", is_for=lambda self, token, audience: True),
    "bytes at the end believed": wrong("JV3", open=believes_longer),
    "another code for forged tokens": wrong("JV3b", disbelieved=Code.UNAUTHENTICATED),
    "foreign tokens believed": wrong("JV4", is_known=lambda self, token: True,
        is_signed=also("is_signed", lambda token: "unknown.invalid" in token.claims["sub"])),
    # Tokens
    "padding": wrong("JD1", write_token=lambda self, number, text: text + "=" * number),
    "JSON serialization": wrong("JD1",
        write_token=lambda self, number, text: json.dumps([text]) if number else text),
    "another header": wrong("JD2", edit_token=header(jku="https://right.example")),
    "alg HS256": wrong("JD3", edit_token=header(alg="HS256")),
    "alg none": wrong("JD3", edit_token=header(alg="none")),
    "alg EdDSA": wrong("JD3", edit_token=header(alg="EdDSA")),
    "no kid": wrong("JD4", edit_token=second(lambda header, claims: header.pop("kid"))),
    "kid not in the bundle": wrong("JD4b", edit_token=header(kid="other")),
    "kid of another key": wrong("JD4b", edit_token=header(kid="second")),
    "another typ": wrong("JD5", edit_token=header(typ="at+jwt")),
    "another sub": wrong("JD6", edit_token=claim(sub="spare")),
    "no aud": wrong("JD7", "JP5", edit_token=second(lambda header, claims: claims.pop("aud"))),
    "no exp": wrong("JD8", edit_token=second(lambda header, claims: claims.pop("exp"))),
    "exp is past": wrong("JD8", edit_token=claim(exp=1)),
    "exp is text": wrong("JD8", edit_token=claim(exp="4000000000")),
    # The WIT profile
    "half of the WIT profile": wrong("WP1", codes={"FetchWITBundles": Code.UNIMPLEMENTED}),
    "a WIT-SVID too few": wrong("WP2", edit_wits=lambda self, message: drop_second(message.svids)),
    "no key of a WIT-SVID": wrong("WP2", "WD5b", edit_wits=wit(wit_svid_key="")),
    "WIT-SVIDs refused": wrong("WP2", check_request=refuses_wits),
    "one hint for WIT-SVIDs": wrong("WP3", wit_hints=("one", "one")),
    "own WIT bundle lacks": wrong("WP4", edit_wit_bundles=bundle("{own}", None)),
    "WIT bundles refused": wrong("WP4", codes={"FetchWITBundles": Code.PERMISSION_DENIED}),
    "WIT bundle that is no JSON": wrong("WP4", edit_wit_bundles=bundle(FOREIGN, "{")),
    "a WIT key without use": wrong("WD8", edit_wit_jwks=jwk(lambda key: key.pop("use"))),
    "a key of JWT-SVIDs among those of WIT-SVIDs": wrong("WD8",
        edit_wit_jwks=jwk(lambda key: key.update(use="jwt-svid"))),
    "a WIT key without kid": wrong("WD9", edit_wit_jwks=jwk(lambda key: key.pop("kid"))),
    "a kid of JWT-SVIDs": wrong("WD9", edit_wit_jwks=jwk(lambda key: key.update(kid="first"))),
    "a kid twice": wrong("WD9", edit_wit_jwks=jwk(lambda key: key.update(kid="wit-first"))),
    # WIT-SVIDs
    "padding of a WIT-SVID": wrong("WD1", edit_wits=wit(wit_svid=lambda one: one.wit_svid + "=")),
    "no kid of a WIT-SVID": wrong("WD1b", edit_wit=second(lambda header, claims: header.pop("kid"))),
    "kid of another WIT key": wrong("WD1b", edit_wit=header(kid="wit-second")),
    "kid of no WIT key": wrong("WD1b", edit_wit=header(kid="first")),
    "typ JWT": wrong("WD2", edit_wit=header(typ="JWT")),
    "no typ": wrong("WD2", edit_wit=second(lambda header, claims: header.pop("typ"))),
    "WIT-SVID with EdDSA": wrong("WD3", edit_wit=header(alg="EdDSA")),
    "another sub of a WIT-SVID": wrong("WD4", edit_wit=claim(sub="spare")),
    "no cnf": wrong("WD5", edit_wit=second(lambda header, claims: claims.pop("cnf"))),
    "cnf.jwk without alg": wrong("WD5",
        edit_wit=second(lambda header, claims: claims["cnf"]["jwk"].pop("alg"))),
    "cnf.jwk with EdDSA": wrong("WD5", edit_wit=names(alg="EdDSA")),
    "cnf.jwk with its private half": wrong("WD5", edit_wit=names(d="AQ")),
    "the key of another WIT-SVID": wrong("WD5b",
        edit_wits=wit(wit_svid_key=json.dumps(documents.private_jwk(STRANGER)))),
    "another private half": wrong("WD5b", edit_wits=wit(wit_svid_key=json.dumps(
        {**documents.private_jwk(STRANGER), **documents.point(documents.HOLDER)}))),
    "a key in PEM": wrong("WD5b", edit_wits=wit(wit_svid_key="-----BEGIN PRIVATE KEY-----")),
    "no exp of a WIT-SVID": wrong("WD6", edit_wit=second(lambda header, claims: claims.pop("exp"))),
    "exp of a WIT-SVID is past": wrong("WD6", edit_wit=claim(exp=1)),
    "a WIT-SVID with aud": wrong("WD7", edit_wit=claim(aud=["reports"])),
}
