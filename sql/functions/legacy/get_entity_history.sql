-- Numbers are counted and skipped in the index alone; only the page's rows are read. The tenant is compared
-- so that the index on the stream's numbers cannot serve: before the first ANALYZE the planner preferred it
-- and read the stream.
create or replace function ves.get_entity_history(
  tenant_id uuid, store_id uuid, entity_type text, entity_id text, skip bigint default 0,
  max_events integer default 100, decrypt boolean default true
)
returns table (total bigint, event ves.legacy_event)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  with numbers as (
    select e.sequence_number
    from ves_store.events as e
    where e.entity_id = get_entity_history.entity_id and e.entity_type = get_entity_history.entity_type
      and e.store_id = get_entity_history.store_id
      and e.tenant_id is not distinct from get_entity_history.tenant_id
  ),
  page as (
    select n.sequence_number from numbers as n
    order by n.sequence_number
    offset greatest(skip, 0) limit greatest(max_events, 0)
  ),
  sized as (
    select
      e.*, sum(
        coalesce(octet_length(e.payload_at_rest), 0)
        + case when pg_column_compression(e.payload) is null then coalesce(pg_column_size(e.payload), 0)
          else octet_length(e.payload::text) end
      ) over (order by e.sequence_number rows between unbounded preceding and 1 preceding) as bytes_before
    from page as p
    -- the limit keeps this a look-up by the whole key
    cross join lateral (
      select v.* from ves_store.events as v
      where v.tenant_id = get_entity_history.tenant_id and v.store_id = get_entity_history.store_id
        and v.sequence_number = p.sequence_number
      limit 1
    ) as e
  ),
  found as (
    select array_agg(row(
      e.tenant_id, e.store_id, e.sequence_number, e.event_id, e.command_id, e.source_agent, e.envelope_version,
      e.base_version, e.created_at, e.sequenced_at, e.entity_type, e.entity_id, e.event_type, e.payload_hash,
      e.signature, e.payload, e.payload_at_rest, e.payload_key_id, e.shredded_at
    )::ves.legacy_event order by e.sequence_number) filter (where coalesce(e.bytes_before, 0) < 16777216) as events
    from sized as e
  )
  select t.total, o
  from (select count(*) as total from numbers) as t
  left join ves_int.open_legacy_events((select f.events from found as f), decrypt) as o on true
  order by o.sequence_number;
$$;

comment on function ves.get_entity_history(uuid, uuid, text, text, bigint, integer, boolean) is
'Legacy events of one entity in order, after the first `skip` of them, each with the total: max_events, or fewer when these hold 16 MiB of payloads, at least one if there is one; when the page is empty, one row with the total and a null event. Payloads that are encrypted at rest are decrypted unless decrypt is false; a shredded one is null (http-api 3.3). Errors when decrypting: VE204 in core mode, VE510, VE512.';
