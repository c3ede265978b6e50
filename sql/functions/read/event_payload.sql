create or replace function ves_int.event_payload(event ves_store.ves_events)
returns text
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select (ves_int.open_ves_payloads(array[event]))[1]::text;
$$;

comment on function ves_int.event_payload(ves_store.ves_events) is
'The payload''s text of an event of payload_kind 0, decrypted if need be; null when it is of kind 1 or shredded. Errors: VE204 in core mode, VE510, VE512.';
