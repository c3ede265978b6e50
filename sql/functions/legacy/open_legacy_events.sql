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
    array_agg(e.ordinality) as places, array_agg(e.tenant_id) as tenant_ids, array_agg(e.payload_at_rest) as blobs,
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
  left join unnest(v_sealed.places, ves_int.open_at_rest(
    v_sealed.tenant_ids,
    array(
      select ves_int.at_rest_payload_aad(
        g.tenant_id, g.store_id, g.event_id, g.sequence_number, g.entity_type, g.entity_id, g.event_type)
      from unnest(events) with ordinality as g
      where g.payload_at_rest is not null
      order by g.ordinality
    ),
    v_sealed.blobs, v_sealed.key_ids
  )) as o (place, plaintext) on e.ordinality = o.place
  order by e.ordinality;
end
$$;

comment on function ves_int.open_legacy_events(ves.legacy_event[], boolean) is
'The events, in order, with their payloads decrypted in one batch if that is asked for and they are encrypted (VES 16). Errors: VE204 in core mode, VE510, VE512.';
