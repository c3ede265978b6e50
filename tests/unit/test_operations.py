"""Declarations of operations: none without a permission that can be enforced, and permissions that hold."""

from __future__ import annotations

import dataclasses
import uuid
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ves_api.auth.identity import ANYONE, NIL, NOBODY, Identity
from ves_api.auth.permission import (
    ADMIN,
    ADMIN_VISIBLE,
    AGENT_OR_ADMIN,
    INGEST,
    READ_OR_ADMIN,
    authorize,
    in_own_tenant,
    in_stream,
    in_tenant,
    where_found,
)
from ves_api.operations.kit import Area, Context, Operation
from ves_api.operations.parameters import NoInput, Stream
from ves_edge.errors import ApiError

OURS, THEIRS, STORE, ELSEWHERE, AGENT = (uuid.UUID(int=n) for n in range(1, 6))
READER = dataclasses.replace(NOBODY, tenant_id=OURS, can_read=True, stores=frozenset({STORE}))
WRITER = dataclasses.replace(NOBODY, tenant_id=OURS, can_write=True, agent_id=AGENT)
operation = Area("An area").operation
ADMINISTRATOR = dataclasses.replace(NOBODY, tenant_id=OURS, can_admin=True)


class Wanted(msgspec.Struct):
    tenant_id: uuid.UUID


class WithBody(NoInput, kw_only=True, frozen=True):
    body: Wanted


def given(**members: Any) -> Any:
    return SimpleNamespace(**members)


async def nothing(context: Context, given: Any) -> None:
    """No work."""


def declare(**members: Any) -> Operation[Any]:
    wanted: dict[str, Any] = {"permission": ADMIN, "input": NoInput, **members}
    return operation(**wanted)(nothing)


def test_name_summary_tag_input_and_output_of_an_operation_are_those_of_its_call() -> None:
    async def count_members(context: Context, given: Wanted) -> int:
        """Count members.

        This is not part of the summary.
        """
        return len(repr((context, given)))

    declared = operation(permission=ADMIN)(count_members)
    found = (declared.name, declared.summary, declared.tag, declared.input, declared.output)
    assert found == ("count_members", "Count members", "An area", Wanted, int)


def test_an_operation_without_a_permission_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="permission"):
        operation(input=NoInput)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "permission", [in_stream("read"), in_tenant("read"), in_own_tenant("read"), AGENT_OR_ADMIN, INGEST]
)
def test_a_permission_that_needs_members_that_the_input_lacks_cannot_be_declared(permission: Any) -> None:
    with pytest.raises(TypeError, match="needs"):
        declare(permission=permission)


def test_an_error_that_is_not_registered_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="no_such_error"):
        declare(errors=("no_such_error",))


def test_the_members_that_a_permission_needs_may_be_in_the_body() -> None:
    declared = declare(permission=in_tenant("admin"), input=WithBody)
    assert declared.body is Wanted
    context = Context(services=given(), origin=given(), identity=ADMINISTRATOR)
    declared.authorize(context, WithBody(body=Wanted(OURS)))
    assert context.tenant_id == OURS
    with pytest.raises(ApiError):
        declared.authorize(context, WithBody(body=Wanted(THEIRS)))


def test_a_call_is_by_nobody_until_somebody_is_admitted() -> None:
    context = Context(services=given(), origin=given())
    with pytest.raises(ApiError):
        declare(permission=in_stream("read"), input=Stream).authorize(
            context, Stream(tenant_id=NIL, store_id=STORE)
        )


@pytest.mark.parametrize(
    ("identity", "permission", "members", "refusal"),
    [
        (READER, in_stream("read"), {"tenant_id": OURS, "store_id": STORE}, None),
        (READER, in_stream("read"), {"tenant_id": OURS, "store_id": ELSEWHERE}, "store_access_denied"),
        (READER, in_stream("read"), {"tenant_id": THEIRS, "store_id": STORE}, "tenant_access_denied"),
        (READER, in_stream("write"), {"tenant_id": OURS, "store_id": STORE}, "insufficient_permissions"),
        (READER, in_tenant("read"), {"tenant_id": OURS}, None),
        (READER, in_tenant("read"), {"tenant_id": THEIRS}, "tenant_access_denied"),
        (READER, READ_OR_ADMIN, {}, None),
        (ADMINISTRATOR, READ_OR_ADMIN, {}, None),
        (WRITER, READ_OR_ADMIN, {}, "insufficient_permissions"),
        (READER, where_found("read", "it"), {}, None),
        (READER, where_found("write", "it"), {}, "insufficient_permissions"),
        (NOBODY, where_found("read", "it"), {}, "insufficient_permissions"),
        (WRITER, AGENT_OR_ADMIN, {"agent_id": AGENT}, None),
        (WRITER, AGENT_OR_ADMIN, {"agent_id": uuid.uuid4()}, "insufficient_permissions"),
        (ADMINISTRATOR, AGENT_OR_ADMIN, {"agent_id": AGENT}, None),
        (READER, AGENT_OR_ADMIN, {"agent_id": AGENT}, "insufficient_permissions"),
        (WRITER, INGEST, {"agent_id": AGENT, "tenant_id": OURS, "store_id": STORE}, None),
        (WRITER, INGEST, {"agent_id": uuid.uuid4(), "tenant_id": OURS, "store_id": STORE}, "agent_mismatch"),
        (ANYONE, in_own_tenant("admin"), {"tenant_id": None}, "invalid_query"),
        (ADMINISTRATOR, in_own_tenant("admin"), {"tenant_id": THEIRS}, "tenant_access_denied"),
        (ADMINISTRATOR, ADMIN_VISIBLE, {"tenant_id": THEIRS}, "tenant_access_denied"),
    ],
)
def test_a_permission_opens_to_those_that_it_names(
    identity: Identity, permission: Any, members: dict[str, Any], refusal: str | None
) -> None:
    if refusal is None:
        authorize(identity, permission, given(**members))
    else:
        with pytest.raises(ApiError) as caught:
            authorize(identity, permission, given(**members))
        assert caught.value.name == refusal


@pytest.mark.parametrize(
    ("identity", "permission", "members", "tenant"),
    [
        (ADMINISTRATOR, in_own_tenant("admin"), {"tenant_id": None}, OURS),
        (ANYONE, in_own_tenant("admin"), {"tenant_id": THEIRS}, THEIRS),
        (ADMINISTRATOR, ADMIN_VISIBLE, {}, OURS),
        (ANYONE, ADMIN_VISIBLE, {}, None),
        (ANYONE, ADMIN_VISIBLE, {"tenant_id": THEIRS}, THEIRS),
        (ANYONE, where_found("read", "it"), {}, NIL),
        (READER, where_found("read", "it"), {}, OURS),
        (ADMINISTRATOR, AGENT_OR_ADMIN, {"agent_id": AGENT}, OURS),
        (READER, READ_OR_ADMIN, {}, None),
    ],
)
def test_the_authorized_tenant_is_the_one_that_the_call_is_about(
    identity: Identity, permission: Any, members: dict[str, Any], tenant: uuid.UUID | None
) -> None:
    assert authorize(identity, permission, given(**members)) == tenant
