"""Work of every kind that waits in the database, written in bulk, and the steps that take some of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

TENANTS: Final = 10
# Statements over `waiting`: a row of it is one piece of work.
WAITING: Final = f"""
create temporary table waiting on commit drop as
select
  n, md5('tenant' || mod(n, {TENANTS}))::uuid as tenant_id, md5('store' || mod(n, {TENANTS}))::uuid as store_id,
  md5('row' || n)::uuid as id, '0x' || repeat('ab', 20) as address, sha256(n::text::bytea) as hash
from generate_series(%(first)s::bigint, %(last)s) as n
"""
SETTLING: Final = "ves.claim_lease('x402_settlement', 'me', 60)"
ADDRESS: Final = "'0x' || repeat('ab', 20)"
CURSORS: Final = """
insert into ves_store.cursors (tenant_id, store_id, consumer, done_to, head_sequence, due_at)
select tenant_id, id, '{}', 0, 1, now() - interval '1 hour' from waiting"""
INTENTS: Final = """
insert into ves_store.ves_sequence_counters (tenant_id, store_id)
select distinct tenant_id, store_id from waiting on conflict do nothing;
insert into ves_store.x402_payment_batches (tenant_id, store_id, batch_id, network, status, payment_count, total_amounts,
  merkle_root, new_state_root, sequence_start, sequence_end, created_at, committed_at)
select tenant_id, store_id, id, 'set_chain', 'committed', 1, '[]', hash, hash, n, n, now(), now() from waiting;
insert into ves_store.x402_payment_intents (tenant_id, store_id, intent_id, sequence_number, status, source_agent_id,
  agent_key_id, payer_address, payer_key, payee_address, amount, asset, network, chain_id, token_address, valid_until,
  nonce, fingerprint, signing_hash, payer_signature, payer_public_key, leaf_hash, record_hash, settlement_contract,
  batch_id, created_at, sequenced_at, updated_at)
select tenant_id, store_id, id, n, '{status}', id, 1, address, id::text, address, 1, 'usdc', 'set_chain', 84532001,
  address, extract(epoch from now())::bigint + {seconds}, n, hash, hash, hash || hash, hash, hash, hash, address,
  {batch_id}, now() - interval '1 day', now(), now()
from waiting"""
PARTS: Final = """;
insert into ves_store.x402_settlements (tenant_id, store_id, batch_id, part, chain_id, status, settlement_contract,
  token_address, created_at, updated_at)
select tenant_id, store_id, id, 0, 84532001, 'prepared', address, address, now(), now() from waiting;
insert into ves_store.x402_settlement_items (tenant_id, intent_id, batch_id, part)
select tenant_id, id, id, 0 from waiting"""
EXACT: Final = """
insert into ves_store.x402_exact_payments (tenant_id, payment_id, chain_id, settlement_contract, token_address,
  payer_address, nonce, payee_address, amount, valid_after, valid_before, signature, digest, status, reason, recheck_at,
  created_at, updated_at)
select tenant_id, id, 84532001, address, address, address, hash, address, 1, 0, {valid_before}, hash, hash, '{status}',
  {reason}, {recheck_at}, now(), now()
from waiting"""
TRANSACTIONS: Final = """
insert into ves_store.chain_accounts (chain_id, sender, lease, next_nonce)
select distinct 84532001, address, 'x402_settlement', 9999 from waiting on conflict do nothing;
insert into ves_store.chain_transactions (transaction_id, chain_id, sender, kind, tenant_id, reference_id, part,
  to_address, calldata, status, nonce, attempt, tx_hash, block_number, block_hash, created_at, updated_at)
