-- Payloads are decrypted in one batch, and only those of entity types that are projected.
create or replace function ves_int.next_projected_events(
  tenant_id uuid, store_id uuid, stream text, after bigint, max_events integer, entity_types text[],
  entity_id text default null,
  out upto bigint, out events ves_int.projected_event[]
)
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_ves ves_store.ves_events[];
  v_legacy ves.legacy_event[];
begin
  if next_projected_events.stream = 'ves' then
    v_ves := ves_int.next_events(
      next_projected_events.tenant_id, next_projected_events.store_id, after, max_events,
      case when next_projected_events.entity_id is not null then entity_types[1] end,
      next_projected_events.entity_id);
    upto := coalesce((v_ves[cardinality(v_ves)]).sequence_number, after);
    v_ves := array(
      select v from unnest(v_ves) as v where v.entity_type = any(entity_types) order by v.sequence_number);
    events := array(
      select row(
        e.sequence_number, e.sequence_number, 0, e.event_id, e.entity_type, e.entity_id, e.event_type,
        e.base_version, e.created_at, e.unnest,
        case when e.unnest is null
          then ves_int.payload_state(e.shredded_at, e.payload_kind, e.payload_key_id) end
      )::ves_int.projected_event
      from unnest(v_ves, ves_int.open_ves_payloads(v_ves)) with ordinality as e
      order by e.ordinality
    );
    return;
  end if;
  -- the walk ends before the payloads pass 16 MiB, as in ves_int.next_events
  select max(s.sequence_number), array_agg(s.event order by s.sequence_number)
    filter (where (s.event).entity_type = any(entity_types))
  into upto, v_legacy
  from (
    select f.event, f.sequence_number, sum(f.size) over (order by f.sequence_number) - f.size as bytes_before
    from (
      select
        e.sequence_number,
        coalesce(pg_column_size(e.payload), 0) + coalesce(pg_column_size(e.payload_at_rest), 0) as size,
        row(e.*)::ves.legacy_event as event
      from ves_int.legacy_events as e
      where e.tenant_id = next_projected_events.tenant_id and e.store_id = next_projected_events.store_id
        and e.sequence_number > next_projected_events.after
        and (
          next_projected_events.entity_id is null
          or (e.entity_id = next_projected_events.entity_id and e.entity_type = entity_types[1])
        )
      order by e.sequence_number
      limit max_events
    ) as f
  ) as s
  where s.bytes_before < 16777216;
  upto := coalesce(upto, after);
  events := array(
    select row(
      e.sequence_number, e.sequence_number, 0, e.event_id, e.entity_type, e.entity_id, e.event_type,
      e.base_version, e.created_at, e.payload, ves_int.payload_state(e.shredded_at, 0::smallint, null)
    )::ves_int.projected_event
    from ves_int.open_legacy_events(v_legacy, true) as e
    order by e.sequence_number
  );
end
$$;

comment on function ves_int.next_projected_events(uuid, uuid, text, bigint, integer, text[], text) is
'The next events of a stream of these entity types, with their payloads, and the last number that was looked at: max_events numbers, or fewer when these hold 16 MiB of payloads. With entity_id: those of one entity, of the first type. Errors: VE204 in core mode, VE510, VE512.';
