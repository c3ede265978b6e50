-- Batches are found by a loose index scan: a look-up each, however many intents wait in them. All intents
-- of a batch are in parts once it has one, until a part fails; only then they are looked at.
create or replace function ves_int.unplanned_batches(chain_id bigint)
returns table (tenant_id uuid, store_id uuid, batch_id uuid)
language sql
stable
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
  with recursive batches as (
    (
      select i.tenant_id, i.store_id, i.batch_id from ves_store.x402_payment_intents as i
      where i.status = 'batched' and i.settlement_contract is not null and i.chain_id = unplanned_batches.chain_id
      order by i.tenant_id, i.store_id, i.batch_id
      limit 1
    )
    union all
    select n.tenant_id, n.store_id, n.batch_id
    from batches as b
    cross join lateral (
      select i.tenant_id, i.store_id, i.batch_id from ves_store.x402_payment_intents as i
      where i.status = 'batched' and i.settlement_contract is not null and i.chain_id = unplanned_batches.chain_id
        and (i.tenant_id, i.store_id, i.batch_id) > (b.tenant_id, b.store_id, b.batch_id)
      order by i.tenant_id, i.store_id, i.batch_id
      limit 1
    ) as n
  )
  select b.tenant_id, b.store_id, b.batch_id
  from batches as b
  cross join lateral (
    select count(*) as parts, count(*) filter (where s.status = 'failed') as failed
    from ves_store.x402_settlements as s
    where s.batch_id = b.batch_id and s.tenant_id = b.tenant_id
  ) as p
  where p.parts = 0 or p.failed > 0 and exists (
    select from ves_store.x402_payment_intents as i
    where i.batch_id = b.batch_id and i.tenant_id is not distinct from b.tenant_id
      and i.status = 'batched' and i.settlement_contract is not null and not exists (
        select from ves_store.x402_settlement_items as m
        where m.intent_id = i.intent_id and m.tenant_id = i.tenant_id and m.is_live
      )
  );
$$;

comment on function ves_int.unplanned_batches(bigint) is
'Payment batches with settleable intents on a chain that are in no part that is live: what ves.plan_settlements divides.';
