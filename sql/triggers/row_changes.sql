-- PostgreSQL has no `create or replace` for constraint triggers, and only these can wait for the commit.
-- Before tables are watched, so that what is noted of their rows moves the heads.
do $$
declare
  v_table text;
begin
  foreach v_table in array array['audit_log', 'row_changes'] loop
    execute format('drop trigger if exists t90_move_head on ves_store.%I', v_table);
    execute format(
      'create constraint trigger t90_move_head after insert on ves_store.%I'
      ' deferrable initially deferred for each row execute function ves_int.%I()',
      v_table, 'tg_' || v_table || '__move_head');
    execute format(
      'comment on trigger t90_move_head on ves_store.%I is ''The newest entry becomes the head of the chain.''', v_table);
  end loop;
end
$$;

-- The tables that change slowly.
select ves_int.watch_table(w.table_name)
from unnest(array[
  'agent_signing_keys', 'anchor_policy', 'api_keys', 'audit_switch', 'commit_default', 'commit_policies',
  'commitment_anchors', 'commitments', 'encryption_key_group_members', 'encryption_key_groups',
  'event_schemas', 'group_key_audit_log', 'key_rotation_audit_log', 'key_rotation_policies', 'limits',
  'projection_mode', 'scheduled_key_rotations', 'schema_validation', 'sequence_counters',
  'shredded_payloads', 'signers',
  'tenant_projectors', 'subscriptions', 'ves_commitments',
  'ves_compliance_proofs', 'ves_compliance_witnesses', 'ves_sequence_counters', 'ves_validity_proofs',
  'x402_networks', 'x402_payer_addresses', 'x402_payment_batches', 'x402_tokens'
]) as w (table_name);
