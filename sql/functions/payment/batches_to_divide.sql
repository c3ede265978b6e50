-- Tenants are found by a loose index scan, and each turn takes the next batch of each: a look-up each,
-- whatever waits. Those of a tenant come from a random place on, and then from before it: one whose stream is
-- locked is not always the first. A recursion makes its rows in order, and no more than are taken.
create or replace function ves_int.batches_to_divide(chain_id bigint, max_batches integer)
returns table (tenant_id uuid, store_id uuid, batch_id uuid)
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_sort to off
set enable_incremental_sort to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000'::uuid;
  v_from constant uuid := gen_random_uuid();
begin
  return query
  with recursive tenants as (
    (
      select b.tenant_id from ves_store.x402_batches_to_divide as b
      where b.chain_id >= batches_to_divide.chain_id and b.chain_id <= batches_to_divide.chain_id
      order by b.chain_id, b.tenant_id
      limit 1
    )
    union all
    select n.tenant_id
    from tenants as t
    cross join lateral (
      select b.tenant_id from ves_store.x402_batches_to_divide as b
      where b.chain_id <= batches_to_divide.chain_id
        and (b.chain_id, b.tenant_id) > (batches_to_divide.chain_id, t.tenant_id)
      order by b.chain_id, b.tenant_id
      limit 1
    ) as n
  ),
  turns as (
    (select t.tenant_id, null::uuid as store_id, v_from as batch_id, false as is_before from tenants as t order by random())
    union all
    select t.tenant_id, n.store_id, n.batch_id, n.is_before
    from turns as t
    cross join lateral (
      (
        select b.store_id, b.batch_id, false as is_before from ves_store.x402_batches_to_divide as b
        where not t.is_before
          and (b.chain_id, b.tenant_id, b.batch_id) > (batches_to_divide.chain_id, t.tenant_id, t.batch_id)
          and (b.chain_id, b.tenant_id) <= (batches_to_divide.chain_id, t.tenant_id)
        order by b.chain_id, b.tenant_id, b.batch_id
        limit 1
      )
      union all
      (
        select b.store_id, b.batch_id, true from ves_store.x402_batches_to_divide as b
        where (b.chain_id, b.tenant_id, b.batch_id)
          > (batches_to_divide.chain_id, t.tenant_id, case when t.is_before then t.batch_id else v_nil end)
          and (b.chain_id, b.tenant_id, b.batch_id) < (batches_to_divide.chain_id, t.tenant_id, v_from)
        order by b.chain_id, b.tenant_id, b.batch_id
        limit 1
      )
      limit 1
    ) as n
  )
  select t.tenant_id, t.store_id, t.batch_id from turns as t where t.store_id is not null
  limit greatest(batches_to_divide.max_batches, 0);
end
$$;

comment on function ves_int.batches_to_divide(bigint, integer) is
'Payment batches of a chain that ves.plan_settlements has to divide into parts, at most max_batches: tenants take turns.';
