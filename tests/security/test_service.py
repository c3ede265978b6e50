"""What SECURITY.md says of the trusted service and the auditor, tried as each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.conftest import Database

IDS = "'3b241101-e2bb-4255-8caf-4136c566a962', '3b241101-e2bb-4255-8caf-4136c566a962'"
NOT_FOR_A_SERVICE = [
    f"ves.create_commitment({IDS}, 1, 2)",
    f"ves.commit_next({IDS})",
    f"ves.create_legacy_commitment({IDS}, 1, 2)",
    "ves.register_schema('3b241101-e2bb-4255-8caf-4136c566a962', 'order.created', 'false')",
    f"ves.set_schema_status({IDS}, 'archived')",
    "ves.set_schema_validation_mode('disabled')",
]


@pytest.mark.parametrize("role", ["ves_service", "ves_reader"])
@pytest.mark.parametrize("call", NOT_FOR_A_SERVICE)
def test_neither_commits_nor_decides_which_payloads_are_valid(shared: Database, role: str, call: str) -> None:
    with (
        shared.connect(role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for function"),
    ):
        connection.execute(f"select {call}".encode())
