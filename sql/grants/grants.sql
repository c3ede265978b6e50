-- Who may do what, written whole each time: everything is taken away first, then given by name.
-- Edges get EXECUTE and views, never a table.
do $$
declare
  v_statement text;
begin
  for v_statement in
    select format('alter table %s owner to ves_owner', r.oid::regclass)
    from pg_catalog.pg_class as r
    where r.relnamespace = 'ves_store'::regnamespace and r.relkind in ('r', 'p')
      and r.relowner <> 'ves_owner'::regrole
    union all
    select format('alter schema %s owner to ves_owner', n.oid::regnamespace)
    from pg_catalog.pg_namespace as n
    where n.oid = any('{ves,ves_store,ves_int,rest}'::regnamespace[]) and n.nspowner <> 'ves_owner'::regrole
  loop
    execute v_statement;
  end loop;
  for v_statement in
    select format(
      'revoke all on %s from %s cascade', c.target, case g.grantee when 0 then 'public' else quote_ident(g.grantee::regrole::text) end
    )
    from (
      select format('function %s', p.oid::regprocedure), p.proacl, p.proowner, p.pronamespace
      from pg_catalog.pg_proc as p where p.prokind <> 'p'
      union all
      select format('table %s', r.oid::regclass), r.relacl, r.relowner, r.relnamespace from pg_catalog.pg_class as r
      union all
      select format('table %s', r.oid::regclass), a.attacl, r.relowner, r.relnamespace
      from pg_catalog.pg_class as r join pg_catalog.pg_attribute as a on a.attrelid = r.oid
      union all
      select format('type %s', t.oid::regtype), t.typacl, t.typowner, t.typnamespace from pg_catalog.pg_type as t
      union all
      select format('schema %s', n.oid::regnamespace), n.nspacl, n.nspowner, n.oid from pg_catalog.pg_namespace as n
    ) as c (target, acl, owner, namespace)
    cross join aclexplode(c.acl) as g
    where c.namespace = any('{ves,ves_store,ves_int,rest}'::regnamespace[]) and g.grantee <> c.owner
  loop
    execute v_statement;
  end loop;
end
$$;
alter function ves_int.call_projector(text, json) owner to ves_projector;
grant execute on all functions in schema ves_int to ves_owner;
grant usage on schema ves to ves_api, ves_worker, ves_service, ves_reader, ves_admin;

do $$
declare
  v_grant record;
