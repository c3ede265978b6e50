create or replace function ves_int.open_legacy_event(event ves.legacy_event, decrypt boolean)
returns ves.legacy_event
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_event ves.legacy_event := open_legacy_event.event;
begin
  if not decrypt or v_event.payload_at_rest is null then
    return v_event;
  end if;
  perform ves_int.require_crypto();
  v_event.payload := convert_from((ves_int.open_at_rest(
    array[v_event.tenant_id],
    array[ves_int.at_rest_payload_aad(
      v_event.tenant_id, v_event.store_id, v_event.event_id, v_event.sequence_number, v_event.entity_type,
      v_event.entity_id, v_event.event_type)],
    array[v_event.payload_at_rest],
    array[v_event.payload_key_id]))[1], 'UTF8')::json;
  v_event.payload_at_rest := null;
  v_event.payload_key_id := null;
  return v_event;
end
$$;

comment on function ves_int.open_legacy_event(ves.legacy_event, boolean) is
'The event with its payload decrypted, if that is asked for and it is encrypted. Errors: VE204 in core mode, VE510, VE512.';
