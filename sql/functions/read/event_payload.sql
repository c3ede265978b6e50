create or replace function ves_int.event_payload(event ves_store.ves_events)
returns text
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
begin
  if event.payload_at_rest is null then
    return event.payload::text;
  end if;
  perform ves_int.require_crypto();
  return convert_from((ves_int.open_at_rest(
    array[event.tenant_id],
    array[ves_int.at_rest_ves_payload_aad(
      event.tenant_id, event.store_id, event.event_id, event.event_signing_hash)],
    array[event.payload_at_rest],
    array[event.payload_key_id]))[1], 'UTF8');
end
$$;

comment on function ves_int.event_payload(ves_store.ves_events) is
'The payload''s text of an event of payload_kind 0, decrypted if need be; null when it is of kind 1 or shredded. Errors: VE204 in core mode, VE510, VE512.';
