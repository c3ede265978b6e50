-- Joins of a stream's own rows are hashed, because a nested loop would go through one side for each row of
-- the other. What lies among the rows of all streams is looked up by its key: lateral with an offset, which
-- forbids a join, or a subquery with a limit.
create or replace function ves_int.check_payments(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
set enable_nestloop to off
set jit to off
as $$
  with intents as (
    select i as intent, i.* from ves_store.x402_payment_intents as i
    where i.tenant_id = check_payments.tenant_id and i.store_id = check_payments.store_id
  ),
  batches as (
    select b.* from ves_store.x402_payment_batches as b
    where b.tenant_id = check_payments.tenant_id and b.store_id = check_payments.store_id
  ),
  subjects as (
    select 'intent' as subject, i.intent_id as id, i.status, coalesce(i.failure, i.tx_hash) as reason from intents as i
    union all
    select 'batch', b.batch_id, b.status, b.tx_hash from batches as b
  ),
  steps as (
    select
      s.*, lag(s.to_status, 1, '') over (partition by s.subject_id order by s.entry_id) as before,
      row_number() over (partition by s.subject_id order by s.entry_id desc) as age
    from subjects as w
    cross join lateral (
      select l.* from ves_store.x402_status_log as l
      where l.subject_id = w.id and l.subject = w.subject
        and l.tenant_id = check_payments.tenant_id and l.store_id = check_payments.store_id
      offset 0
    ) as s
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
  select 'payment_numbering', n.last, null::uuid, format('%s intents have numbers up to %s, the counter says %s', n.count, n.last, n.counter)
  from (
    select
      count(*) as count, coalesce(max(i.sequence_number), 0) as last,
      coalesce((
        select c.current_sequence from ves_store.x402_sequence_counters as c
        where c.tenant_id = check_payments.tenant_id and c.store_id = check_payments.store_id
      ), 0) as counter
    from intents as i
  ) as n
  where n.count <> n.last or n.last <> n.counter
  union all
  select 'payment_record', i.sequence_number, null, 'a hash of the intent is not that of its members'
  from intents as i
  where i.signing_hash <> ves_int.payment_signing_hash(
    i.payer_address, i.payee_address, i.amount, i.asset, i.network, i.chain_id, i.valid_until, i.nonce)
    or i.leaf_hash <> ves_int.payment_leaf(
      i.intent_id, i.sequence_number, i.payer_address, i.payee_address, i.amount, i.asset, i.network, i.chain_id,
      i.nonce, i.valid_until, i.signing_hash, i.payer_signature)
    or i.record_hash <> ves_int.payment_record_hash(i.intent)
  union all
  select 'payment_nonce', i.sequence_number, null, 'the nonce of a settleable intent is not reserved for it'
  from intents as i
  where i.settlement_contract is not null and (
    select true from ves_store.x402_settlement_nonces as n
    where n.payer_address = i.payer_key and n.nonce = i.nonce and n.chain_id = i.chain_id
      and n.settlement_contract = i.settlement_contract and n.tenant_id = i.tenant_id and n.intent_id = i.intent_id
    limit 1
  ) is null
  union all
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
  where i.batch_id is not null and not exists (select from batches as b where b.batch_id = i.batch_id)
  union all
  select
    'payment_status', null, null,
    format('%s %s: its state and the log of its steps differ', w.subject, w.id)
  from subjects as w
  left join steps as s on s.subject_id = w.id and s.age = 1
  where (w.status, w.reason) is distinct from (s.to_status, s.reason)
  union all
  select 'payment_status', null, null, format('%s %s: the log of its steps has a gap', s.subject, s.subject_id)
  from steps as s
  where s.from_status <> s.before;
$$;

comment on function ves_int.check_payments(uuid, uuid) is
'Findings about the payment intents and batches of a stream: numbers, hashes, reserved nonces, trees and roots, and the log of states, recomputed from the stored rows (x402 A4, A8, A9, A11).';
