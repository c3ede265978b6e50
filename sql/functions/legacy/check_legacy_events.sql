create or replace function ves_int.check_legacy_events(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  with events as materialized (
    select
      e.sequence_number, lag(e.sequence_number, 1, 0::bigint) over (order by e.sequence_number) as previous,
      case
        when e.shredded_at is null then null
        when exists (
          select from ves_store.shredded_payloads as s
          where s.tenant_id = e.tenant_id and s.store_id = e.store_id and s.stream = 'legacy'
            and s.sequence_number = e.sequence_number
        ) then 'payload_shredded'
        else 'payload_missing'
      end as payload_state,
      e.leaf_hash = sha256(
        'STATESET_COMMITMENT_LEAF_V1'::bytea || uuid_send(e.tenant_id) || uuid_send(e.store_id)
        || int8send(e.sequence_number) || e.payload_hash
        || int4send(octet_length(e.entity_type)) || convert_to(e.entity_type, 'UTF8')
        || int4send(octet_length(e.entity_id)) || convert_to(e.entity_id, 'UTF8')
      ) as is_leaf
    from ves_store.events as e
    where e.tenant_id = check_legacy_events.tenant_id and e.store_id = check_legacy_events.store_id
  )
  select
    'legacy_numbering', e.sequence_number, null::uuid,
    format('events %s to %s are missing', e.previous + 1, e.sequence_number - 1)
  from events as e where e.sequence_number <> e.previous + 1
  union all
  select
    case e.payload_state when 'payload_missing' then 'legacy_payload_hash' else e.payload_state end,
    e.sequence_number, null, f.finding
  from events as e
  join ves_int.findings as f on f.name = e.payload_state
  union all
  select 'legacy_leaf_hash', e.sequence_number, null, 'leaf_hash is not the leaf of the stored event'
  from events as e where not e.is_leaf
  union all
  select
    'legacy_numbering', n.last, null, format('the counter says %s, the last event is %s', n.counter, n.last)
  from (
    select
      coalesce(max(e.sequence_number), 0::bigint) as last,
      ves.get_legacy_head(check_legacy_events.tenant_id, check_legacy_events.store_id) as counter
    from events as e
  ) as n
  where n.counter <> n.last;
$$;

comment on function ves_int.check_legacy_events(uuid, uuid) is
'Findings about the events of a legacy stream but for their payloads: numbering, leaves (VES 17.3), payloads that are gone.';
