create or replace function ves.list_legacy_events(
  tenant_id uuid, store_id uuid, from_sequence bigint default 1, max_events integer default 100,
  decrypt boolean default true
)
returns setof ves.legacy_event
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_first constant bigint := greatest(from_sequence, 1);
  -- the window ends max_events - 1 after from_sequence as given, 0 included
  v_last constant bigint := least(
    from_sequence::numeric + max_events - 1, ves.get_legacy_head(tenant_id, store_id))::bigint;
  v_end bigint;
  v_found bigint;
begin
  -- where the payloads pass 16 MiB; a payload is read for its size only where it is compressed
  select coalesce(min(s.sequence_number) filter (where s.bytes_before >= 16777216) - 1, v_last) into v_end
  from (
    select f.sequence_number, sum(f.size) over (order by f.sequence_number) - f.size as bytes_before
    from (
      select
        e.sequence_number, coalesce(octet_length(e.payload_at_rest), 0)
        + case when pg_column_compression(e.payload) is null then coalesce(pg_column_size(e.payload), 0)
          else octet_length(e.payload::text) end as size
      from ves_store.events as e
      where e.tenant_id = list_legacy_events.tenant_id and e.store_id = list_legacy_events.store_id
        and e.sequence_number between v_first and v_last
    ) as f
  ) as s;
  return query
  select o.*
  from ves_int.open_legacy_events(array(
    select row(e.*)::ves.legacy_event
    from ves_int.legacy_events as e
    where e.tenant_id = list_legacy_events.tenant_id and e.store_id = list_legacy_events.store_id
      and e.sequence_number between v_first and v_end
    order by e.sequence_number
  ), decrypt) as o;
  get diagnostics v_found = row_count;
  if v_found <> greatest(v_end - v_first + 1, 0) then
    perform ves_int.raise_error('sequence_gap', jsonb_build_object('sequence_start', v_first, 'sequence_end', v_end));
  end if;
end
$$;

comment on function ves.list_legacy_events(uuid, uuid, bigint, integer, boolean) is
'The events of a legacy stream numbered from_sequence to from_sequence + max_events - 1 (a window of numbers, not the next so many rows; numbers start at 1), or the first of them when these hold 16 MiB of payloads, at least one if there is one: go on with the number after the last row (VES 17, http-api 3.1). Payloads that are encrypted at rest are decrypted unless decrypt is false; a shredded one is null. Errors: VE402 an event of the window is missing; when decrypting VE204 in core mode, VE510 no usable key ring, VE512.';
