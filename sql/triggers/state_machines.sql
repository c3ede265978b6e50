-- The tables whose rows have a state: ves_store.transitions has its steps.
do $$
declare
  v_table text;
begin
  foreach v_table in array array[
    'agent_signing_keys', 'chain_transactions', 'commitment_anchors', 'dead_letter_events', 'event_schemas',
    'scheduled_key_rotations', 'timestamps', 'x402_exact_batches', 'x402_exact_payments',
    'x402_payment_batches', 'x402_payment_intents', 'x402_settlements'
  ] loop
    execute format(
      'create or replace trigger t30_refuse_step before insert or update of status on ves_store.%I'
      ' for each row execute function ves_int.tg_state__refuse_step(''status'')', v_table);
    execute format(
      'comment on trigger t30_refuse_step on ves_store.%I is %L', v_table, 'Only the steps of ves_store.transitions.');
  end loop;
end
$$;
