"""Every function of schema `ves`, as it is called to measure it, or the reason why its cost may grow with history."""

from __future__ import annotations

from tests.sql.legacy_support import CALL as INGEST_LEGACY
from tests.sql.support import CALL as INGEST

STREAM = "%(tenant_id)s, %(store_id)s"
PAYMENTS = "%(tenant_id)s, %(payment_store_id)s"
AGENT = "%(tenant_id)s, %(agent_id)s"
PUBLIC_KEY = "sha256('key')"
# of the work under way in tests/plans/payment_history.py
LEASE = "ves.claim_lease('x402_settlement', 'me', 60)"
ADDRESS = "'0x' || repeat('cd', 20)"
TX_HASH = "'0x' || repeat('ab', 32)"
OPEN_BATCH = "md5('open batch')::uuid"
OPEN_INTENTS = "array(select md5('open' || n)::uuid from generate_series(1, 19, 2) as n)"

CALLS: dict[str, str] = {
    # append
    "ingest_events": INGEST,
    "ingest_signed_events": "select ves.ingest_signed_events(%(request)s::jsonb)",
    "ingest_signed_request": "select ves.ingest_signed_request(%(request)s)",
    "ingest_legacy_events": INGEST_LEGACY,
    "ingest_legacy_request": "select ves.ingest_legacy_request(%(legacy_request)s)",
    "get_agent_keys": "select * from ves.get_agent_keys(%(tenant_id)s, array[%(agent_id)s::uuid], array[1])",
    "get_active_schemas": "select * from ves.get_active_schemas(%(tenant_id)s, array['order.created'])",
    "store_receipts": (
        "select ves.store_receipts(array[%(tenant_id)s::uuid], array[%(store_id)s::uuid], array[%(done)s::bigint + 1],"
        " %(receipt_hash)s::bytea, null)"
    ),
    # read
    "read_events": f"select * from ves.read_events({STREAM}, %(done)s, 10)",
    "read_event_parts": f"select * from ves.read_event_parts({STREAM}, %(done)s, 10)",
    "read_payloads": f"select * from ves.read_payloads({STREAM}, %(done)s, 10)",
    "export_events": f"select * from ves.export_events({STREAM}, %(done)s, %(done)s + 10)",
    "list_legacy_events": f"select * from ves.list_legacy_events({STREAM}, %(done)s, 10)",
    "get_entity_history": f"select * from ves.get_entity_history({STREAM}, 'order', '5')",
    "get_legacy_head": f"select ves.get_legacy_head({STREAM})",
    "get_receipt": "select ves.get_receipt(%(tenant_id)s, %(event_id)s)",
    "get_receipts": f"select * from ves.get_receipts({STREAM}, %(done)s, %(done)s + 10)",
    "get_stream_state": f"select * from ves.get_stream_state({STREAM})",
    "find_event_number": f"select ves.find_event_number({STREAM}, %(event_id)s)",
    "list_streams": f"select * from ves.list_streams({STREAM})",
    # streams
    "list_heads": "select * from ves.list_heads(%(small_tenant_id)s)",
    "find_moved_streams": (
        "select * from ves.find_moved_streams(array[%(tenant_id)s::uuid], array[%(store_id)s::uuid], array[0::bigint])"
    ),
    "acknowledge_events": f"select ves.acknowledge_events({STREAM}, %(agent_id)s, %(done)s)",
    "list_agent_positions": f"select * from ves.list_agent_positions({AGENT})",
    "list_credential_epochs": "select * from ves.list_credential_epochs(array[%(tenant_id)s::uuid])",
    # payments
    "append_payment_intents": f"select * from ves.append_payment_intents({PAYMENTS}, %(payments)s)",
    "submit_payment_intent": "select ves.submit_payment_intent(%(payment_request)s)",
    "get_payment_intent": "select * from ves.get_payment_intent(%(tenant_id)s, %(intent_id)s)",
    "list_payment_intents": f"select * from ves.list_payment_intents({PAYMENTS}, to_date => now() - interval '10 minutes', max_rows => 10)",
    "get_payment_receipt": "select ves.get_payment_receipt(%(tenant_id)s, %(intent_id)s)",
    "verify_payment_receipt": "select ves.verify_payment_receipt('{}')",
    "expire_payment_intents": "select ves.expire_payment_intents(100)",
    "batch_due_payments": "select ves.batch_due_payments(array['set_chain'])",
    "plan_settlements": "select ves.plan_settlements(ves.claim_lease('x402_settlement', 'me', 60), 84532001)",
    "list_unplanned_settlements": "select * from ves.list_unplanned_settlements(84532001)",
    "list_settlement_payments": "select * from ves.list_settlement_payments(%(tenant_id)s, %(payment_batch_id)s, 0)",
    "open_chain_account": (
        "select ves.open_chain_account('x402_settlement', ves.claim_lease('x402_settlement', 'me', 60), 1,"
        " '0x' || repeat('ab', 20), 0)"
    ),
    "list_open_transactions": "select * from ves.list_open_transactions('x402_settlement', 1, 86400)",
    "judge_exact_payment": "select * from ves.judge_exact_payment(1, '0x' || repeat('ab', 20), '0x' || repeat('ab', 20), sha256(''))",
    "get_exact_network": "select * from ves.get_exact_network(84532001)",
    "record_exact_payment": (
        "select ves.record_exact_payment(%(tenant_id)s, 1, '0x' || repeat('ab', 20), '0x' || repeat('ab', 20), '0x' || repeat('ab', 20), '0x' || repeat('ab', 20), '1', '0', '9', sha256(''),"
        " sha256(''), sha256(''))"
    ),
    "record_paid_resource": (
        "select ves.record_paid_resource(%(tenant_id)s, 'https://s.example', 'https://s.example/a', 'GET', 2, 'eip155:1',"
        " '0x' || repeat('ab', 20), '{}')"
    ),
    "list_paid_resources": "select * from ves.list_paid_resources(network => 'eip155:1', skip_rows => 20)",
    "set_paid_origin": "select ves.set_paid_origin(%(tenant_id)s, 'https://s.example', true)",
    "withdraw_exact_payment": "select ves.withdraw_exact_payment(%(tenant_id)s)",
    "recheck_exact_payment": "select ves.recheck_exact_payment(%(tenant_id)s)",
    "list_exact_rechecks": "select * from ves.list_exact_rechecks(1)",
    "finish_exact_rechecks": f"select ves.finish_exact_rechecks({LEASE}, now(), array[%(tenant_id)s::uuid], '{{}}', '{{}}')",
    "list_exact_payments": "select * from ves.list_exact_payments(array[%(tenant_id)s::uuid])",
    "plan_exact_batches": "select ves.plan_exact_batches(ves.claim_lease('x402_settlement', 'me', 60), 1)",
    "confirm_exact_payments": (
        "select ves.confirm_exact_payments(ves.claim_lease('x402_settlement', 'me', 60), %(tenant_id)s, 'x',"
        " array[%(tenant_id)s::uuid])"
    ),
    "list_unplanned_exact_batches": "select * from ves.list_unplanned_exact_batches(1)",
    "list_exact_batch_payments": "select * from ves.list_exact_batch_payments(%(tenant_id)s)",
    "set_payment_token": "select ves.set_payment_token('base', 'dai', '0x' || repeat('ab', 20))",
    "set_settlement_contract": "select ves.set_settlement_contract('base', null)",
    "bind_payer_address": f"select ves.bind_payer_address({AGENT}, 1, '0x' || repeat('ab', 20))",
    "set_spending_limit": "select ves.set_spending_limit(%(tenant_id)s, 'usdc', 1, '1 day')",
    "create_payment_batch": f"select ves.create_payment_batch({PAYMENTS}, 'set_chain')",
    "get_payment_batch": "select * from ves.get_payment_batch(%(tenant_id)s, %(payment_batch_id)s)",
    "record_payment_settlement": (
        "select ves.record_payment_settlement(%(tenant_id)s, %(payment_batch_id)s, repeat('ab', 32), 1)"
    ),
    "plan_transaction": (
        f"select ves.plan_transaction({LEASE}, 84532003, {ADDRESS}, 'settlement', %(tenant_id)s, gen_random_uuid(), 0,"
        f" {ADDRESS}, '')"
    ),
    "sign_transaction": f"select ves.sign_transaction({LEASE}, -1, 1, 9, sha256('signed'), '', 1, 1, 1)",
    "step_transaction": f"select ves.step_transaction({LEASE}, -2, 'signed', 'broadcast')",
    "mine_transaction": f"select ves.mine_transaction({LEASE}, -3, sha256('-3'), 1, sha256(''))",
    "finish_transaction": (
        f"select ves.finish_transaction({LEASE}, -4, sha256('1'), 1, true, settled => {OPEN_INTENTS})"
    ),
    "mark_settlement": (
        f"select ves.mark_settlement({LEASE}, %(tenant_id)s, {OPEN_BATCH}, 0, 'prepared', 'broadcast', {TX_HASH})"
    ),
    "settle_payments": (
        f"select ves.settle_payments({LEASE}, %(tenant_id)s, {OPEN_BATCH}, 1, {TX_HASH}, 1, 1, {OPEN_INTENTS}, '{{}}', '{{}}')"
    ),
    "refuse_settlement": f"select ves.refuse_settlement({LEASE}, %(tenant_id)s, {OPEN_BATCH}, 0, 'other decimals')",
    # commit and prove
    "create_commitment": f"select ves.create_commitment({STREAM}, %(committed)s + 1, %(committed)s + 10)",
    "commit_next": f"select * from ves.commit_next({STREAM}, 10)",
    "commit_due": f"select * from ves.commit_due({STREAM})",
    "list_pending_anchors": "select * from ves.list_pending_anchors(max_rows => 10)",
    "list_anchor_call": "select * from ves.list_anchor_call(%(batch_id)s)",
    "plan_anchors": (
        f"select ves.plan_anchors(ves.claim_lease('chain_anchor', 'me', 60), 84532002, {ADDRESS}, {ADDRESS}, '',"
        " array[md5('pending')::uuid])"
    ),
    "record_anchor": "select ves.record_anchor(md5('pending')::uuid, sha256('t'), 1)",
    "store_timestamp": (
        "select ves.store_timestamp(ves.claim_lease('timestamps', 'me', 60), sha256('r'), 'x', array[md5('pending')::uuid],"
        " array['x'::bytea], 60)"
    ),
    "move_timestamp": (
        "select ves.move_timestamp(ves.claim_lease('timestamps', 'me', 60), md5('open timestamp')::uuid, 'anchored', 60, 'x', 1)"
    ),
    "request_anchor": "select ves.request_anchor(%(tenant_id)s, %(batch_id)s)",
    "list_anchors": "select * from ves.list_anchors(%(tenant_id)s, %(batch_id)s)",
    "get_anchor_policy": "select * from ves.get_anchor_policy()",
    "get_timestamp": "select * from ves.get_timestamp(%(tenant_id)s, %(batch_id)s)",
    "list_due_timestamps": "select * from ves.list_due_timestamps(10)",
    "get_anchor": "select * from ves.get_anchor(%(tenant_id)s, %(batch_id)s)",
    "list_told_anchors": "select * from ves.list_told_anchors(array[%(batch_id)s::uuid])",
    "get_commitment": "select * from ves.get_commitment(%(tenant_id)s, %(batch_id)s)",
    "get_inclusion_proof": f"select ves.get_inclusion_proof({STREAM}, %(committed)s - 50)",
    "get_legacy_commitment": "select * from ves.get_legacy_commitment(%(tenant_id)s, %(legacy_batch_id)s)",
    "get_legacy_inclusion_proof": (
        f"select ves.get_legacy_inclusion_proof({STREAM}, %(committed)s - 50, %(legacy_batch_id)s)"
    ),
    "verify_inclusion": "select ves.verify_inclusion(sha256(''), 0, array[sha256('')], sha256(''))",
    "verify_legacy_inclusion": "select ves.verify_legacy_inclusion(sha256(''), 0, array[sha256('')], sha256(''))",
    "verify_stream": f"select * from ves.verify_stream({STREAM}, %(committed)s - 9, %(committed)s)",
    "shred_payload": f"select ves.shred_payload({STREAM}, %(done)s, 'why')",
    "set_commit_policy": f"select ves.set_commit_policy({STREAM}, 'automatic')",
    # proofs
    "get_compliance_event": "select * from ves.get_compliance_event(%(tenant_id)s, %(event_id)s)",
    "get_compliance_inputs": "select * from ves.get_compliance_inputs(%(tenant_id)s, %(event_id)s, 'p')",
    "store_compliance_proof": (
        "select ves.store_compliance_proof(%(tenant_id)s, %(event_id)s, 'x', 1, 'p', '{}', sha256('p'),"
        " gen_random_uuid(), '\\x00', null, sha256('\\x00'), sha256(''), null, null, 'not_applicable')"
    ),
    "submit_compliance_proof": (
        "select ves.submit_compliance_proof(%(tenant_id)s, %(event_id)s, 'x', 1, 'p', '{}', '\\x00')"
    ),
    "get_compliance_proof": "select * from ves.get_compliance_proof(%(tenant_id)s, %(proof_id)s)",
    "list_compliance_proofs": "select * from ves.list_compliance_proofs(%(tenant_id)s, %(event_id)s)",
    "verify_compliance_proof": "select ves.verify_compliance_proof(%(proof_id)s, %(tenant_id)s)",
    "get_validity_inputs": "select * from ves.get_validity_inputs(%(tenant_id)s, %(batch_id)s)",
    "submit_validity_proof": "select ves.submit_validity_proof(%(tenant_id)s, %(batch_id)s, 'x', 1, '\\x00')",
    "get_validity_proof": "select * from ves.get_validity_proof(%(tenant_id)s, %(batch_id)s)",
    "list_validity_proofs": "select * from ves.list_validity_proofs(%(tenant_id)s, %(batch_id)s)",
    "verify_validity_proof": "select ves.verify_validity_proof(%(batch_id)s, %(tenant_id)s)",
    # credentials
    "authenticate": "select * from ves.authenticate(%(key_hash)s)",
    "create_api_key": "select ves.create_api_key(repeat('0', 64), %(tenant_id)s)",
    "register_agent": "select ves.register_agent(repeat('0', 64), gen_random_uuid(), gen_random_uuid())",
    "update_api_key": "select ves.update_api_key(left(%(key_hash)s, 16), %(tenant_id)s, can_write => true)",
    "revoke_api_key": "select ves.revoke_api_key(left(%(key_hash)s, 16), %(tenant_id)s)",
    "upsert_bootstrap_key": "select ves.upsert_bootstrap_key(repeat('1', 64))",
    "require_api_key": "select ves.require_api_key()",
    "find_agent_tenant": "select ves.find_agent_tenant(%(agent_id)s)",
    "get_agent": f"select * from ves.get_agent({AGENT})",
    "list_api_keys": f"select * from ves.list_api_keys({AGENT})",
    "take_rate_limit": (
        "select * from ves.take_rate_limit(array['credential'], array['k'], array[10], array[60], array[1000000])"
    ),
    # keys and their rotation
    "register_agent_key": f"select ves.register_agent_key({AGENT}, 2, {PUBLIC_KEY})",
    "store_agent_key": (
        f"select ves.store_agent_key({AGENT}, 2, {PUBLIC_KEY}, 1::smallint, null, null, null, null, null)"
    ),
    "store_agent_key_rotation": (
        f"select ves.store_agent_key_rotation({AGENT}, 1, 2, {PUBLIC_KEY}, 1::smallint, null, null, null, false,"
        " 'manual', null, null)"
    ),
    "rotate_agent_key": f"select ves.rotate_agent_key({AGENT}, 1, 2, {PUBLIC_KEY})",
    "revoke_agent_key": f"select ves.revoke_agent_key({AGENT}, 1)",
    "list_agent_keys": f"select * from ves.list_agent_keys({AGENT})",
    "get_key_effective_status": f"select ves.get_key_effective_status({AGENT}, 1)",
    "get_next_agent_key_id": f"select ves.get_next_agent_key_id({AGENT})",
    "is_agent_key_valid": f"select ves.is_agent_key_valid({AGENT}, 1)",
    "is_key_in_grace_period": f"select ves.is_key_in_grace_period({AGENT}, 1)",
    "increment_key_usage": f"select ves.increment_key_usage({AGENT}, 7, 'encryption')",
    "list_key_history": f"select * from ves.list_key_history({AGENT})",
    "set_key_rotation_policy": f"select ves.set_key_rotation_policy({AGENT}, max_age_hours => 1000)",
    "delete_key_rotation_policy": f"select ves.delete_key_rotation_policy({AGENT})",
    "schedule_key_rotation": f"select ves.schedule_key_rotation({AGENT}, 1, now() + interval '1 day', 'manual')",
    "cancel_key_rotation": "select ves.cancel_key_rotation(%(tenant_id)s, %(rotation_id)s)",
    "list_key_rotations": f"select * from ves.list_key_rotations({AGENT})",
    # encryption groups and schemas
    "create_encryption_group": "select ves.create_encryption_group(%(tenant_id)s, 'another')",
    "update_encryption_group": "select ves.update_encryption_group(%(tenant_id)s, %(group_id)s, 'd')",
    "delete_encryption_group": "select ves.delete_encryption_group(%(tenant_id)s, %(group_id)s)",
    "get_encryption_group": "select * from ves.get_encryption_group(%(tenant_id)s, %(group_id)s)",
    "list_encryption_groups": "select * from ves.list_encryption_groups(%(tenant_id)s, %(group_id)s)",
    "list_group_members": "select * from ves.list_group_members(%(tenant_id)s, %(group_id)s)",
    "list_group_history": "select * from ves.list_group_history(%(tenant_id)s, %(group_id)s)",
    "add_group_member": "select ves.add_group_member(%(tenant_id)s, %(group_id)s, gen_random_uuid())",
    "remove_group_member": "select ves.remove_group_member(%(tenant_id)s, %(group_id)s, %(agent_id)s)",
    "can_agent_decrypt_from_group": (
        "select ves.can_agent_decrypt_from_group(%(tenant_id)s, %(group_id)s, %(agent_id)s)"
    ),
    "get_group_recipient_keys": "select * from ves.get_group_recipient_keys(%(tenant_id)s, %(group_id)s)",
    "register_schema": "select ves.register_schema(%(tenant_id)s, 'order.created', '{}')",
    "store_schema": "select ves.store_schema(%(tenant_id)s, 'another', '{}')",
    "set_schema_status": "select ves.set_schema_status(%(tenant_id)s, %(schema_id)s, 'deprecated')",
    "delete_schema": "select ves.delete_schema(%(tenant_id)s, %(schema_id)s)",
    "get_schema": "select * from ves.get_schema(%(tenant_id)s, %(schema_id)s)",
    "get_latest_schema": "select * from ves.get_latest_schema(%(tenant_id)s, 'order.created')",
    "get_compared_schemas": "select * from ves.get_compared_schemas(%(tenant_id)s, 'order.created')",
    "list_schema_versions": "select * from ves.list_schema_versions(%(tenant_id)s, 'order.created')",
    "list_schemas": "select * from ves.list_schemas(%(tenant_id)s, 10)",
    "set_schema_validation_mode": "select ves.set_schema_validation_mode('warn')",
    # audit, figures and limits
    "list_chain_heads": "select * from ves.list_chain_heads(%(tenant_id)s)",
    "get_chain_hash": "select ves.get_chain_hash(%(tenant_id)s, 'audit', 1)",
    "current_key_ids": "select ves.current_key_ids(array[%(tenant_id)s::uuid])",
    "list_limits": "select * from ves.list_limits()",
    "set_limit": "select ves.set_limit('rejections', 1000000)",
    "record_audit": "select ves.record_audit('login_success', %(tenant_id)s, 'a', 'b')",
    "list_audit": "select * from ves.list_audit(%(tenant_id)s, max_rows => 10, newest_first => true)",
    "set_audit_log": "select ves.set_audit_log(false)",
    "admin_agents": "select * from ves.admin_agents(%(small_tenant_id)s)",
    "admin_stores": "select * from ves.admin_stores(%(small_tenant_id)s)",
    "admin_tenants": "select * from ves.admin_tenants(%(small_tenant_id)s)",
    "admin_overview": "select * from ves.admin_overview(%(small_tenant_id)s)",
    # workers
    "claim_cursors": "select * from ves.claim_cursors('commit', 64, 30)",
    "open_cursor": f"select ves.open_cursor({STREAM}, 'new', 0)",
    "advance_cursor": f"select ves.advance_cursor({STREAM}, 'test', %(done)s, %(done)s + 1)",
    "subscribe": "select ves.subscribe(%(tenant_id)s, 'new', 'feed')",
    "list_subscriptions": "select * from ves.list_subscriptions(%(tenant_id)s)",
    "fetch_ranges": "select * from ves.fetch_ranges(%(tenant_id)s, 'group', 'a')",
    "ack": (
        "select ves.ack(%(tenant_id)s, 'group', r.store_id, r.token, r.after)"
        " from ves.fetch_ranges(%(tenant_id)s, 'group', 'a') as r"
    ),
    "reject_event": (
        "select ves.reject_event(%(tenant_id)s, 'group', r.store_id, r.token, r.after + 1, 'unknown')"
        " from ves.fetch_ranges(%(tenant_id)s, 'group', 'a') as r"
    ),
    "claim_dead_letters": "select * from ves.claim_dead_letters(%(tenant_id)s, 'group')",
    "settle_dead_letter": (
        "select ves.settle_dead_letter(%(tenant_id)s, 'group', c.dead_letter_id, c.token)"
        " from ves.claim_dead_letters(%(tenant_id)s, 'group') as c"
    ),
    "leave": "select ves.leave(%(tenant_id)s, 'group', 'a')",
    "read_queue": "select * from ves.read_queue(%(tenant_id)s, 'queue')",
    "finish_range": (
        "select ves.finish_range(%(tenant_id)s, 'queue', r.message_id, r.token)"
        " from ves.read_queue(%(tenant_id)s, 'queue') as r"
    ),
    "read_feed": "select * from ves.read_feed(%(tenant_id)s, 'feed')",
    "list_dead_letters": "select * from ves.list_dead_letters(%(tenant_id)s, max_rows => 10)",
    "retry_dead_letter": "select ves.retry_dead_letter(%(tenant_id)s, %(dead_letter_id)s)",
    "discard_dead_letter": "select ves.discard_dead_letter(%(tenant_id)s, %(dead_letter_id)s)",
    "purge_dead_letters": "select ves.purge_dead_letters(%(tenant_id)s)",
    "retry_next_dead_letter": "select * from ves.retry_next_dead_letter()",
    "find_lost_wake_ups": "select * from ves.find_lost_wake_ups(null, null, 50)",
    "get_receipt_work": "select * from ves.get_receipt_work(1000, 0)",
    "count_key_usage": "select ves.count_key_usage(1000)",
    "apply_due_rotations": "select * from ves.apply_due_rotations(100)",
    "mark_trace": "select ves.mark_trace('00-11111111111111111111111111111111-2222222222222222-01')",
    "apply_retention": "select * from ves.apply_retention(now())",
    "project_events": (
        "select * from ves.project_events('projection', array[%(tenant_id)s::uuid], array[%(store_id)s::uuid], 10)"
    ),
    "get_projection": f"select ves.get_projection({STREAM}, 'order', '5')",
    "list_projections": f"select * from ves.list_projections({STREAM}, 'order', max_rows => 10)",
    "list_projection_checkpoints": f"select * from ves.list_projection_checkpoints({STREAM})",
    "claim_projector": "select * from ves.claim_projector()",
    "rebuild_projection": f"select ves.rebuild_projection({STREAM}, 'order', max_events => 10)",
    "claim_lease": "select ves.claim_lease('test', 'me', 1)",
    "renew_lease": "select ves.renew_lease('kept', 1, 1)",
    "release_lease": "select ves.release_lease('kept', 1)",
    "register_signer": "select ves.register_signer(gen_random_uuid(), 0, 'none', null)",
    "list_signers": "select * from ves.list_signers()",
    "list_migrations": "select * from ves.list_migrations()",
    "server_identity": "select ves.server_identity()",
    "server_is_durable": "select ves.server_is_durable()",
    "version": "select ves.version()",
    "health": "select * from ves.health()",
    "probe_write": "select ves.probe_write()",
}
EXCUSED = {
    "set_anchor_policy": "an operator's command, whose cost follows the commitments that exist",
    "count_unmet_anchors": "counts what is not anchored, which is what it is for",
    "count_anchors": "counts what is not anchored, which is what it is for",
    "register_projector": "an operator's command",
    "run_projector": "calls a function of somebody else",
    "set_projection_mode": "an operator's command: after off it tells the queue of every stream",
    "list_commitments": "looks at every commitment of the stream, one for up to 1,024 events",
    "list_legacy_commitments": "looks at every commitment of the stream, one for up to 1,024 events",
    "find_entity_version": "counts the events of one entity in the stream, and an index on entities would slow every append",
    "project_as_of": "reads the stream up to the number, and an index on entities would slow every append",
    "create_legacy_commitment": "hashes the version of every entity of the stream, as VES 17.3 says",
    "verify_stream_totals": "counts the whole stream",
    "list_engine_differences": "compares the engine's objects, not the history",
    "verify_state_roots": "recomputes every commitment",
    "verify_audit": "recomputes the whole chain",
    "reencrypt_events": "an operator's command that goes through every payload",
    "reencrypt_ves_compliance_proofs": "an operator's command that goes through every proof",
    "reencrypt_ves_validity_proofs": "an operator's command that goes through every proof",
    "rebuild_key_usage": "an operator's command that counts every event again",
    "unsubscribe": "an operator's command that removes a position in every stream",
    "count_dead_letters": "counts the open dead letters, which a limit bounds",
    "retry_dead_letters": "an operator's command that looks for failed dead letters among all of a tenant",
    "list_spending_limits": "an operator's list of all limits of a tenant",
    "list_key_rotation_policies": "an operator's list of all policies of a tenant",
    "list_key_rotations_due": "an operator's list that compares all keys of a tenant with their policies",
}
# Tables that do not grow with the history of tests/plans/history.py.
BOUNDED = {
    **dict.fromkeys(
        (
            "alembic_version",
            "errors",
            "limits",
            "migrations",
            "projection_steps",
            "projectors",
            "transitions",
        ),
        "the engine's own rows",
    ),
    **dict.fromkeys(
        (
            "anchor_policy",
            "audit_switch",
            "commit_default",
            "projection_mode",
            "schema_state",
            "schema_validation",
        ),
        "one row: a setting",
    ),
    **dict.fromkeys(("x402_batches_to_divide",), "work that a worker takes"),
    **dict.fromkeys(
        ("row_counts", "schema_epochs", "row_change_heads", "audit_heads", "retry_tenants"),
        "a row a table or a tenant in use",
    ),
    **dict.fromkeys(
        ("x402_networks", "x402_tokens", "chain_accounts", "retry_handlers"), "an operator's rows"
    ),
    **dict.fromkeys(("leases", "signers"), "a row a program or a key"),
    **dict.fromkeys(
        ("subscriptions", "subscription_slots", "subscription_members"), "a limit bounds those of a tenant"
    ),
    "reencryptions": "rows of transactions under way",
}
# Calls that touch more pages until the first ANALYZE, which autovacuum makes within a minute.
UNTIL_ANALYZED = {
    "list_payment_intents": "a plan for each combination of filters, which needs the statistics",
    "verify_stream": "joins receipts and keys of its range by the whole key of their index, of which the planner may take a part",
}
