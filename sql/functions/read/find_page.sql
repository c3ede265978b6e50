-- The walk ends before the payloads pass 16 MiB. Sizes are those of the plaintext or, about the same, of the
-- stored columns: a payload is read for its size only where the server compressed it, and a compressed
-- ciphertext says its plaintext's (VES 16).
create or replace function ves_int.find_page(
  tenant_id uuid, store_id uuid, after bigint, max_events bigint, entity_type text, entity_id text,
  event_type text, out places tid[], out last_sequence bigint
)
language plpgsql -- whose plan is kept; that of a SQL function is made again for each call
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  select array_agg(s.place order by s.sequence_number), max(s.sequence_number)
  into find_page.places, find_page.last_sequence
  from (
    select f.place, f.sequence_number, sum(f.size) over (order by f.sequence_number) - f.size as bytes_before
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
      where v.tenant_id = find_page.tenant_id and v.store_id = find_page.store_id
        and v.sequence_number > find_page.after
        and (find_page.entity_type is null or v.entity_type = find_page.entity_type)
        and (find_page.entity_id is null or v.entity_id = find_page.entity_id)
        and (find_page.event_type is null or v.event_type = find_page.event_type)
      order by v.sequence_number
      limit max_events
    ) as f
  ) as s
  where s.bytes_before < 16777216;
end
$$;

comment on function ves_int.find_page(uuid, uuid, bigint, bigint, text, text, text) is
'Where the events of a stream after a number are stored, in order, and the last one''s number; of one entity type, entity and event type if these are not null. max_events, or fewer when these hold 16 MiB of payloads, at least one if there is one (else null). Places are valid in the snapshot in which they were found.';
