"""Re-encryption by the original's commands: what is counted, what changes, and what never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.admin_program import PAYLOADS, Done, alias, named, stream

if TYPE_CHECKING:
    from tests.cli.system import System
    from tests.sql.support import Agent

__all__ = ["stream"]

PROOFS = ["reencrypt-ves-validity-proofs", "reencrypt-ves-compliance-proofs"]


@pytest.fixture(autouse=True)
def full(here: System) -> None:
    if not here.is_full:
        pytest.skip("re-encryption needs PL/Python")


def test_payloads_are_encrypted_under_the_current_key_once_and_exported_as_received(
    here: System, stream: Agent
) -> None:
    url = here.database.url("ves_admin")
    command = ["reencrypt-events", *named(stream), "--batch-size", "2"]
    told = alias(*command, "--dry-run", url=url)
    assert told == Done(0, "ok: scanned=5 would_update=5 skipped_current_key=0 (dry run)\n", "")
    assert alias(*command, "--limit", "3", url=url).out == "ok: scanned=3 updated=3 skipped_current_key=0\n"
    assert alias(*command, url=url).out == "ok: scanned=5 updated=2 skipped_current_key=3\n"
    assert alias(*command, url=url).out == "ok: scanned=5 updated=0 skipped_current_key=5\n"
    assert alias(*command, "--force", url=url).out == "ok: scanned=5 updated=5 skipped_current_key=0\n"
    lines = alias("export-events", *named(stream), url=url).out.splitlines()
    assert [f'"payload":{payload},' in line for line, payload in zip(lines, PAYLOADS, strict=True)] == [
        True
    ] * 5
    with here.database.connect("ves_admin") as connection:
        assert (
            connection.execute(
                "select * from ves.verify_stream(%s, %s)", [stream.tenant_id, stream.store_id]
            ).fetchall()
            == []
        )


@pytest.mark.parametrize("command", PROOFS)
def test_a_stream_without_proofs_has_none_to_encrypt(here: System, stream: Agent, command: str) -> None:
    told = alias(command, *named(stream), url=here.database.url("ves_admin"))
    assert told == Done(0, "ok: scanned=0 updated=0 skipped_current_key=0\n", "")


@pytest.mark.parametrize("command", ["reencrypt-events", *PROOFS])
@pytest.mark.parametrize(
    "options",
    [["--batch-size", "0"], ["--batch-size", "10001"], ["--limit", "0"], ["--store-id", "x"]],
)
def test_wrong_usage_is_a_failure(command: str, options: list[str]) -> None:
    assert alias(command, *options).code == 1
