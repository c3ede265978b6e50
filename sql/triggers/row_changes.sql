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
