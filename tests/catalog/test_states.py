"""State machines: every column with a closed set of values is a machine or is listed as none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.conftest import Database

# Columns whose values are a closed set and no states of a life cycle: never changed, or free to change.
NO_MACHINE = {
    "audit_log.action": "append-only",
    "audit_log.actor_type": "append-only",
    "chain_transactions.kind": "what it is for, not how far",
    "commitment_anchors.anchor": "part of a key",
    "commit_default.mode": "either mode may follow the other",
    "commit_policies.mode": "either mode may follow the other",
    "dead_letter_events.reason": "why, not how far",
    "encryption_key_group_members.role": "either role may follow the other",
    "event_schemas.compatibility": "set once",
    "group_key_audit_log.action": "append-only",
    "key_rotation_audit_log.action": "append-only",
    "key_rotation_audit_log.actor_type": "append-only",
    "key_rotation_policies.key_type": "part of a key",
    "key_usage_counters.key_type": "part of a key",
    "projection_checkpoints.stream": "part of a key",
    "projection_mode.mode": "any mode may follow any",
    "projection_retries.stream": "part of a key",
    "projectors.state": "set by the installation",
    "rate_limits.bucket": "part of a key",
    "rejected_events_log.stream": "set once",
    "scheduled_key_rotations.key_type": "set once",
    "scheduled_key_rotations.reason": "why, not how far",
    "schema_validation.mode": "any mode may follow any",
    "schema_state.mode": "what the server offers",
    "shredded_payloads.stream": "append-only",
    "subscriptions.kind": "set once",
    "signers.algorithm": "set once",
    "ves_compliance_proofs.amount_binding": "append-only",
    "x402_spending_limits.asset": "part of a key",
    "x402_status_log.subject": "append-only",
    "x402_tokens.asset": "part of a key",
}
# Columns and the values that their check allows.
CLOSED_SETS = """
    select c.relname || '.' || a.attname,
      array(select m[1] from regexp_matches(pg_get_constraintdef(k.oid), '''([a-z0-9_]+)''::text', 'g') as m)
    from pg_constraint as k
    join pg_class as c on c.oid = k.conrelid
    join pg_attribute as a on a.attrelid = c.oid and k.conkey = array[a.attnum]
    where k.connamespace = 'ves_store'::regnamespace and k.contype = 'c'
      and a.atttypid = 'text'::regtype and pg_get_constraintdef(k.oid) like '%= ANY (ARRAY[%'"""


def test_every_column_with_a_closed_set_of_states_has_a_machine(catalog: psycopg.Connection[Any]) -> None:
    sets = dict(catalog.execute(CLOSED_SETS).fetchall())
    machines = dict(
        catalog.execute(
            "select machine, array_agg(distinct state) from ves_store.transitions,"
            " unnest(array[from_state, to_state]) as state where state <> '' group by machine"
        ).fetchall()
    )
    assert set(sets) == set(machines) | set(NO_MACHINE)
    assert {name: sorted(states) for name, states in machines.items()} == {
        name: sorted(sets[name]) for name in machines
    }


def test_every_machine_has_its_trigger_and_every_trigger_its_machine(
    catalog: psycopg.Connection[Any],
) -> None:
    guarded = catalog.execute(
        r"""select t.tgrelid::regclass::text, convert_from(rtrim(t.tgargs, '\x00'), 'UTF8'), t.tgtype & 23 = 23,
          t.tgenabled = 'O', t.tgattr::text = a.attnum::text
        from pg_trigger as t
        join pg_attribute as a on a.attrelid = t.tgrelid
          and a.attname = convert_from(rtrim(t.tgargs, '\x00'), 'UTF8')
        where t.tgfoid = 'ves_int.tg_state__refuse_step'::regproc"""
    ).fetchall()
    machines = catalog.execute("select distinct machine from ves_store.transitions").fetchall()
    assert {f"{table.removeprefix('ves_store.')}.{column}" for table, column, *_ in guarded} == {
        machine for (machine,) in machines
    }
    # each row, before, on insert and on update of that column, enabled
    assert all(all(flags) for _, _, *flags in guarded)


@pytest.mark.parametrize(
    ("from_state", "to_state"), [("revoked", "active"), ("expired", "active"), ("revoked", "expired")]
)
def test_a_step_that_is_not_listed_is_refused_even_to_the_owner(
    database: Database, from_state: str, to_state: str
) -> None:
    with database.connect() as owner:
        owner.execute(
            "insert into ves_store.agent_signing_keys (tenant_id, agent_id, key_id, public_key)"
            " values (gen_random_uuid(), gen_random_uuid(), 1, decode(repeat('11', 32), 'hex'))"
        )
        change = (
            "update ves_store.agent_signing_keys set status = %s,"
            " revoked_at = case when %s = 'revoked' then now() end"
        )
        owner.execute(change, [from_state, from_state])
        with pytest.raises(psycopg.Error) as refusal:
            owner.execute(change, [to_state, to_state])
        assert refusal.value.sqlstate == "VE911"
        assert owner.execute("select status from ves_store.agent_signing_keys").fetchone() == (from_state,)


def test_a_new_row_may_only_have_a_first_state(database: Database) -> None:
    with database.connect() as owner, pytest.raises(psycopg.Error) as refusal:
        owner.execute(
            "insert into ves_store.agent_signing_keys (tenant_id, agent_id, key_id, public_key, status)"
            " values (gen_random_uuid(), gen_random_uuid(), 1, decode(repeat('11', 32), 'hex'), 'expired')"
        )
    assert refusal.value.sqlstate == "VE911"
