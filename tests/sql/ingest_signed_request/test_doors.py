"""The doors for services take what the route of the API with the same body takes, and refuse the rest with its code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.sql.support import Edge

DOORS = [
    ("ves.ingest_signed_request", 10_485_760),
    ("ves.ingest_legacy_request", 10_485_760),
    ("ves.submit_payment_intent", 131_072),
]


@pytest.mark.parametrize(("door", "most"), DOORS)
def test_a_longer_request_is_refused_before_it_is_read(
    service: psycopg.Connection[Any], edge: Edge, door: str, most: int
) -> None:
    assert edge.signer_id
    for length, code in ((most, "VE001"), (most + 1, "VE004")):
        with pytest.raises(psycopg.Error) as refused:
            service.execute(f"select {door}(repeat(' ', %s))".encode(), [length])
        assert refused.value.sqlstate == code
    # two bytes a character
    with pytest.raises(psycopg.Error) as refused:
        service.execute(f"select {door}(repeat('é', %s))".encode(), [most // 2 + 1])
    assert refused.value.sqlstate == "VE004"


@pytest.mark.parametrize("door", [door for door, _ in DOORS])
def test_no_request_is_refused_as_a_missing_field(
    service: psycopg.Connection[Any], edge: Edge, door: str
) -> None:
    assert edge.signer_id
    with pytest.raises(psycopg.Error) as refused:
        service.execute(f"select {door}(null)".encode())
    assert refused.value.sqlstate == "VE008"


MEMBERS = {
    door: "tenant_id" if "payment" in door else "agent_id" if "legacy" in door else "agentId"
    for door, _ in DOORS
}


@pytest.mark.parametrize("door", [door for door, _ in DOORS])
def test_what_is_no_json_is_told_before_what_has_a_wrong_shape(
    service: psycopg.Connection[Any], edge: Edge, door: str
) -> None:
    assert edge.signer_id
    for value, code in (("[1,]", "VE001"), ("1_000", "VE001"), ("[1]", "VE002")):
        with pytest.raises(psycopg.Error) as refused:
            service.execute(f"select {door}(%s)".encode(), [f'{{"{MEMBERS[door]}":{value}}}'])
        assert refused.value.sqlstate == code


@pytest.mark.parametrize("door", [door for door, _ in DOORS])
def test_a_byte_order_mark_is_ignored(service: psycopg.Connection[Any], edge: Edge, door: str) -> None:
    assert edge.signer_id
    with pytest.raises(psycopg.Error) as refused:
        service.execute(f"select {door}(%s)".encode(), ["\ufeff{}"])
    assert refused.value.sqlstate == "VE002"


@pytest.mark.parametrize(
    ("policy", "params", "code"),
    [
        ("p" * 64, "{}", "VE609"),
        (" p\n", f'"{"x" * 32_766}"', "VE609"),
        (" \t", "{}", "VE007"),
        ("p" * 65, "{}", "VE007"),
        ("p", f'"{"x" * 32_767}"', "VE007"),
        ("p", None, "VE008"),
    ],
)
def test_a_policy_is_as_long_as_over_http_at_most(
    service: psycopg.Connection[Any], policy: str, params: str | None, code: str
) -> None:
    ids = "gen_random_uuid(), gen_random_uuid()"
    for call in (
        f"ves.get_compliance_inputs({ids}, %s, %s)",
        f"ves.submit_compliance_proof({ids}, 'x', 1, %s, %s, 'p')",
    ):
        with pytest.raises(psycopg.Error) as refused:
            service.execute(f"select {call}".encode(), [policy, params])
        assert refused.value.sqlstate == code