overriding system value
select n, 84532001, address, 'settlement', tenant_id, id, 0, address, 'x', '{status}', n, 1, hash, {block}, now(), now()
from waiting;
insert into ves_store.chain_attempts (transaction_id, attempt, tx_hash, raw, gas_limit, max_fee, priority_fee, signed_at)
select n, 1, hash, 'x', 1, 1, 1, now() from waiting"""


@dataclass(frozen=True)
class Work:
    """Pieces of work of one kind: how they come to wait, how all are finished, and the calls that take some.

    Names of a step are those of the last piece but MANY: row (its UUID), number, tenant.
    """

    tables: tuple[str, ...]
    fill: str
    finish: str
    steps: tuple[str, ...]
    prepare: str = field(default="select")
    # rows that a step may look at because it takes more where more waits
    takes: int = field(default=0)


WORK: Final = {
    "rotations": Work(
        ("scheduled_key_rotations",),
        """
        insert into ves_store.scheduled_key_rotations (rotation_id, tenant_id, agent_id, current_key_id, scheduled_at, reason)
        select id, tenant_id, id, 1, now() - interval '1 hour', 'manual' from waiting""",
        "update ves_store.scheduled_key_rotations set status = 'failed', completed_at = now(), error_message = 'x'",
        (
            "select * from ves_int.due_rotations(now(), 1)",
            "select ves_int.apply_rotation(%(row)s, %(tenant)s)",
            "select ves.cancel_key_rotation(%(tenant)s, %(row)s)",
        ),
    ),
    "keys": Work(
        ("agent_signing_keys",),
        """
        insert into ves_store.agent_signing_keys (tenant_id, agent_id, key_id, public_key, check_at)
        select tenant_id, id, 1, hash, now() - interval '1 hour' from waiting""",
        "update ves_store.agent_signing_keys set check_at = null",
        ("select ves_int.check_keys(now(), 5)", "select ves_int.check_keys_now(%(tenant)s, %(row)s)"),
    ),
    "expiring keys": Work(
        ("agent_signing_keys",),
        """
        insert into ves_store.agent_signing_keys (tenant_id, agent_id, key_id, public_key, valid_to)
        select tenant_id, id, 1, hash, now() - interval '1 hour' from waiting""",
        "update ves_store.agent_signing_keys set status = 'expired'",
        ("select ves_int.mark_expired_keys(5)",),
    ),
    "cursors": Work(
        ("cursors",),
        CURSORS.format("receipts"),
        "update ves_store.cursors set done_to = 1, due_at = null",
        ("select * from ves.claim_cursors('receipts', 5)",),
    ),
    "projectors": Work(
        ("cursors",),
        CURSORS.format("projector/p"),
        "update ves_store.cursors set done_to = 1, due_at = null",
        ("select * from ves.claim_projector()",),
    ),
    "retries": Work(
        ("dead_letter_events", "retry_tenants", "pgmq.q_ves_dead_letters"),
        """
        insert into ves_store.dead_letter_events (dead_letter_id, tenant_id, store_id, legacy, consumer, sequence_number,
          event_id, event_type, entity_type, entity_id, reason, status, holds_entity, created_at)
        overriding system value
        select n, tenant_id, store_id, false, 'work', n, id, 'e', 'e', n, 'unknown', 'failed', true, now() from waiting;
        select ves_int.schedule_retries(w.tenant_id, w.ids)
        from (select tenant_id, array_agg(n) as ids from waiting group by tenant_id) as w;
        update pgmq.q_ves_dead_letters set vt = now() - interval '1 hour' where vt > now() - interval '1 minute'""",
        """
        update ves_store.dead_letter_events
        set status = 'discarded', next_retry_at = null, message_id = null, settled_at = now();
        delete from pgmq.q_ves_dead_letters""",
        (
            "select * from ves_int.claim_retries('work', 5)",
            "select ves.discard_dead_letter(%(tenant)s, %(number)s)",
            "select ves.retry_dead_letter(%(tenant)s, %(number)s)",
            "select ves.purge_dead_letters(%(tenant)s, max_letters => 5)",
        ),
    ),
    "anchors": Work(
        ("commitment_anchors", "ves_commitments"),
        """
        insert into ves_store.ves_commitments (tenant_id, store_id, batch_id, tree_depth, leaf_count, padded_leaf_count,
          merkle_root, prev_state_root, new_state_root, sequence_start, sequence_end, previous_end, committed_at)
        select tenant_id, id, id, 0, 1, 1, hash, hash, hash, 1, 1, null, now() from waiting;
        insert into ves_store.commitment_anchors (tenant_id, batch_id, anchor, is_legacy, status, committed_at)
        select tenant_id, id, a, false, 'pending', now() from waiting, unnest(array['chain', 'opentimestamps']) as a""",
        """
        update ves_store.commitment_anchors
        set status = 'anchored', call_id = batch_id, chain_id = 1, chain_tx_hash = sha256(''), anchored_at = now(),
          proof_path = case anchor when 'opentimestamps' then 'x'::bytea end""",
        (
            "select * from ves.list_pending_anchors('chain', true, 5)",
            "select ves.request_anchor(%(tenant)s, %(row)s)",
            "select * from ves.get_anchor(%(tenant)s, %(row)s)",
            "select * from ves.list_told_anchors(array[%(row)s::uuid])",
            (
                f"select ves.plan_anchors(ves.claim_lease('chain_anchor', 'me', 60), 1, {ADDRESS}, {ADDRESS}, 'x',"
                " array[%(row)s::uuid])"
            ),
            (
                "select ves.store_timestamp(ves.claim_lease('timestamps', 'me', 60), sha256(''), 'x', array[%(row)s::uuid],"
                " array['x'::bytea], 60)"
            ),
        ),
        f"insert into ves_store.chain_accounts (chain_id, sender, lease, next_nonce) values (1, {ADDRESS}, 'chain_anchor', 0)",
    ),
    "timestamps": Work(
        ("timestamps",),
        """
        insert into ves_store.timestamps (timestamp_id, root, proof, status, created_at, due_at)
        select id, hash, 'x', 'submitted', now(), now() + interval '1 hour' from waiting;
        update ves_store.timestamps set due_at = now() - interval '1 hour'
        where timestamp_id in (select id from waiting order by n limit 5)""",
        "update ves_store.timestamps set status = 'anchored', block_height = 1",
        (
            "select * from ves.list_due_timestamps(100)",
            "select ves.move_timestamp(ves.claim_lease('timestamps', 'me', 60), %(row)s, 'submitted', 60)",
        ),
    ),
    "expired intents": Work(
        ("x402_payment_intents",),
        INTENTS.format(status="sequenced", seconds=-60, batch_id="null"),
        "update ves_store.x402_payment_intents set status = 'expired'",
        ("select ves.expire_payment_intents(5)",),
    ),
    "batched intents": Work(
        (
            "x402_payment_intents",
            "x402_payment_batches",
            "x402_settlements",
            "x402_settlement_items",
            "x402_batches_to_divide",
        ),
        INTENTS.format(status="batched", seconds=9999, batch_id="id")
        + """;
        insert into ves_store.x402_batches_to_divide (chain_id, tenant_id, batch_id, store_id)
        select 84532001, tenant_id, id, store_id from waiting""",
        """
        update ves_store.x402_payment_intents set status = 'failed', failure = 'x';
        delete from ves_store.x402_batches_to_divide""",
        (
            f"select ves.plan_settlements({SETTLING}, 84532001, 200, 5)",
            "select ves.record_payment_settlement(%(tenant)s, %(row)s, repeat('ab', 32), 1)",
            "select ves.get_payment_receipt(%(tenant)s, %(row)s)",
        ),
    ),
    "parts": Work(
        ("x402_payment_intents", "x402_payment_batches", "x402_settlements", "x402_settlement_items"),
        INTENTS.format(status="batched", seconds=9999, batch_id="id") + PARTS,
        "update ves_store.x402_settlements set status = 'failed', reason = 'x'",
        (
            "select * from ves.list_unplanned_settlements(84532001, 5)",
            "select * from ves.list_settlement_payments(%(tenant)s, %(row)s, 0)",
            f"select ves.refuse_settlement({SETTLING}, %(tenant)s, %(row)s, 0, 'r')",
            f"select ves.mark_settlement({SETTLING}, %(tenant)s, %(row)s, 0, 'prepared', 'broadcast', '0x' || repeat('ab', 32))",
            f"select ves.plan_transaction({SETTLING}, 1, {ADDRESS}, 'settlement', %(tenant)s, %(row)s, 0, {ADDRESS}, 'x')",
        ),
        f"insert into ves_store.chain_accounts (chain_id, sender, lease, next_nonce) values (1, {ADDRESS}, 'x402_settlement', 0)",
    ),
    "exact batches": Work(
        ("x402_exact_batches",),
        """
        insert into ves_store.x402_exact_batches (batch_id, chain_id, settlement_contract, token_address, status,
          payment_count, merkle_root, created_at, updated_at)
        select id, 84532001, address, address, 'prepared', 10, hash, now(), now() from waiting""",
        "update ves_store.x402_exact_batches set status = 'settled', tx_hash = 't', block_number = 1",
        (
            "select * from ves.list_unplanned_exact_batches(84532001, 5)",
            "select ves_int.move_exact_batch(%(row)s, 'broadcast', 't')",
            f"select ves.plan_transaction({SETTLING}, 1, {ADDRESS}, 'authorizations', %(tenant)s, %(row)s, 0, {ADDRESS}, 'x')",
        ),
        f"insert into ves_store.chain_accounts (chain_id, sender, lease, next_nonce) values (1, {ADDRESS}, 'x402_settlement', 0)",
    ),
    "transactions": Work(
        ("chain_transactions", "chain_attempts"),
        TRANSACTIONS.format(status="broadcast", block="null, null"),
        "update ves_store.chain_transactions set status = 'final', block_number = 1, block_hash = tx_hash",
        (
            "select * from ves.list_open_transactions('x402_settlement', 84532001, 0, 5)",
            f"select ves_int.claim_transaction({SETTLING}, %(number)s)",
        ),
    ),
    "mined transactions": Work(
        ("chain_transactions", "chain_attempts"),
        TRANSACTIONS.format(status="mined", block="1, hash"),
        "update ves_store.chain_transactions set status = 'final'",
        (
            "select * from ves.list_open_transactions('x402_settlement', 84532001, 3600, 5)",
            (
                f"select ves.mine_transaction({SETTLING}, %(number)s, sha256((%(number)s::text)::bytea), 1,"
                " sha256((%(number)s::text)::bytea))"
            ),
        ),
    ),
    "exact payments": Work(
        ("x402_exact_payments",),
        EXACT.format(valid_before=2**40, status="recorded", reason="null", recheck_at="null"),
        "update ves_store.x402_exact_payments set status = 'failed', reason = 'x'",
        (
            f"select ves.plan_exact_batches({SETTLING}, 84532001, 5, 0)",
            "select ves.withdraw_exact_payment(%(row)s)",
            "select * from ves.list_exact_payments(array[%(row)s::uuid])",
        ),
    ),
    "rechecks": Work(
        ("x402_exact_payments",),
        EXACT.format(valid_before=9, status="failed", reason="'x'", recheck_at="now() - interval '1 hour'"),
        "update ves_store.x402_exact_payments set recheck_at = null",
        (
            "select * from ves.list_exact_rechecks(84532001, max_rows => 5)",
            "select ves.recheck_exact_payment(%(row)s)",
            f"select ves.finish_exact_rechecks({SETTLING}, now(), array[%(row)s::uuid], '{{}}', '{{}}')",
            f"select ves.confirm_exact_payments({SETTLING}, null, 'x', array[%(row)s::uuid], true)",
        ),
    ),
    "rejections": Work(
        ("ves_rejections",),
        """
        insert into ves_store.ves_rejections (tenant_id, store_id, event_id, source_agent_id, reason, message, rejected_at)
        select tenant_id, store_id, id, id, 'r', 'm', now() - interval '10 years' from waiting""",
        "update ves_store.ves_rejections set rejected_at = now()",
        ("select ves_int.retain_rejections(now(), 5)",),
    ),
    "settled letters": Work(
        ("dead_letter_events",),
        """
        insert into ves_store.dead_letter_events (dead_letter_id, tenant_id, store_id, legacy, consumer, sequence_number,
          event_id, event_type, entity_type, entity_id, reason, status, holds_entity, created_at, settled_at)
        overriding system value
        select n, tenant_id, store_id, false, 'work', n, id, 'e', 'e', n, 'unknown', 'discarded', true, now(),
          now() - interval '10 years'
        from waiting""",
        "update ves_store.dead_letter_events set settled_at = now()",
        (
            "select * from ves.apply_retention(now(), 5)",
            "select ves.purge_dead_letters(%(tenant)s, max_letters => 5)",
        ),
    ),
    "revoked keys": Work(
        ("api_keys",),
        """
        insert into ves_store.api_keys (key_hash, tenant_id, active, updated_at)
        select encode(hash, 'hex'), tenant_id, false, now() - interval '10 years' from waiting""",
        "update ves_store.api_keys set updated_at = now()",
        ("select * from ves.apply_retention(now(), 5)",),
    ),
    "group": Work(
        ("cursors",),
        """
        insert into ves_store.cursors (tenant_id, store_id, consumer, done_to, head_sequence, due_at)
        select s.tenant_id, w.id, ves_int.cursor_name(s.subscription_id, 'group', ves_int.slot_of(w.id)), 0, 1,
          now() - interval '1 hour'
        from waiting as w, ves_store.subscriptions as s where s.name = 'work'""",
        "update ves_store.cursors set done_to = 1, due_at = null",
        ("select * from ves.fetch_ranges(md5('tenant0')::uuid, 'work', 'me', 5)",),
        "select ves.subscribe(md5('tenant0')::uuid, 'work', 'group')",
        takes=5 * 64 * 5,  # five of each slot
    ),
    "feed": Work(
        ("feed_ranges",),
        """
        insert into ves_store.feed_ranges (tenant_id, subscription_id, feed_number, store_id, sequence_from, sequence_to)
        select s.tenant_id, s.subscription_id, w.n, w.id, 1, 1
        from waiting as w, ves_store.subscriptions as s where s.name = 'work'""",
        "select",
        ("select * from ves.read_feed(md5('tenant0')::uuid, 'work', %(number)s, 5)",),
        "select ves.subscribe(md5('tenant0')::uuid, 'work', 'feed')",
    ),
    "key usage": Work(
        ("cursors",),
        CURSORS.format("key_usage"),
        "update ves_store.cursors set done_to = 1, due_at = null",
        ("select ves.count_key_usage(5)",),
    ),
    "queue": Work(
        ("pgmq.q_ves_ranges", "cursors"),
        """
        insert into pgmq.q_ves_ranges (vt, message)
        select now(), jsonb_build_object('subscription_id', s.subscription_id, 'store_id', w.store_id, 'sequence_from', w.n * 2,
          'sequence_to', w.n * 2)
        from waiting as w, ves_store.subscriptions as s where s.name = 'work'""",
        "delete from pgmq.q_ves_ranges",
        ("select * from ves.read_queue(md5('tenant0')::uuid, 'work', 5)",),
        "select ves.subscribe(md5('tenant0')::uuid, 'work', 'queue')",
    ),
    "wake-ups": Work(
        ("pgmq.q_ves_commit", "cursors"),
        """
        insert into pgmq.q_ves_commit (vt, message)
        select now(), jsonb_build_object('tenant_id', tenant_id, 'store_id', store_id, 'sequence_from', n, 'sequence_to', n)
        from waiting""",
        "delete from pgmq.q_ves_commit",
        ("select ves_int.take_wake_ups(5)", "select ves_int.take_wake_ups(5, md5('tenant0')::uuid)"),
    ),
}
