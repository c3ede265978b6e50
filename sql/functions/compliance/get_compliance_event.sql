create or replace function ves.get_compliance_event(tenant_id uuid, event_id uuid)
returns table (
  tenant_id uuid,
  store_id uuid,
  event_id uuid,
  sequence_number bigint,
  payload_kind integer,
  payload_plain_hash bytea,
  payload_cipher_hash bytea,
  event_signing_hash bytea,
  payload text,
  payload_at_rest bytea,
  payload_key_id bytea
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    e.tenant_id, e.store_id, e.event_id, e.sequence_number, e.payload_kind::integer, e.payload_plain_hash,
    e.payload_cipher_hash, e.event_signing_hash, e.payload::text, e.payload_at_rest, e.payload_key_id
  from ves_store.ves_events as e
  where e.event_id = get_compliance_event.event_id
    and get_compliance_event.tenant_id in (e.tenant_id, '00000000-0000-0000-0000-000000000000')
  order by e.tenant_id
  limit 1;
$$;

comment on function ves.get_compliance_event(uuid, uuid) is
'What a compliance proof of an event is bound to (VES 13), and the payload: its text, or the blob that it is encrypted in at rest; neither when it is of kind 1 or shredded. The nil tenant looks in all (bootstrap administrator). No row when there is none.';
