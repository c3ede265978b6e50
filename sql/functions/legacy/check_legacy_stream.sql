create or replace function ves_int.check_legacy_stream(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select f.* from ves_int.check_legacy_events(check_legacy_stream.tenant_id, check_legacy_stream.store_id) as f
  union all
  select f.* from ves_int.check_legacy_payloads(check_legacy_stream.tenant_id, check_legacy_stream.store_id) as f
  union all
  select f.* from ves_int.check_legacy_commitments(check_legacy_stream.tenant_id, check_legacy_stream.store_id) as f;
$$;

comment on function ves_int.check_legacy_stream(uuid, uuid) is
'Findings about the legacy stream: numbering, leaves, payload hashes (full mode), trees, the chain of state roots.';
