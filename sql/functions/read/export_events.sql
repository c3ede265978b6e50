create or replace function ves.export_events(
  tenant_id uuid, store_id uuid, from_sequence bigint, to_sequence bigint
)
returns table (
  event_id uuid, sequence_number bigint, event_type text, entity_type text, entity_id text, payload json,
  payload_encrypted json, created_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    e.event_id, e.sequence_number, e.event_type, e.entity_type, e.entity_id, ves_int.event_payload(e)::json,
    e.payload_encrypted, e.created_at
  from ves_store.ves_events as e
  where e.tenant_id = export_events.tenant_id and e.store_id = export_events.store_id
    and e.sequence_number between from_sequence and to_sequence
  order by e.sequence_number;
$$;

comment on function ves.export_events(uuid, uuid, bigint, bigint) is
'VES events of a stream in a range of numbers: the payload as received, decrypted where it is encrypted at rest, null when it is encrypted to recipients or shredded. Errors: VE204 encrypted at rest in core mode, VE510 no usable key ring, VE512.';
