-- The log of a stream lies among those of all streams and is looked up by its key: lateral with an offset,
-- which forbids a join.
create or replace function ves_int.check_payment_log(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
set enable_nestloop to off
set jit to off
as $$
  with subjects as (
    select 'intent' as subject, i.intent_id as id, i.status, coalesce(i.failure, i.tx_hash) as reason
    from ves_store.x402_payment_intents as i
    where i.tenant_id = check_payment_log.tenant_id and i.store_id = check_payment_log.store_id
    union all
    select 'batch', b.batch_id, b.status, b.tx_hash from ves_store.x402_payment_batches as b
    where b.tenant_id = check_payment_log.tenant_id and b.store_id = check_payment_log.store_id
  ),
  steps as (
    select
      s.*, lag(s.to_status, 1, '') over (partition by s.subject_id order by s.entry_id) as before,
      row_number() over (partition by s.subject_id order by s.entry_id desc) as age
    from subjects as w
    cross join lateral (
      select l.* from ves_store.x402_status_log as l
      where l.subject_id = w.id and l.subject = w.subject
        and l.tenant_id = check_payment_log.tenant_id and l.store_id = check_payment_log.store_id
      offset 0
    ) as s
  )
  select
    'payment_status', null::bigint, null::uuid,
    format('%s %s: its state and the log of its steps differ', w.subject, w.id)
  from subjects as w
  left join steps as s on s.subject_id = w.id and s.age = 1
  where (w.status, w.reason) is distinct from (s.to_status, s.reason)
  union all
  select 'payment_status', null, null, format('%s %s: the log of its steps has a gap', s.subject, s.subject_id)
  from steps as s
  where s.from_status <> s.before;
$$;

comment on function ves_int.check_payment_log(uuid, uuid) is
'Findings about the states of the payment intents and batches of a stream against the log of their steps (x402 A11).';
