create or replace function ves_int.receipt_hash(
  tenant_id uuid, store_id uuid, event_id uuid, sequence_number bigint, event_signing_hash bytea
)
returns bytea
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select sha256(
    'VES_RECEIPT_V1'::bytea || uuid_send(tenant_id) || uuid_send(store_id) || uuid_send(event_id)
    || int8send(sequence_number) || event_signing_hash
  );
$$;

comment on function ves_int.receipt_hash(uuid, uuid, uuid, bigint, bytea) is 'Receipt hash, 32 bytes (VES 11).';
