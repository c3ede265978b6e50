-- Locks (sql/README.md): a row of x402_networks, then 7.
create or replace function ves.set_settlement_contract(
  network text, settlement_contract text, context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  if set_settlement_contract.settlement_contract !~ '^0x[0-9a-fA-F]{40}$' then
    perform ves_int.raise_error('invalid_field', '{"field": "settlement_contract"}');
  end if;
  update ves_store.x402_networks as n
  set settlement_contract = lower(set_settlement_contract.settlement_contract)
  where n.network = set_settlement_contract.network;
  if not found then
    perform ves_int.raise_error('invalid_field', '{"field": "network"}');
  end if;
  perform ves_int.audit(
    'config_updated', null, 'settlement_contract', set_settlement_contract.network,
    jsonb_build_object('settlement_contract', lower(set_settlement_contract.settlement_contract)),
    set_settlement_contract.context);
end
$$;

comment on function ves.set_settlement_contract(text, text, jsonb) is
'Sets the contract that settles intents of a network; null: they are not settled here. It counts for intents that are submitted from now on: each keeps the contract in which its nonce was reserved. Audited. Errors: VE007.';
