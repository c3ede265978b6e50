create or replace function ves.get_exact_network(chain_id bigint)
returns table (settlement_contract text, senders text[])
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select n.settlement_contract, array(
    select a.sender from ves_store.chain_accounts as a
    where a.chain_id = n.chain_id and a.lease = 'x402_settlement'
    order by a.sender
  )
  from ves_store.x402_networks as n
  where n.chain_id = get_exact_network.chain_id and n.settlement_contract is not null and exists (
    select from ves_store.x402_tokens as t where t.network = n.network
  );
$$;

comment on function ves.get_exact_network(bigint) is
'The contract that settles EIP-3009 payments of a chain, and the accounts that call it; no row when there is none or the chain has no token.';
