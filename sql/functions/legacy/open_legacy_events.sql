create or replace function ves_int.open_legacy_events(events ves.legacy_event[], decrypt boolean)
returns setof ves.legacy_event
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_sealed record;
begin
  select
    array_agg(e.ordinality) as places, array_agg(e.event_id) as event_ids, array_agg(e.sequence_number) as numbers,
    array_agg(e.entity_type) as entity_types, array_agg(e.entity_id) as entity_ids,
    array_agg(e.event_type) as event_types, array_agg(e.payload_at_rest) as blobs,
    array_agg(e.payload_key_id) as key_ids
  into v_sealed
  from unnest(events) with ordinality as e
  where decrypt and e.payload_at_rest is not null;
  if v_sealed.places is null then
    return query select e.* from unnest(events) as e;
    return;
  end if;
  perform ves_int.require_crypto();
  return query
  select
    e.tenant_id, e.store_id, e.sequence_number, e.event_id, e.command_id, e.source_agent, e.envelope_version,
    e.base_version, e.created_at, e.sequenced_at, e.entity_type, e.entity_id, e.event_type, e.payload_hash,
    e.signature, coalesce(e.payload, convert_from(o.plaintext, 'UTF8')::json), null::bytea, null::bytea,
    e.shredded_at
  from unnest(events) with ordinality as e
  left join unnest(v_sealed.places, ves_int.open_legacy_at_rest(
    (events[1]).tenant_id, (events[1]).store_id, v_sealed.event_ids, v_sealed.numbers, v_sealed.entity_types,
    v_sealed.entity_ids, v_sealed.event_types, v_sealed.blobs, v_sealed.key_ids
  )) as o (place, plaintext) on e.ordinality = o.place
  order by e.ordinality;
end
$$;

comment on function ves_int.open_legacy_events(ves.legacy_event[], boolean) is
'The events of one stream, in order, with their payloads decrypted in one batch if that is asked for and they are encrypted (VES 16). Errors: VE204 in core mode, VE510, VE512.';
