create or replace function ves_int.row_change_hash(entry ves_store.row_changes, hash_before bytea)
returns bytea
language sql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select sha256(
    'VES_ROW_CHANGE_V1'::bytea || hash_before || uuid_send(entry.tenant_id) || int8send(entry.number)
    || timestamptz_send(entry.changed_at) || coalesce(entry.row_hash, ''::bytea)
    || convert_to(json_build_array(entry.table_name, entry.row_key, entry.changed_by, entry.added)::text, 'UTF8'));
$$;

comment on function ves_int.row_change_hash(ves_store.row_changes, bytea) is
'SHA-256 (32 bytes) of a row change: "VES_ROW_CHANGE_V1", the hash of the entry before (zeros for the first), tenant (16 bytes), number (8), changed_at in microseconds since 2000 (8), row_hash (32, absent for a deletion), JSON array of table, key, role and rows added.';
