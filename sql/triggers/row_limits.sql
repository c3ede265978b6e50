-- Tables whose rows are bounded, with the names of their limits in ves_store.limits: per tenant, per agent.
do $$
declare
  v_table record;
begin
  for v_table in
    select * from (values
      ('agent_signing_keys', 'agent_keys', 'agent_keys_per_agent'),
      ('api_keys', 'api_keys', 'api_keys_per_agent'),
      ('encryption_key_group_members', 'group_members', null),
      ('encryption_key_groups', 'encryption_groups', null),
      ('event_schemas', 'schemas', null),
      ('sequence_counters', 'legacy_streams', null),
      ('subscriptions', 'subscriptions', null),
      ('ves_compliance_proofs', 'compliance_proofs', null),
      ('ves_sequence_counters', 'streams', null),
      ('ves_validity_proofs', 'validity_proofs', null),
      ('x402_payer_addresses', 'payer_addresses', 'payer_addresses_per_agent')
    ) as t (name, of_tenant, of_agent)
  loop
    execute format(
      'create or replace trigger t80_require_room after insert on ves_store.%I'
      ' for each row execute function ves_int.tg_rows__require_room(%s)', v_table.name,
      concat_ws(', ', quote_literal(v_table.of_tenant), quote_literal(v_table.of_agent)));
    execute format(
      'comment on trigger t80_require_room on ves_store.%I is %L', v_table.name,
      format('A new row must be within %s of ves_store.limits.', concat_ws(' and ', v_table.of_tenant, v_table.of_agent)));
  end loop;
end
$$;
