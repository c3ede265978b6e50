create or replace function ves_int.place_retries(
  tenant_id uuid, store_id uuid, stream text, after bigint, upto bigint, events ves_int.projected_event[],
  entity_types text[], entity_id text default null
)
returns ves_int.projected_event[]
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select array(
    select e from (
      select o as e from unnest(place_retries.events) as o
      where not exists (
        select from ves_store.projection_retries as r
        where r.tenant_id = place_retries.tenant_id and r.store_id = place_retries.store_id
          and r.stream = place_retries.stream and r.sequence_number = o.sequence_number
      )
      union all
      select row(
        o.sequence_number, r.position, r.attempt, o.event_id, o.entity_type, o.entity_id, o.event_type,
        o.base_version, o.created_at, o.payload, o.payload_state
      )::ves_int.projected_event
      from ves_store.projection_retries as r
      cross join lateral ves_int.next_projected_events(
        place_retries.tenant_id, place_retries.store_id, place_retries.stream, r.sequence_number - 1, 1,
        place_retries.entity_types
      ) as n
      cross join lateral unnest(n.events) as o
      where r.tenant_id = place_retries.tenant_id and r.store_id = place_retries.store_id
        and r.stream = place_retries.stream and r.position > place_retries.after
        and r.position <= place_retries.upto
        and (place_retries.entity_id is null or o.entity_id = place_retries.entity_id)
    ) as placed
    order by (placed.e).position, (placed.e).attempt
  );
$$;

comment on function ves_int.place_retries(
  uuid, uuid, text, bigint, bigint, ves_int.projected_event[], text[], text
) is
'The events after .. upto of a stream as a replay has to apply them: those that were retried where they were retried (ves_store.projection_retries).';
