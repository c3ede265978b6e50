-- Every table of history. Those with an exception have a trigger function of their own.
do $$
declare
  v_table record;
begin
  for v_table in
    select * from (values
      ('audit_log', 'history', ''),
      ('chain_attempts', 'history', ''),
      ('chain_transaction_log', 'history', ''),
      ('commitment_nodes', 'history', ''),
      ('commitments', 'history', ''),
      ('events', 'events', ', but for the re-encryption of a payload and its recorded destruction'),
      ('group_key_audit_log', 'history', ''),
      ('key_rotation_audit_log', 'history', ''),
      ('migrations', 'history', ''),
      ('row_changes', 'history', ''),
      ('shredded_payloads', 'history', ''),
      ('ves_commitment_nodes', 'history', ''),
      ('ves_commitments', 'history', ''),
      ('ves_compliance_proofs', 'proofs', ', but for the re-encryption of the proof'),
      ('ves_compliance_witnesses', 'history', ''),
      ('ves_events', 'events', ', but for the re-encryption of a payload and its recorded destruction'),
      ('ves_rejections', 'ves_rejections', ', but for what ves.apply_retention deletes'),
      ('ves_sequencer_receipts', 'history', ''),
      ('ves_validity_proofs', 'proofs', ', but for the re-encryption of the proof'),
      ('x402_batch_nodes', 'history', ''),
      ('x402_payer_addresses', 'history', ''),
      ('x402_settlement_nonces', 'history', ''),
      ('x402_status_log', 'history', '')
    ) as t (name, guard, but)
  loop
    execute format(
      'create or replace trigger t10_refuse_change before update or delete on ves_store.%I'
      ' for each row execute function ves_int.%I()', v_table.name, 'tg_' || v_table.guard || '__refuse_change');
    execute format(
      'create or replace trigger t20_refuse_truncate before truncate on ves_store.%I'
      ' for each statement execute function ves_int.tg_history__refuse_change()', v_table.name);
    execute format(
      'comment on trigger t10_refuse_change on ves_store.%I is %L', v_table.name,
      'Append-only' || v_table.but || '.');
    execute format('comment on trigger t20_refuse_truncate on ves_store.%I is %L', v_table.name, 'Append-only.');
  end loop;
end
$$;
