-- The walk ends before the payloads pass 16 MiB. Sizes are those of the plaintext or, about the same, of the
-- stored columns: a payload is read for its size only where the server compressed it, and a compressed
-- ciphertext says its plaintext's (VES 16). Rows are fetched afterwards, because a whole row carries its
-- payload through a sort.
create or replace function ves_int.next_events(
  tenant_id uuid, store_id uuid, after bigint, max_events bigint, entity_type text default null,
  entity_id text default null, event_type text default null
)
returns ves_store.ves_events[]
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select array(
    select e
    from ves_store.ves_events as e
    where e.ctid = any(array(
      select s.place
      from (
        select f.place, sum(f.size) over (order by f.sequence_number) - f.size as bytes_before
        from (
          select
            v.ctid as place, v.sequence_number,
            case when substring(v.payload_at_rest for 4) = 'SSE2'::bytea
              then ('x' || encode(substring(v.payload_at_rest from 5 for 4), 'hex'))::bit(32)::integer
              else coalesce(octet_length(v.payload_at_rest), 0) end
            + case when pg_column_compression(v.payload) is null then coalesce(pg_column_size(v.payload), 0)
              else octet_length(v.payload::text) end
            + case when pg_column_compression(v.payload_encrypted) is null
              then coalesce(pg_column_size(v.payload_encrypted), 0)
              else octet_length(v.payload_encrypted::text) end as size
          from ves_store.ves_events as v
          where v.tenant_id = next_events.tenant_id and v.store_id = next_events.store_id
            and v.sequence_number > next_events.after
            and (next_events.entity_type is null or v.entity_type = next_events.entity_type)
            and (next_events.entity_id is null or v.entity_id = next_events.entity_id)
            and (next_events.event_type is null or v.event_type = next_events.event_type)
          order by v.sequence_number
          limit max_events
        ) as f
      ) as s
      where s.bytes_before < 16777216
    ))
    order by e.sequence_number
  );
$$;

comment on function ves_int.next_events(uuid, uuid, bigint, bigint, text, text, text) is
'The events of a stream after a number, in order, of one entity type, entity and event type if these are given: max_events, or fewer when these hold 16 MiB of payloads, at least one if there is one.';
