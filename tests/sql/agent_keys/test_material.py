"""Key material and proofs of possession, judged inside the database (VES 6.3, 6.4)."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, scalar
from ves import bundles, digests, ed25519, hpke

if TYPE_CHECKING:
    from tests.conftest import Database

POP = json.loads((Path(__file__).parents[2] / "vectors/ves/keys_pop.json").read_text(encoding="utf-8"))
CLASSIC = bytes.fromhex(POP["ed25519"]["public_key"].removeprefix("0x"))
PQC = bytes.fromhex(POP["ml_dsa_65"]["public_key"].removeprefix("0x"))
HYBRID_POP = {
    name: bytes.fromhex(POP["hybrid_pop"][name].removeprefix("0x"))
    for name in ("ed25519_pop", "ml_dsa_65_pop")
}
STRICT_POP = bytes.fromhex(POP["strict_pop"]["ml_dsa_65_pop"].removeprefix("0x"))
KEM = bytes(1184)
WRAP = hpke.public_key(bytes(range(32)))
SIGNING = bundles.encode_key_bundle(CLASSIC, PQC)
STRICT = bundles.encode_key_bundle(ml_dsa_65=PQC)
REGISTER = (
    "select ves.register_agent_key(%(tenant)s, %(agent)s, 1, %(public_key)s, %(algorithm)s::smallint{extra})"
)
BOTH = bundles.encode_proof_bundle(HYBRID_POP["ed25519_pop"], HYBRID_POP["ml_dsa_65_pop"])
# The u coordinates of the points whose order divides 8, as RFC 7748 has them refused.
SMALL_ORDER_X25519 = [
    "00" * 32,
    "01" + "00" * 31,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ec" + "ff" * 30 + "7f",
]


def register(
    connection: psycopg.Connection[Any], public_key: bytes | None, algorithm: int, **named: Any
) -> tuple[uuid.UUID, uuid.UUID]:
    tenant, agent = uuid.uuid4(), uuid.uuid4()
    extra = "".join(f", {name} => %({name})s" for name in named)
    connection.execute(
        REGISTER.format(extra=extra),
        {"tenant": tenant, "agent": agent, "public_key": public_key, "algorithm": algorithm, **named},
    )
    return tenant, agent


def refusal(connection: psycopg.Connection[Any], *arguments: Any, **named: Any) -> tuple[Any, Any]:
    with pytest.raises(psycopg.Error) as caught:
        register(connection, *arguments, **named)
    return caught.value.sqlstate, caught.value.diag.message_detail


@pytest.mark.parametrize(
    ("algorithm", "public_key", "named"),
    [
        (1, CLASSIC, {}),
        (1, CLASSIC, {"public_key_bundle": bundles.encode_key_bundle(CLASSIC)}),
        (2, WRAP, {}),
        (3, None, {"public_key_bundle": STRICT, "proof_of_possession": STRICT_POP}),
        (
            3,
            None,
            {
                "public_key_bundle": STRICT,
                "proof_of_possession_bundle": bundles.encode_proof_bundle(None, STRICT_POP),
            },
        ),
        (4, None, {"public_key_bundle": bundles.encode_key_bundle(ml_kem_768=KEM)}),
        (5, CLASSIC, {"public_key_bundle": SIGNING, "proof_of_possession_bundle": BOTH}),
        (6, WRAP, {"public_key_bundle": bundles.encode_key_bundle(x25519=WRAP, ml_kem_768=KEM)}),
    ],
)
def test_a_key_of_each_algorithm_is_registered(
    admin: psycopg.Connection[Any], algorithm: int, public_key: bytes | None, named: dict[str, Any]
) -> None:
    tenant, agent = register(admin, public_key, algorithm, **named)
    listed = admin.execute(
        "select key_algorithm, public_key, public_key_bundle, key_type from ves.list_agent_keys(%s, %s)",
        [tenant, agent],
    ).fetchall()
    use = "encryption" if algorithm in (2, 4, 6) else "signing"
    assert listed == [(algorithm, public_key or bytes(32), named.get("public_key_bundle"), use)]


@pytest.mark.parametrize(
    ("algorithm", "public_key", "bundle", "field"),
    [
        (3, None, None, "publicKeyBundle.mlDsa65PublicKey"),
        (3, None, b"not json", "publicKeyBundle.mlDsa65PublicKey"),
        (3, None, b'{"ml_dsa_65_public_key": [1, 2]}', "publicKeyBundle.mlDsa65PublicKey"),
        (3, None, b'{"ml_dsa_65_public_key": [256]}', "publicKeyBundle.mlDsa65PublicKey"),
        (3, None, b'{"ml_dsa_65_public_key": "00"}', "publicKeyBundle.mlDsa65PublicKey"),
        (4, None, STRICT, "publicKeyBundle.mlKem768PublicKey"),
        (6, WRAP, None, "publicKeyBundle.mlKem768PublicKey"),
        (5, CLASSIC, bundles.encode_key_bundle(WRAP, PQC), "publicKeyBundle.ed25519PublicKey"),
        (1, CLASSIC, bundles.encode_key_bundle(WRAP), "publicKeyBundle.ed25519PublicKey"),
        (2, WRAP, bundles.encode_key_bundle(x25519=CLASSIC), "publicKeyBundle.x25519PublicKey"),
        (1, CLASSIC, b"[" * 70_000, "publicKeyBundle"),
        (3, None, b"[" * 65_536, "publicKeyBundle.mlDsa65PublicKey"),
        (3, None, b'{"ml_dsa_65_public_key": ["\\u0000", 1e400]}', "publicKeyBundle.mlDsa65PublicKey"),
        (3, None, b"\xff\xfe", "publicKeyBundle.mlDsa65PublicKey"),
        (1, CLASSIC, b"\xff\xfe", "publicKeyBundle"),
        *[(2, bytes.fromhex(key), None, "publicKey") for key in SMALL_ORDER_X25519],
    ],
)
def test_a_bundle_that_does_not_fit_and_a_key_of_small_order_are_refused(
    admin: psycopg.Connection[Any], algorithm: int, public_key: bytes, bundle: bytes | None, field: str
) -> None:
    assert refusal(admin, public_key, algorithm, public_key_bundle=bundle) == (
        "VE201",
        json.dumps({"field": field}),
    )


@pytest.mark.parametrize(
    ("algorithm", "named"),
    [
        (3, {"public_key_bundle": STRICT}),
        (3, {"public_key_bundle": STRICT, "proof_of_possession": HYBRID_POP["ml_dsa_65_pop"]}),
        (3, {"public_key_bundle": STRICT, "proof_of_possession": b"short"}),
        (5, {"public_key_bundle": SIGNING}),
        (5, {"public_key_bundle": SIGNING, "proof_of_possession": HYBRID_POP["ed25519_pop"]}),
        (
            5,
            {
                "public_key_bundle": SIGNING,
                "proof_of_possession_bundle": bundles.encode_proof_bundle(HYBRID_POP["ed25519_pop"], None),
            },
        ),
        (
            5,
            {
                "public_key_bundle": SIGNING,
                "proof_of_possession_bundle": bundles.encode_proof_bundle(
                    bytes(64), HYBRID_POP["ml_dsa_65_pop"]
                ),
            },
        ),
        (5, {"public_key_bundle": SIGNING, "proof_of_possession_bundle": b"[]"}),
        (1, {"proof_of_possession": bytes(64)}),
        (1, {"proof_of_possession_bundle": BOTH}),
    ],
)
def test_a_proof_that_is_missing_wrong_or_misplaced_is_refused(
    admin: psycopg.Connection[Any], algorithm: int, named: dict[str, Any]
) -> None:
    assert refusal(admin, CLASSIC, algorithm, **named)[0] == "VE202"


def test_an_ed25519_proof_is_optional_and_counts_when_given(admin: psycopg.Connection[Any]) -> None:
    agent = Agent()
    proof = ed25519.sign(agent.seed, digests.pop_challenge(agent.public_key))
    agent.register(admin, proof_of_possession=proof)
    other = Agent()
    with pytest.raises(psycopg.Error) as caught:
        other.register(admin, proof_of_possession=proof)
    assert caught.value.sqlstate == "VE202"


def test_a_second_registration_says_whether_it_is_the_same_key(admin: psycopg.Connection[Any]) -> None:
    agent = Agent()
    agent.register(admin)
    for again, identical in ((agent, "true"), (Agent(agent.tenant_id, agent_id=agent.agent_id), "false")):
        with pytest.raises(psycopg.Error) as caught:
            again.register(admin)
        assert (caught.value.sqlstate, caught.value.diag.message_detail) == (
            "VE301",
            f'{{"identical": {identical}}}',
        )


def test_what_is_missing_is_named(admin: psycopg.Connection[Any]) -> None:
    for arguments, field in (
        ("null, %s, 1", "tenantId"),
        ("%s, null, 1", "agentId"),
        ("%s, gen_random_uuid(), null", "keyId"),
    ):
        with pytest.raises(psycopg.Error) as caught:
            admin.execute(f"select ves.register_agent_key({arguments}, %s)", [uuid.uuid4(), CLASSIC])
        assert (caught.value.sqlstate, caught.value.diag.message_detail) == (
            "VE008",
            json.dumps({"field": field}),
        )


def test_the_api_may_store_what_it_has_judged_and_nobody_else_may(shared: Database) -> None:
    call = "select ves.store_agent_key(%s, %s, 1, %s, 3::smallint, %s, null, null, null, null)"
    arguments = [uuid.uuid4(), uuid.uuid4(), bytes(32), STRICT]
    for role in ("ves_admin", "ves_service", "ves_worker"):
        with shared.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(call, arguments)
    with shared.connect("ves_api") as connection:
        connection.execute(call, arguments)
        assert scalar(connection, "select status from ves.list_agent_keys(%s)", arguments[:1]) == "active"
