create or replace function ves_int.stream_lock_key(tenant_id uuid, store_id uuid)
returns bigint
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select ('x' || encode(substring(ves_int.stream_id(tenant_id, store_id) from 1 for 8), 'hex'))::bit(64)::bigint;
$$;

comment on function ves_int.stream_lock_key(uuid, uuid) is
'Advisory lock key that serializes commitments of a stream: first 8 bytes of the stream id, big-endian, signed (VES 7).';
