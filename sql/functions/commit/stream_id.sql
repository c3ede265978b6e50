create or replace function ves_int.stream_id(tenant_id uuid, store_id uuid)
returns bytea
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select sha256('VES_STREAM_V1'::bytea || uuid_send(tenant_id) || uuid_send(store_id));
$$;

comment on function ves_int.stream_id(uuid, uuid) is 'Stream id, 32 bytes (VES 7).';