begin
  for v_grant in
    select * from (values
      ('ves.ingest_events', '{ves_api}'::text[]),
      ('ves.ingest_legacy_events', '{ves_api}'),
      ('ves.ingest_signed_request', '{ves_service,ves_admin}'),
      ('ves.ingest_signed_events', '{ves_service,ves_admin}'),
      ('ves.append_payment_intents', '{ves_api}'),
      ('ves.submit_payment_intent', '{ves_service,ves_admin}'),
      ('ves.get_payment_intent', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.list_payment_intents', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_payment_receipt', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.verify_payment_receipt', '{ves_service,ves_reader,ves_admin}'),
      ('ves.create_payment_batch', '{ves_api,ves_admin}'),
      ('ves.get_payment_batch', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.record_payment_settlement', '{ves_api,ves_admin}'),
      ('ves.expire_payment_intents', '{ves_worker,ves_admin}'),
      ('ves.batch_due_payments', '{ves_worker,ves_admin}'),
      ('ves.plan_settlements', '{ves_worker}'),
      ('ves.list_unplanned_settlements', '{ves_worker,ves_reader,ves_admin}'),
      ('ves.list_settlement_payments', '{ves_worker,ves_reader,ves_admin}'),
      ('ves.mark_settlement', '{ves_worker}'),
      ('ves.settle_payments', '{ves_worker}'),
      ('ves.refuse_settlement', '{ves_worker}'),
      ('ves.open_chain_account', '{ves_worker}'),
      ('ves.plan_transaction', '{ves_worker}'),
      ('ves.sign_transaction', '{ves_worker}'),
      ('ves.step_transaction', '{ves_worker}'),
      ('ves.mine_transaction', '{ves_worker}'),
      ('ves.finish_transaction', '{ves_worker}'),
      ('ves.list_open_transactions', '{ves_worker,ves_reader,ves_admin}'),
      ('ves.list_pending_anchors', '{ves_api,ves_worker,ves_reader,ves_admin}'),
      ('ves.list_anchor_call', '{ves_worker,ves_reader,ves_admin}'),
      ('ves.plan_anchors', '{ves_worker}'),
      ('ves.request_anchor', '{ves_api,ves_admin}'),
      ('ves.get_anchor', '{ves_api,ves_reader,ves_admin}'),
      ('ves.list_told_anchors', '{ves_api,ves_reader,ves_admin}'),
      ('ves.record_anchor', '{ves_api,ves_admin}'),
      ('ves.count_anchors', '{ves_worker,ves_reader,ves_admin}'),
      ('ves.count_unmet_anchors', '{ves_worker,ves_reader,ves_admin}'),
      ('ves.set_anchor_policy', '{ves_admin}'),
      ('ves.get_anchor_policy', '{ves_api,ves_reader,ves_admin}'),
      ('ves.list_anchors', '{ves_api,ves_reader,ves_admin}'),
      ('ves.store_timestamp', '{ves_worker}'),
      ('ves.list_due_timestamps', '{ves_worker,ves_reader,ves_admin}'),
      ('ves.move_timestamp', '{ves_worker}'),
      ('ves.get_timestamp', '{ves_api,ves_reader,ves_admin}'),
      ('ves.judge_exact_payment', '{ves_api}'),
      ('ves.get_exact_network', '{ves_api,ves_reader,ves_admin}'),
      ('ves.record_exact_payment', '{ves_api}'),
      ('ves.withdraw_exact_payment', '{ves_api}'),
      ('ves.list_exact_payments', '{ves_api,ves_reader,ves_admin}'),
      ('ves.plan_exact_batches', '{ves_worker}'),
      ('ves.confirm_exact_payments', '{ves_worker}'),
      ('ves.list_unplanned_exact_batches', '{ves_worker,ves_reader,ves_admin}'),
      ('ves.recheck_exact_payment', '{ves_api}'),
      ('ves.list_exact_rechecks', '{ves_worker,ves_reader,ves_admin}'),
      ('ves.finish_exact_rechecks', '{ves_worker}'),
      ('ves.list_exact_batch_payments', '{ves_worker,ves_reader,ves_admin}'),
      ('ves.record_paid_resource', '{ves_api}'),
      ('ves.list_paid_resources', '{ves_api,ves_reader,ves_admin}'),
      ('ves.set_paid_origin', '{ves_admin}'),
      ('ves.set_payment_token', '{ves_admin}'),
      ('ves.set_settlement_contract', '{ves_admin}'),
      ('ves.bind_payer_address', '{ves_api,ves_admin}'),
      ('ves.set_spending_limit', '{ves_admin}'),
      ('ves.list_spending_limits', '{ves_api,ves_reader,ves_admin}'),
      ('ves.verify_stream', '{ves_reader,ves_admin}'),
      ('ves.verify_stream_totals', '{ves_reader,ves_admin}'),
      ('ves.verify_state_roots', '{ves_reader,ves_admin}'),
      ('ves.authenticate', '{ves_api}'),
      ('ves.require_api_key', '{ves_api,ves_admin}'),
      ('ves.upsert_bootstrap_key', '{ves_api,ves_admin}'),
      ('ves.create_api_key', '{ves_api,ves_admin}'),
      ('ves.update_api_key', '{ves_api,ves_admin}'),
      ('ves.register_agent', '{ves_api}'),
      ('ves.revoke_api_key', '{ves_api,ves_admin}'),
      ('ves.list_api_keys', '{ves_api,ves_admin}'),
      ('ves.get_agent', '{ves_api}'),
      ('ves.find_agent_tenant', '{ves_api,ves_admin}'),
      ('ves.take_rate_limit', '{ves_api}'),
      ('ves.register_agent_key', '{ves_api,ves_admin}'),
      ('ves.create_encryption_group', '{ves_api,ves_admin}'),
      ('ves.update_encryption_group', '{ves_api,ves_admin}'),
      ('ves.delete_encryption_group', '{ves_api,ves_admin}'),
      ('ves.add_group_member', '{ves_api,ves_admin}'),
      ('ves.remove_group_member', '{ves_api,ves_admin}'),
      ('ves.list_encryption_groups', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_encryption_group', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.list_group_members', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.list_group_history', '{ves_api,ves_reader,ves_admin}'),
      ('ves.get_group_recipient_keys', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.can_agent_decrypt_from_group', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.store_agent_key', '{ves_api}'),
      ('ves.rotate_agent_key', '{ves_admin}'),
      ('ves.store_agent_key_rotation', '{ves_api}'),
      ('ves.get_key_effective_status', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.is_agent_key_valid', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.is_key_in_grace_period', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_next_agent_key_id', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.set_key_rotation_policy', '{ves_admin}'),
      ('ves.delete_key_rotation_policy', '{ves_admin}'),
      ('ves.list_key_rotation_policies', '{ves_reader,ves_admin}'),
      ('ves.list_key_rotations_due', '{ves_reader,ves_admin}'),
      ('ves.schedule_key_rotation', '{ves_admin}'),
      ('ves.cancel_key_rotation', '{ves_admin}'),
      ('ves.list_key_rotations', '{ves_reader,ves_admin}'),
      ('ves.list_key_history', '{ves_reader,ves_admin}'),
      ('ves.apply_due_rotations', '{ves_worker,ves_admin}'),
      ('ves.apply_retention', '{ves_worker,ves_admin}'),
      ('ves.set_limit', '{ves_admin}'),
      ('ves.list_limits', '{ves_api,ves_reader,ves_admin}'),
      ('ves.count_key_usage', '{ves_worker,ves_admin}'),
      ('ves.rebuild_key_usage', '{ves_admin}'),
      ('ves.increment_key_usage', '{ves_api,ves_service,ves_admin}'),
      ('ves.revoke_agent_key', '{ves_api,ves_admin}'),
      ('ves.get_agent_keys', '{ves_api,ves_admin}'),
      ('ves.list_agent_keys', '{ves_api,ves_reader,ves_admin}'),
      ('ves.register_signer', '{ves_api,ves_worker,ves_admin}'),
      ('ves.list_signers', '{ves_api,ves_worker,ves_service,ves_reader,ves_admin}'),
      ('ves.store_receipts', '{ves_api,ves_worker}'),
      ('ves.get_receipt_work', '{ves_worker}'),
      ('ves.get_receipt', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_receipts', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.create_commitment', '{ves_api,ves_worker,ves_admin}'),
      ('ves.commit_next', '{ves_api,ves_worker,ves_admin}'),
      ('ves.list_commitments', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_commitment', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_inclusion_proof', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.verify_inclusion', '{ves_api,ves_worker,ves_service,ves_reader,ves_admin}'),
      ('ves.ingest_legacy_request', '{ves_service,ves_admin}'),
      ('ves.get_legacy_head', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.list_legacy_events', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_entity_history', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.create_legacy_commitment', '{ves_api,ves_worker,ves_admin}'),
      ('ves.list_legacy_commitments', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_legacy_commitment', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_legacy_inclusion_proof', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.verify_legacy_inclusion', '{ves_api,ves_worker,ves_service,ves_reader,ves_admin}'),
      ('ves.get_compliance_event', '{ves_api}'),
      ('ves.store_compliance_proof', '{ves_api}'),
      ('ves.get_compliance_inputs', '{ves_service,ves_reader,ves_admin}'),
      ('ves.submit_compliance_proof', '{ves_service,ves_admin}'),
      ('ves.list_compliance_proofs', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_compliance_proof', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.verify_compliance_proof', '{ves_service,ves_reader,ves_admin}'),
      ('ves.get_validity_inputs', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.submit_validity_proof', '{ves_api,ves_admin}'),
      ('ves.list_validity_proofs', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_validity_proof', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.verify_validity_proof', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.register_schema', '{ves_admin}'),
      ('ves.store_schema', '{ves_api}'),
      ('ves.get_compared_schemas', '{ves_api}'),
      ('ves.get_schema', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.list_schemas', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.list_schema_versions', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_latest_schema', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.get_active_schemas', '{ves_api}'),
      ('ves.set_schema_status', '{ves_api,ves_admin}'),
      ('ves.delete_schema', '{ves_api,ves_admin}'),
      ('ves.read_event_parts', '{ves_api}'),
      ('ves.read_events', '{ves_worker,ves_service,ves_reader,ves_admin}'),
      ('ves.get_stream_state', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.find_event_number', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.find_entity_version', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.acknowledge_events', '{ves_api}'),
      ('ves.list_agent_positions', '{ves_api,ves_reader,ves_admin}'),
      ('ves.find_moved_streams', '{ves_api,ves_service,ves_admin}'),
      ('ves.list_heads', '{ves_api,ves_reader,ves_admin}'),
      ('ves.list_credential_epochs', '{ves_api}'),
      ('ves.read_payloads', '{ves_service,ves_reader,ves_admin}'),
      ('ves.export_events', '{ves_reader,ves_admin}'),
      ('ves.shred_payload', '{ves_admin}'),
      ('ves.reencrypt_events', '{ves_admin}'),
      ('ves.reencrypt_ves_compliance_proofs', '{ves_admin}'),
      ('ves.reencrypt_ves_validity_proofs', '{ves_admin}'),
      ('ves.claim_cursors', '{ves_worker,ves_admin}'),
      ('ves.advance_cursor', '{ves_worker,ves_admin}'),
      ('ves.open_cursor', '{ves_worker,ves_admin}'),
      ('ves.claim_lease', '{ves_worker,ves_admin}'),
      ('ves.renew_lease', '{ves_worker,ves_admin}'),
      ('ves.release_lease', '{ves_worker,ves_admin}'),
      ('ves.commit_due', '{ves_worker}'),
      ('ves.set_commit_policy', '{ves_admin}'),
      ('ves.subscribe', '{ves_service,ves_admin}'),
      ('ves.unsubscribe', '{ves_service,ves_admin}'),
      ('ves.list_subscriptions', '{ves_service,ves_reader,ves_admin}'),
      ('ves.fetch_ranges', '{ves_service,ves_admin}'),
      ('ves.ack', '{ves_service,ves_admin}'),
      ('ves.reject_event', '{ves_service,ves_admin}'),
      ('ves.claim_dead_letters', '{ves_service,ves_admin}'),
      ('ves.settle_dead_letter', '{ves_service,ves_admin}'),
      ('ves.leave', '{ves_service,ves_admin}'),
      ('ves.read_queue', '{ves_service,ves_admin}'),
      ('ves.finish_range', '{ves_service,ves_admin}'),
      ('ves.read_feed', '{ves_service,ves_admin}'),
      ('ves.list_dead_letters', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.count_dead_letters', '{ves_api,ves_worker,ves_reader,ves_admin}'),
      ('ves.retry_dead_letter', '{ves_api,ves_admin}'),
      ('ves.retry_dead_letters', '{ves_api,ves_admin}'),
      ('ves.discard_dead_letter', '{ves_api,ves_admin}'),
      ('ves.purge_dead_letters', '{ves_api,ves_admin}'),
      ('ves.retry_next_dead_letter', '{ves_worker,ves_admin}'),
      ('ves.find_lost_wake_ups', '{ves_worker,ves_admin}'),
      ('ves.project_events', '{ves_worker}'),
      ('ves.rebuild_projection', '{ves_admin}'),
      ('ves.register_projector', '{ves_admin}'),
      ('ves.claim_projector', '{ves_worker}'),
      ('ves.run_projector', '{ves_worker,ves_admin}'),
      ('ves.set_projection_mode', '{ves_admin}'),
      ('ves.get_projection', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.list_projections', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.list_projection_checkpoints', '{ves_api,ves_service,ves_reader,ves_admin}'),
      ('ves.project_as_of', '{ves_api,ves_service,ves_reader,ves_admin}'),

      ('ves.admin_overview', '{ves_api,ves_admin}'),
      ('ves.admin_tenants', '{ves_api,ves_admin}'),
      ('ves.admin_stores', '{ves_api,ves_admin}'),
      ('ves.admin_agents', '{ves_api,ves_admin}'),
      ('ves.record_audit', '{ves_api,ves_admin}'),
      ('ves.list_audit', '{ves_api,ves_reader,ves_admin}'),
      ('ves.verify_audit', '{ves_reader,ves_admin}'),
      ('ves.list_engine_differences', '{ves_reader,ves_admin}'),
      ('ves.list_chain_heads', '{ves_reader,ves_admin}'),
      ('ves.get_chain_hash', '{ves_reader,ves_admin}'),
      ('ves.set_schema_validation_mode', '{ves_admin}'),
      ('ves.set_audit_log', '{ves_admin}'),
      ('ves.list_streams', '{ves_reader,ves_admin}'),
      ('ves.health', '{ves_api,ves_worker,ves_service,ves_reader,ves_admin}'),
      ('ves.probe_write', '{ves_api}'),
      ('ves.current_key_ids', '{ves_api,ves_admin}'),
      ('ves.server_is_durable', '{ves_api,ves_worker,ves_service,ves_reader,ves_admin}'),
      ('ves.mark_trace', '{ves_api,ves_worker,ves_service,ves_admin}'),
      ('ves.server_identity', '{ves_api,ves_worker,ves_service,ves_reader,ves_admin}'),
      ('ves.list_migrations', '{ves_api,ves_worker,ves_service,ves_reader,ves_admin}'),
      ('ves.version', '{ves_api,ves_worker,ves_service,ves_reader,ves_admin}')
    ) as g (function_name, roles)
  loop
    execute format(
      'grant execute on function %s to %s',
      (
        select p.oid::regprocedure from pg_catalog.pg_proc as p
        where p.oid = to_regproc(v_grant.function_name)
      ),
      array_to_string(v_grant.roles, ', ')
    );
  end loop;
end
$$;

grant select on ves.errors, ves.signers to ves_api, ves_worker, ves_service, ves_reader, ves_admin;
grant select on
ves.events,
ves.sequencer_receipts,
ves.anchor_states,
ves.commitments,
ves.commit_policies,
ves.rejections,
ves.queue_metrics,
ves.agent_encryption_keys,
ves.shredded_payloads
to ves_reader, ves_admin;

-- PostgREST. The views show only what the token's claims allow, which their two functions read; the schemas
-- of those functions and of the tables stay closed.
grant usage on schema rest to ves_tenant;
grant select on all tables in schema rest to ves_tenant;
grant execute on function ves_int.claimed_tenant(text), ves_int.claimed_stores() to ves_tenant;
