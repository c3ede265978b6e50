create or replace function ves.read_payloads(
  tenant_id uuid, store_id uuid, from_sequence bigint default 1, max_events integer default 100
)
returns table (sequence_number bigint, event_id uuid, payload_kind smallint, state text, payload json)
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_events constant ves_store.ves_events[] := ves_int.next_events(
    read_payloads.tenant_id, read_payloads.store_id, greatest(from_sequence, 1) - 1,
    least(greatest(max_events, 0), 1000));
begin
  return query
  select
    e.sequence_number, e.event_id, e.payload_kind,
    ves_int.payload_state(e.shredded_at, e.payload_kind, e.payload_key_id), coalesce(e.payload_encrypted, p.payload)
  from unnest(v_events) with ordinality as e
  join unnest(ves_int.open_ves_payloads(v_events)) with ordinality as p (payload, ordinality)
    on e.ordinality = p.ordinality
  order by e.ordinality;
end
$$;

comment on function ves.read_payloads(uuid, uuid, bigint, integer) is
'Payloads of VES events from a number on, decrypted where they are encrypted at rest; at most 1,000 and 16 MiB, at least one if there is one: call again from the number after the last. state: plaintext, encrypted_at_rest (how it is stored; the payload is the text received), encrypted_to_recipients (payload is the VES-ENC-1 object), shredded (payload is null). Errors: VE204 encrypted at rest in core mode, VE510 no usable key ring, VE512.';
