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
  v_event ves_store.ves_events;
begin
  for v_event in
    select e.*
    from ves_store.ves_events as e
    where e.tenant_id = read_payloads.tenant_id and e.store_id = read_payloads.store_id
      and e.sequence_number >= from_sequence
    order by e.sequence_number
    limit least(greatest(max_events, 0), 10000)
  loop
    sequence_number := v_event.sequence_number;
    event_id := v_event.event_id;
    payload_kind := v_event.payload_kind;
    state := case
      when v_event.shredded_at is not null then 'shredded'
      when v_event.payload_kind = 1 then 'encrypted_to_recipients'
      when v_event.payload_at_rest is not null then 'encrypted_at_rest'
      else 'plaintext'
    end;
    payload := coalesce(v_event.payload_encrypted, ves_int.event_payload(v_event)::json);
    return next;
  end loop;
end
$$;

comment on function ves.read_payloads(uuid, uuid, bigint, integer) is
'Payloads of VES events from a number on, decrypted where they are encrypted at rest; at most 10,000. state: plaintext, encrypted_at_rest (how it is stored; the payload is the text received), encrypted_to_recipients (payload is the VES-ENC-1 object), shredded (payload is null). Errors: VE204 encrypted at rest in core mode, VE510 no usable key ring, VE512.';
