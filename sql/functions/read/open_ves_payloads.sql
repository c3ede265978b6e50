-- Volatile, because the planner calls a stable function too, to estimate the rows of unnest.
create or replace function ves_int.open_ves_payloads(events ves_store.ves_events[])
returns json[]
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_sealed record;
begin
  select
    array_agg(e.ordinality) as places, array_agg(e.event_id) as event_ids,
    array_agg(e.event_signing_hash) as signing_hashes, array_agg(e.payload_at_rest) as blobs,
    array_agg(e.payload_key_id) as key_ids
  into v_sealed
  from unnest(events) with ordinality as e
  where e.payload_at_rest is not null;
  if v_sealed.places is null then
    return array(select e.payload from unnest(events) with ordinality as e order by e.ordinality);
  end if;
  perform ves_int.require_crypto();
  return array(
    select coalesce(e.payload, convert_from(o.plaintext, 'UTF8')::json)
    from unnest(events) with ordinality as e
    left join unnest(v_sealed.places, ves_int.open_ves_at_rest(
      (events[1]).tenant_id, (events[1]).store_id, v_sealed.event_ids, v_sealed.signing_hashes, v_sealed.blobs,
      v_sealed.key_ids
    )) as o (place, plaintext) on e.ordinality = o.place
    order by e.ordinality
  );
end
$$;

comment on function ves_int.open_ves_payloads(ves_store.ves_events[]) is
'Payloads of events of one stream, of payload_kind 0, as the texts received, decrypted in one batch where they are encrypted at rest (VES 16); null where the kind is 1 or the payload is shredded. Errors: VE204 in core mode, VE510, VE512.';
