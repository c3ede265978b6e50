"""Tables: keys carry the tenant, foreign keys have an index, names follow the house rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

# Why a table's keys may do without tenant_id; streams are spread over servers by tenant.
WITHOUT_TENANT = {
    "errors": "the registry of refusals is the same for everybody",
    "signers": "a receipt signer belongs to the operator, not to a tenant",
    "audit_switch": "one row for the whole database",
    "schema_validation": "one row for the whole database",
    "limits": "bounds for every tenant of the database",
    "leases": "work of the whole database, named by its holder",
    "commit_default": "one row for the whole database",
    "anchor_policy": "one row for the whole database",
    "timestamps": "one digest is for commitments of several tenants",
    "schema_state": "one row for the whole database",
    "api_keys": "the key is what names the tenant",
    "reencryptions": "a mark of the transaction that runs, whatever its rows",
    "retry_handlers": "functions of the engine, the same for everybody",
    "transitions": "the rules of the engine are the same for everybody",
    "rate_limits": "what is limited may be an address; nothing refers to it",
    "projectors": "the projectors of the engine are the same for everybody",
    "projection_steps": "the rules of the engine are the same for everybody",
    "projection_mode": "one row for the whole database",
    "x402_networks": "the networks of the protocol are the same for everybody",
    "x402_tokens": "the token of an asset on a network is the same for everybody",
    "x402_settlement_nonces": "a settlement contract uses a payer's nonce once over all tenants",
    "x402_exact_batches": "one transaction pays for several tenants",
    "x402_exact_payments": "a token uses a payer's nonce once over all tenants; its batch belongs to none",
    "chain_accounts": "an account sends for every tenant",
    "chain_transactions": "an account uses each nonce once over all tenants",
    "chain_attempts": "part of a transaction of an account",
    "chain_transaction_log": "part of a transaction of an account",
    "migrations": "the ledger belongs to the whole database",
    "alembic_version": "alembic's own table",
}


def test_every_key_contains_the_tenant(catalog: psycopg.Connection[Any]) -> None:
    rows = catalog.execute(
        """select c.relname, k.conname
        from pg_constraint as k join pg_class as c on c.oid = k.conrelid
        where k.connamespace = 'ves_store'::regnamespace and k.contype in ('p', 'u', 'f')
          and not exists (
            select from pg_attribute as a
            where a.attrelid = k.conrelid and a.attnum = any(k.conkey) and a.attname = 'tenant_id')"""
    ).fetchall()
    assert {table for table, _ in rows} == set(WITHOUT_TENANT)


def test_a_unique_index_contains_the_tenant_too(catalog: psycopg.Connection[Any]) -> None:
    rows = catalog.execute(
        """select c.relname, i.indexrelid::regclass::text
        from pg_index as i join pg_class as c on c.oid = i.indrelid
        where c.relnamespace = 'ves_store'::regnamespace and i.indisunique
          and not exists (
            select from pg_attribute as a
            where a.attrelid = i.indrelid and a.attnum = any(i.indkey) and a.attname = 'tenant_id')"""
    ).fetchall()
    assert {table for table, _ in rows} == set(WITHOUT_TENANT)


def test_every_foreign_key_has_an_index(catalog: psycopg.Connection[Any]) -> None:
    rows = catalog.execute(
        """select k.conrelid::regclass::text, k.conname
        from pg_constraint as k
        where k.connamespace = 'ves_store'::regnamespace and k.contype = 'f'
          and not exists (
            select from pg_index as i
            where i.indrelid = k.conrelid and i.indpred is null
              and (select array_agg(x order by x) from unnest(k.conkey) as x)
                = (select array_agg(x order by x) from unnest(i.indkey[0:cardinality(k.conkey) - 1]) as x))"""
    ).fetchall()
    assert rows == []


def test_every_table_has_a_primary_key(catalog: psycopg.Connection[Any]) -> None:
    rows = catalog.execute(
        """select c.oid::regclass::text from pg_class as c
        where c.relnamespace = 'ves_store'::regnamespace and c.relkind = 'r'
          and not exists (select from pg_constraint as k where k.conrelid = c.oid and k.contype = 'p')"""
    ).fetchall()
    assert rows == []


def test_keys_are_named_after_their_columns(catalog: psycopg.Connection[Any]) -> None:
    rows = catalog.execute(
        """select k.conname, expected.name
        from pg_constraint as k join pg_class as c on c.oid = k.conrelid,
        lateral (select string_agg(a.attname, '_' order by o.ord) as columns
          from unnest(k.conkey) with ordinality as o (attnum, ord)
          join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = o.attnum) as l,
        lateral (select left(case k.contype
          when 'p' then c.relname || '_pkey'
          when 'u' then c.relname || '_' || l.columns || '_key'
          when 'f' then c.relname || '_' || l.columns || '_fkey' end, 63) as name) as expected
        where k.connamespace = 'ves_store'::regnamespace and k.contype in ('p', 'u', 'f')
          and c.relname <> 'alembic_version' and k.conname <> expected.name"""
    ).fetchall()
    assert rows == []


def test_a_check_states_a_truth_in_words(catalog: psycopg.Connection[Any]) -> None:
    rows = catalog.execute(
        """select c.relname, k.conname from pg_constraint as k join pg_class as c on c.oid = k.conrelid
        where k.connamespace = 'ves_store'::regnamespace and k.contype = 'c'
          and (k.conname !~ '^[a-z0-9_]+$' or k.conname ~ '_check[0-9]*$' or cardinality(string_to_array(k.conname, '_')) < 3)"""
    ).fetchall()
    assert rows == []


def test_everything_belongs_to_the_owner_role(catalog: psycopg.Connection[Any]) -> None:
    rows = catalog.execute(
        """select c.oid::regclass::text from pg_class as c
        where c.relnamespace::regnamespace::text in ('ves', 'ves_store', 'ves_int', 'rest')
          and pg_get_userbyid(c.relowner) <> 'ves_owner'"""
    ).fetchall()
    assert rows == []


def test_digests_are_stored_as_bytes(catalog: psycopg.Connection[Any]) -> None:
    rows = catalog.execute(
        """select a.attrelid::regclass::text, a.attname from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid
        where c.relnamespace = 'ves_store'::regnamespace and c.relkind = 'r' and a.attnum > 0
          and a.attname ~ '_(hash|root|signature)$' and a.atttypid <> 'bytea'::regtype"""
    ).fetchall()
    # Named by text on purpose: hex digests that people compare by eye, never hashed further.
    # Transactions of a chain are kept in the spelling in which they were reported (x402 A10).
    assert set(rows) == {
        ("ves_store.api_keys", "key_hash"),
        ("ves_store.schema_state", "logic_hash"),
        ("ves_store.x402_payment_batches", "tx_hash"),
        ("ves_store.x402_payment_intents", "tx_hash"),
        ("ves_store.x402_settlements", "tx_hash"),
        ("ves_store.x402_exact_batches", "tx_hash"),
        ("ves_store.x402_exact_payments", "tx_hash"),
    }
