-- Joins of a stream's own rows are hashed, because a nested loop would go through one side for each row of
-- the other.
create or replace function ves_int.check_payment_batches(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
set enable_nestloop to off
set jit to off
as $$
  with intents as (
    select i.* from ves_store.x402_payment_intents as i
    where i.tenant_id = check_payment_batches.tenant_id and i.store_id = check_payment_batches.store_id
  ),
  batches as (
    select b.* from ves_store.x402_payment_batches as b
    where b.tenant_id = check_payment_batches.tenant_id and b.store_id = check_payment_batches.store_id
  ),
  members as (
    select
      i.batch_id, count(*) as payments, min(i.sequence_number) as first, max(i.sequence_number) as last,
      ves_int.legacy_tree_levels(string_agg(i.leaf_hash, '' order by i.sequence_number)) as levels,
      min(i.network) as network, min(i.network) = max(i.network) as is_one_network
    from intents as i
    where i.batch_id is not null
    group by i.batch_id
  )
  select 'payment_batch', b.sequence_start, b.batch_id, 'the batch is not that of its intents'
  from batches as b
  left join members as m on m.batch_id = b.batch_id
  where (b.payment_count, b.sequence_start, b.sequence_end) is distinct from (m.payments, m.first, m.last)
    or m.levels is distinct from array(
      select case when n.level = row_number() over (order by n.level) - 1 then n.nodes end
      from ves_store.x402_batch_nodes as n
      where n.batch_id = b.batch_id and n.tenant_id = b.tenant_id order by n.level
    )
    or b.merkle_root is distinct from m.levels[cardinality(m.levels)]
    or b.network is distinct from m.network or not m.is_one_network
    or b.new_state_root <> sha256(
      uuid_send(b.tenant_id) || uuid_send(b.store_id) || uuid_send(b.batch_id) || b.merkle_root)
  union all
  select 'payment_batch', i.sequence_number, i.batch_id, 'the batch of the intent is not there'
  from intents as i
  where i.batch_id is not null and not exists (select from batches as b where b.batch_id = i.batch_id);
$$;

comment on function ves_int.check_payment_batches(uuid, uuid) is
'Findings about the payment batches of a stream: members, trees and roots (x402 A9).';
