-- A key that is gone hides what became of the payload, so only the record of its removal excuses it.
create or replace function ves_int.check_unopened(tenant_id uuid, store_id uuid, stream text, key_ids bytea[])
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select
    case when d.dropped_at is null then 'payload_not_opened' else 'payload_key_dropped' end,
    e.first_number, null::uuid,
    format(
      '%s %s payloads are under key %s, %s', e.payloads, check_unopened.stream, encode(k.key_id, 'hex'),
      coalesce(
        'which was dropped on ' || to_char(d.dropped_at at time zone 'UTC', 'YYYY-MM-DD'),
        'which is not in the server''s ring, and no record says that it was dropped'))
  from unnest(check_unopened.key_ids) as k (key_id)
  cross join lateral (
    select min(s.sequence_number) as first_number, count(*) as payloads
    from (
      select v.sequence_number, v.payload_key_id from ves_store.ves_events as v
      where check_unopened.stream = 'ves'
        and v.tenant_id = check_unopened.tenant_id and v.store_id = check_unopened.store_id
      union all
      select l.sequence_number, l.payload_key_id from ves_store.events as l
      where check_unopened.stream = 'legacy'
        and l.tenant_id = check_unopened.tenant_id and l.store_id = check_unopened.store_id
    ) as s
    where s.payload_key_id = k.key_id
  ) as e
  cross join lateral (
    select min(a.timestamp) as dropped_at from ves_store.audit_log as a
    where a.tenant_id in (check_unopened.tenant_id, '00000000-0000-0000-0000-000000000000')
      and a.action = 'custom:payload_key_dropped' and a.resource_id = encode(k.key_id, 'hex')
  ) as d;
$$;

comment on function ves_int.check_unopened(uuid, uuid, text, bytea[]) is
'One row for each of key_ids (8 bytes) that payloads of the stream (ves or legacy) are encrypted under and the server does not have (VES 16): payload_key_dropped when the audit log holds its custom:payload_key_dropped, for the tenant or the whole system, else payload_not_opened; the number is the first such event''s.';
