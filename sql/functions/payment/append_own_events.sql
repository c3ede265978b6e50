-- Callers write payloads in the compact form (VES 17.1): no white space, members in order of their names.
-- Only the library could make it from any other text.
-- Locks (sql/README.md): 2 to 3.
create or replace function ves_int.append_own_events(
  tenant_id uuid, store_id uuid, entity_types text[], entity_ids text[], event_types text[], payloads text[]
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000'::uuid;
  v_micros constant bigint := floor(extract(epoch from clock_timestamp()) * 1000000)::bigint;
  v_result ves.ingest_result;
begin
  v_result := ves.ingest_legacy_events(
    append_own_events.tenant_id, append_own_events.store_id, null, v_nil,
    array(select gen_random_uuid() from unnest(event_types)), null, entity_types, entity_ids, event_types,
    array_fill(v_micros, array[cardinality(event_types)]), payloads::json[],
    (select string_agg(sha256(convert_to(p.payload, 'UTF8')), '' order by p.ord)
      from unnest(payloads) with ordinality as p (payload, ord)),
    null, null, null, null, null);
  if v_result.exceptions is not null then
    perform ves_int.raise_error('internal_error', '{}', 'An event of the sequencer was refused');
  end if;
end
$$;

comment on function ves_int.append_own_events(uuid, uuid, text[], text[], text[], text[]) is
'Appends events of the sequencer itself to the legacy stream (VES 17), in the transaction of the change that they tell: source agent nil, no signature, plaintext. The arrays are parallel; each payload is JSON in the compact form. The tenant''s schemas are not applied.';
