"""Tokens: three HMAC digests, every claim demanded, and nothing of a stranger's making believed."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.api.tokens import AUDIENCE, SECRET, claims, token
from ves_api.auth.tokens import TokenReader
from ves_api.settings import load
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from ves_api.auth.identity import Identity

TENANT, AGENT, STORE = (uuid.UUID(int=n) for n in (1, 2, 3))
NIL = uuid.UUID(int=0)


def reader(**env: str) -> TokenReader:
    return TokenReader(load({"JWT_SECRET": SECRET, **env}).auth)


def identify(text: str, **env: str) -> Identity:
    return reader(**env).identify(text)


def refusal(text: str, **env: str) -> str:
    with pytest.raises(ApiError) as raised:
        identify(text, **env)
    return raised.value.name


def refusal_or_none(one: TokenReader, text: str) -> str | None:
    try:
        one.identify(text)
    except ApiError as error:
        return error.name
    return None


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_token_of_each_digest_tells_tenant_stores_agent_and_rights(algorithm: str) -> None:
    other = uuid.uuid4()
    identity = identify(
        token(
            TENANT,
            "write,admin",
            algorithm=algorithm,
            jti="token-7",
            agent=str(AGENT),
            stores=f"{STORE},{other.hex.upper()}",
        )
    )
    assert (identity.tenant_id, identity.agent_id) == (TENANT, AGENT)
    assert identity.stores == {STORE, other}
    assert (identity.can_read, identity.can_write, identity.can_admin) == (False, True, True)
    assert (identity.kind, identity.name, identity.epoch, identity.rate_limit) == (
        "jwt",
        "token-7",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("perms", "rights"),
    [
        (..., (False, False, False)),
        ("", (False, False, False)),
        ("read", (True, False, False)),
        ("write", (False, True, False)),
        ("admin", (False, False, True)),
        ("admin,read", (True, False, True)),
        ("read,write,admin", (True, True, True)),
    ],
)
def test_rights_come_in_any_combination(perms: Any, rights: tuple[bool, bool, bool]) -> None:
    identity = identify(token(TENANT, perms))
    assert (identity.can_read, identity.can_write, identity.can_admin) == rights


def test_a_nil_subject_with_admin_is_the_bootstrap_administrator_and_without_it_nobody() -> None:
    assert identify(token(NIL, "admin")).is_bootstrap_admin
    plain = identify(token(NIL, "read,write"))
    assert not plain.is_bootstrap_admin
    with pytest.raises(ApiError):
        plain.require_scope(NIL)


@pytest.mark.parametrize("name", ["sub", "iss", "aud", "exp", "iat", "nbf", "jti"])
def test_every_registered_claim_must_be_there(name: str) -> None:
    assert refusal(token(TENANT, **{name: ...})) == "invalid_token"


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "me"},
        {"sub": 7},
        {"iss": "somebody"},
        {"iss": ["stateset-sequencer"]},
        {"aud": "else"},
        {"aud": ["else", "where"]},
        {"aud": 5},
        {"exp": "tomorrow"},
        {"exp": "4102444800"},
        {"iat": True},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"iat": "now"},
        {"nbf": "now"},
        {"nbf": [1]},
        {"jti": 7},
        {"agent": "agent-7"},
        {"agent": ""},
        {"agent": 7},
        {"stores": "x"},
        {"stores": f"{STORE},"},
        {"stores": [str(STORE)]},
        {"perms": ["read"]},
        {"perms": 7},
    ],
    ids=str,
)
def test_a_claim_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    assert refusal(token(TENANT, **changes)) == "invalid_token"


@pytest.mark.parametrize(
    "perms", ["read, write", "read,write,", "write , read,root,ADMIN", "read,write,read write"]
)
def test_blanks_around_the_words_of_a_list_and_unknown_rights_count_for_nothing(perms: str) -> None:
    found = identify(token(TENANT, perms, stores=f" {STORE} , {STORE}"))
    assert (found.can_read, found.can_write, found.can_admin) == (True, True, False)
    assert found.stores == {STORE}


@pytest.mark.parametrize("perms", ["READ", "read write", "root", ",", " "])
def test_a_list_without_a_known_right_grants_nothing(perms: str) -> None:
    found = identify(token(TENANT, perms))
    assert (found.can_read, found.can_write, found.can_admin) == (False, False, False)


def test_an_audience_may_be_a_list_with_ours_in_it() -> None:
    assert identify(token(TENANT, aud=["else", AUDIENCE])).tenant_id == TENANT


def test_issuer_and_audience_are_those_of_the_settings() -> None:
    mine = {"JWT_ISSUER": "me", "JWT_AUDIENCE": "us"}
    assert identify(token(TENANT, iss="me", aud="us"), **mine).tenant_id == TENANT
    assert refusal(token(TENANT), **mine) == "invalid_token"


def test_an_expired_token_is_said_to_be_so_after_sixty_seconds_of_grace() -> None:
    now = int(time.time())
    assert identify(token(TENANT, exp=now - 50)).tenant_id == TENANT
    assert refusal(token(TENANT, exp=now - 61)) == "token_expired"
    assert refusal(token(TENANT, exp=now - 61, secret="other" * 20)) == "invalid_token"


def test_the_same_token_is_judged_again_at_each_request() -> None:
    one, text = reader(), token(TENANT, exp=int(time.time()) - 59)
    assert one.identify(text).tenant_id == TENANT
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and refusal_or_none(one, text) is None:
        pass
    assert refusal_or_none(one, text) == "token_expired"


def test_a_start_in_the_future_refuses_nobody() -> None:
    later = int(time.time()) + 3600
    assert identify(token(TENANT, nbf=later, iat=later)).tenant_id == TENANT


def test_a_token_without_a_signature_is_refused() -> None:
    body = encoded(claims(TENANT))
    for algorithm in ("none", "None", "NONE", "", None, 256, "HS1"):
        header = encoded({"alg": algorithm, "typ": "JWT"})
        for signature in ("", encoded(b"x" * 32)):
            assert refusal(f"{header}.{body}.{signature}") == "invalid_token"
    assert refusal(token(TENANT, secret="", algorithm="none")) == "invalid_token"


def test_a_signature_of_a_key_pair_is_refused_whoever_holds_the_public_key() -> None:
    for key, algorithm in (
        (rsa.generate_private_key(65537, 2048), "RS256"),
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
    ):
        assert refusal(token(TENANT, secret=key, algorithm=algorithm)) == "invalid_token"
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        # Somebody set the public key as the secret: still only HMAC counts.
        assert (
            refusal(token(TENANT, secret=key, algorithm=algorithm), JWT_SECRET=public.decode())
            == "invalid_token"
        )


def test_another_secret_or_a_changed_byte_is_refused() -> None:
    good = token(TENANT)
    assert refusal(token(TENANT, secret="other" * 20)) == "invalid_token"
    header, body, signature = good.split(".")
    forged = encoded({**claims(uuid.uuid4()), "perms": "admin"})
    assert refusal(f"{header}.{forged}.{signature}") == "invalid_token"
    assert refusal(f"{header}.{body}.{signature[:-2]}") == "invalid_token"


def test_garbage_is_refused_and_nothing_else_comes_out() -> None:
    deep, binary = b"[" * 5000, b"\xff"
    for text in (
        "..",
        "a.b.c",
        "e30.e30.e30",
        f"{encoded(deep)}.{encoded(deep)}.x",
        f"{encoded({'alg': 'HS256', 'kid': 7})}.{encoded(claims(TENANT))}.x",
        f"{encoded({'alg': 'HS256', 'crit': ['b64'], 'b64': False})}.{encoded(claims(TENANT))}.x",
        f"{encoded([])}.{encoded([])}.x",
        f"{encoded({'alg': 'HS256'})}.{encoded(binary)}.x",
    ):
        assert refusal(text) == "invalid_token", text


def test_claims_that_are_no_object_are_refused_although_signed() -> None:
    for payload in (b"[]", b"7", b"null", b"\xff", b"[" * 3000):
        assert refusal(jwt.PyJWS().encode(payload, SECRET)) == "invalid_token"


def test_without_a_secret_no_token_is_valid() -> None:
    assert refusal(token(TENANT), JWT_SECRET="") == "invalid_token"


def test_a_short_secret_of_a_developer_works() -> None:
    assert identify(token(TENANT, secret="short"), JWT_SECRET="short").tenant_id == TENANT
