create or replace function ves.export_events(
  tenant_id uuid, store_id uuid, from_sequence bigint, to_sequence bigint
)
returns table (
  event_id uuid, sequence_number bigint, event_type text, entity_type text, entity_id text, payload json,
  payload_encrypted json, created_at timestamptz
)
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_after bigint := greatest(from_sequence, 1) - 1;
  v_events ves_store.ves_events[];
begin
  loop
    v_events := ves_int.next_events(
      export_events.tenant_id, export_events.store_id, v_after, least(greatest(to_sequence::numeric - v_after, 0), 1000)::bigint);
    exit when cardinality(v_events) = 0;
    return query
    select
      e.event_id, e.sequence_number, e.event_type, e.entity_type, e.entity_id, p.payload, e.payload_encrypted,
      e.created_at
    from unnest(v_events) with ordinality as e
    join unnest(ves_int.open_ves_payloads(v_events)) with ordinality as p (payload, ordinality)
      on e.ordinality = p.ordinality
    where e.sequence_number <= to_sequence
    order by e.ordinality;
    v_after := (v_events[cardinality(v_events)]).sequence_number;
  end loop;
end
$$;

comment on function ves.export_events(uuid, uuid, bigint, bigint) is
'VES events of a stream in a range of numbers: the payload as received, decrypted where it is encrypted at rest, null when it is encrypted to recipients or shredded. Errors: VE204 encrypted at rest in core mode, VE510 no usable key ring, VE512.';
