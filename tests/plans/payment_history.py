"""Payments, anchors and transactions of a long history: all of them settled, half of them of the measured tenant."""

# Statements over `grown` (tests/plans/history.py): one payment of each kind a stream, a batch of each kind for ten.
ROWS_OF_PAYMENTS = """
create temporary table paid on commit drop as
select
  g.*, case when g.n %% 2 = 0 then %(payment_store_id)s::uuid else g.store_id end as payment_store_id,
  md5('batch' || g.n %% 2 || g.n / 20)::uuid as batch_id, g.n / 2 %% 10 = 0 as is_first,
  '0x' || repeat(left(md5(g.n::text), 20), 2) as address, sha256(uuid_send(g.store_id)) as hash,
  '0x' || repeat('ab', 20) as contract
from grown as g;
insert into ves_store.x402_payment_batches (tenant_id, store_id, batch_id, network, status, payment_count, total_amounts,
  merkle_root, new_state_root, sequence_start, sequence_end, created_at, committed_at, submitted_at, settled_at)
select tenant_id, payment_store_id, batch_id, 'set_chain', 'settled', 10, '[]', hash, hash, 10 + n, 10 + n, now(), now(),
  now(), now()
from paid where is_first;
insert into ves_store.x402_batch_nodes (tenant_id, batch_id, level, nodes)
select tenant_id, batch_id, 0, hash from paid where is_first;
insert into ves_store.x402_payment_intents (tenant_id, store_id, intent_id, sequence_number, status, source_agent_id,
  agent_key_id, payer_address, payer_key, payee_address, amount, asset, network, chain_id, token_address, valid_until,
  nonce, idempotency_key, fingerprint, signing_hash, payer_signature, payer_public_key, leaf_hash, record_hash,
  settlement_contract, batch_id, tx_hash, settled_at, created_at, sequenced_at, updated_at)
select tenant_id, payment_store_id, event_id, 10 + n, 'settled', agent_id, 1, address, address, contract, 1, 'usdc',
  'set_chain', 84532001, contract, extract(epoch from now())::bigint + 9999, n, event_id::text, hash, hash, hash || hash,
  hash, hash, hash, contract, batch_id, 't', now(), now() - n * interval '1 second', now(), now()
from paid;
insert into ves_store.x402_settlement_nonces (chain_id, settlement_contract, payer_address, nonce, tenant_id, intent_id)
select 84532001, contract, address, n, tenant_id, event_id from paid;
insert into ves_store.x402_settlements (tenant_id, store_id, batch_id, part, chain_id, status, settlement_contract, token_address,
  tx_hash, block_number, created_at, updated_at)
select tenant_id, payment_store_id, batch_id, 0, 84532001, 'settled', contract, contract, 't', 1, now(), now()
from paid where is_first;
insert into ves_store.x402_settlement_items (tenant_id, intent_id, batch_id, part)
select tenant_id, event_id, batch_id, 0 from paid;
insert into ves_store.x402_status_log (tenant_id, store_id, subject, subject_id, from_status, to_status)
select tenant_id, payment_store_id, 'intent', event_id, f, t
from paid, (values ('', 'sequenced'), ('sequenced', 'batched'), ('batched', 'settled')) as s (f, t);
insert into ves_store.x402_sequence_counters as c (tenant_id, store_id, current_sequence)
select tenant_id, payment_store_id, max(10 + n) from paid group by tenant_id, payment_store_id
on conflict (tenant_id, store_id) do update set current_sequence = excluded.current_sequence;
insert into ves_store.x402_exact_batches (batch_id, chain_id, settlement_contract, token_address, status, payment_count,
  merkle_root, tx_hash, block_number, created_at, updated_at)
select batch_id, 84532001, contract, contract, 'settled', 10, hash, 't', 1, now(), now() from paid where is_first;
insert into ves_store.x402_exact_payments (tenant_id, payment_id, chain_id, settlement_contract, token_address,
  payer_address, nonce, payee_address, amount, valid_after, valid_before, signature, digest, status, batch_id, tx_hash,
  created_at, updated_at)
select tenant_id, event_id, 84532001, contract, contract, address, hash, contract, 1, 0, 9, hash, hash, 'settled',
  batch_id, 't', now(), now()
from paid;
insert into ves_store.chain_accounts (chain_id, sender, lease, next_nonce)
select 84532001, '0x' || repeat('ab', 20), 'x402_settlement', 2 * %(to)s
on conflict (chain_id, sender) do update set next_nonce = excluded.next_nonce;
insert into ves_store.chain_transactions (chain_id, sender, kind, tenant_id, reference_id, part, to_address, calldata,
  status, nonce, attempt, tx_hash, block_number, block_hash, created_at, updated_at)
select 84532001, contract, k, tenant_id, batch_id, 0, contract, 'x', 'final', 2 * n + o, 1, sha256(hash || k::bytea), 1, hash,
  now(), now()
from paid, (values ('settlement', 0), ('authorizations', 1)) as w (k, o)
where is_first;
insert into ves_store.chain_attempts (transaction_id, attempt, tx_hash, raw, gas_limit, max_fee, priority_fee, signed_at)
select t.transaction_id, 1, t.tx_hash, 'x', 1, 1, 1, now() from ves_store.chain_transactions as t where t.attempt = 1
on conflict do nothing;
insert into ves_store.chain_transaction_log (transaction_id, from_status, to_status, attempt)
select t.transaction_id, 'planned', 'signed', 1
from ves_store.chain_transactions as t join paid on paid.batch_id = t.reference_id and paid.is_first;
insert into ves_store.x402_origins (tenant_id, origin)
select tenant_id, 'https://s.example' from paid where n %% 2 = 1;
insert into ves_store.x402_resources (tenant_id, origin, resource, method, x402_version, network, payee_address, item,
  last_paid_at)
select tenant_id, 'https://s.example', 'https://s.example/' || n, 'GET', 2, 'eip155:1', contract, '{}', now()
from paid where n %% 2 = 1;
insert into ves_store.x402_payer_addresses (tenant_id, agent_id, key_id, payer_address, bound_at)
select tenant_id, agent_id, 1, address, now() from paid;
insert into ves_store.x402_spending_limits (tenant_id, agent_id, asset, max_amount, period, period_ends_at)
select tenant_id, agent_id, 'dai', 1, '1 day', now() from paid;
insert into ves_store.timestamps (root, proof, status, block_height, created_at, due_at)
select hash, 'x', 'anchored', 1, now(), now() from paid
"""
# Work of the chain workers that is under way: a batch of two parts, two batches of EIP-3009 payments, four transactions
# in different states, three commitments that are not anchored. Written before the history, apart from its streams.
OPEN_WORK = """
create temporary table open_work on commit drop as
select
  n, md5('open' || n)::uuid as id, md5('open')::uuid as store_id, md5('open batch')::uuid as batch_id,
  md5('open exact' || n %% 2)::uuid as exact_id, sha256(n::text::bytea) as hash, n %% 2 as part,
  '0x' || repeat('cd', 20) as address
from generate_series(1, 20) as n;
insert into ves_store.ves_sequence_counters (tenant_id, store_id) values (%(tenant_id)s, md5('open')::uuid);
insert into ves_store.x402_sequence_counters (tenant_id, store_id, current_sequence)
values (%(tenant_id)s, md5('open')::uuid, 20);
insert into ves_store.x402_payment_batches (tenant_id, store_id, batch_id, network, status, payment_count, total_amounts,
  merkle_root, new_state_root, sequence_start, sequence_end, created_at, committed_at, submitted_at)
select %(tenant_id)s, store_id, batch_id, 'set_chain', 'submitted', 20, '[]', hash, hash, 1, 20, now(), now(), now()
from open_work where n = 1;
insert into ves_store.x402_payment_intents (tenant_id, store_id, intent_id, sequence_number, status, source_agent_id,
  agent_key_id, payer_address, payer_key, payee_address, amount, asset, network, chain_id, token_address, valid_until,
  nonce, fingerprint, signing_hash, payer_signature, payer_public_key, leaf_hash, record_hash, settlement_contract,
  batch_id, created_at, sequenced_at, updated_at)
select %(tenant_id)s, store_id, id, n, 'batched', %(agent_id)s, 1, address, address, address, 1, 'usdc', 'set_chain',
  84532001, address, extract(epoch from now())::bigint + 9999, n, hash, hash, hash || hash, hash, hash, hash, address,
  batch_id, now(), now(), now()
from open_work;
insert into ves_store.x402_settlements (tenant_id, store_id, batch_id, part, chain_id, status, settlement_contract, token_address,
  tx_hash, created_at, updated_at)
select %(tenant_id)s, store_id, batch_id, part, 84532001, case part when 0 then 'prepared' else 'broadcast' end, address, address,
  case part when 1 then 't' end, now(), now()
from open_work where n <= 2;
insert into ves_store.x402_settlement_items (tenant_id, intent_id, batch_id, part)
select %(tenant_id)s, id, batch_id, part from open_work;
insert into ves_store.x402_exact_batches (batch_id, chain_id, settlement_contract, token_address, status, payment_count,
  merkle_root, tx_hash, created_at, updated_at)
select exact_id, 84532003, address, address, 'broadcast', 10, hash, 't', now(), now() from open_work where n <= 2;
insert into ves_store.x402_exact_payments (tenant_id, payment_id, chain_id, settlement_contract, token_address,
  payer_address, nonce, payee_address, amount, valid_after, valid_before, signature, digest, status, batch_id,
  created_at, updated_at)
select %(tenant_id)s, id, 84532003, address, address, address, hash, address, 1, 0, 9, hash, hash, 'batched', exact_id,
  now(), now()
from open_work;
insert into ves_store.chain_accounts (chain_id, sender, lease, next_nonce)
values (84532002, '0x' || repeat('cd', 20), 'chain_anchor', 0), (84532003, '0x' || repeat('cd', 20), 'x402_settlement', 9);
insert into ves_store.chain_transactions (transaction_id, chain_id, sender, kind, tenant_id, reference_id, part, to_address,
  calldata, status, nonce, attempt, tx_hash, block_number, block_hash, created_at, updated_at)
overriding system value
select t.id, 84532003, address, t.kind, %(tenant_id)s, t.reference_id, t.part, address, 'x', t.status,
  case when t.status <> 'planned' then -t.id end, (t.status <> 'planned')::integer,
  case when t.status <> 'planned' then sha256(t.id::text::bytea) end, case t.status when 'mined' then 1 end,
  case t.status when 'mined' then hash end, now(), now()
from open_work, (values
  (-1, 'settlement', md5('open batch')::uuid, 0, 'planned'), (-2, 'authorizations', md5('open exact0')::uuid, 0, 'signed'),
  (-3, 'authorizations', md5('open exact1')::uuid, 0, 'signed'), (-4, 'settlement', md5('open batch')::uuid, 1, 'mined')
) as t (id, kind, reference_id, part, status)
where n = 1;
insert into ves_store.chain_attempts (transaction_id, attempt, tx_hash, raw, gas_limit, max_fee, priority_fee, signed_at)
select t.transaction_id, 1, t.tx_hash, 'x', 1, 1, 1, now() from ves_store.chain_transactions as t where t.attempt = 1;
insert into ves_store.timestamps (timestamp_id, root, proof, status, created_at, due_at)
values (md5('open timestamp')::uuid, sha256(''), 'x', 'submitted', now(), now());
insert into ves_store.commitment_anchors (tenant_id, batch_id, anchor, is_legacy, status, committed_at, call_id, proof_path)
select %(tenant_id)s, md5(a.status)::uuid, a.anchor, false, a.status, now(), a.call_id, a.proof_path
from (values
  ('chain', 'pending', null, null), ('opentimestamps', 'pending', null, null),
  ('opentimestamps', 'submitted', md5('open timestamp')::uuid, 'x'::bytea)) as a (anchor, status, call_id, proof_path)
"""
