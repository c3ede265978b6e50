-- PL/pgSQL keeps the plan (65 us a call, in SQL 255), which must not be one for small tables.
create or replace function ves.judge_exact_payment(
  chain_id bigint, token_address text, payer_address text, nonce bytea
)
returns table (settlement_contract text, status text)
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
as $$
#variable_conflict use_column
begin
  return query
  select coalesce(p.settlement_contract, w.settlement_contract), p.status
  from (
    select min(n.settlement_contract) as settlement_contract
    from ves_store.x402_networks as n
    join ves_store.x402_tokens as t
      on t.network = n.network and lower(t.token_address) = lower(judge_exact_payment.token_address)
    where n.chain_id = judge_exact_payment.chain_id
  ) as w
  left join ves_store.x402_exact_payments as p
    on p.payer_address = lower(judge_exact_payment.payer_address) and p.nonce = judge_exact_payment.nonce
      and p.token_address = lower(judge_exact_payment.token_address) and p.chain_id = judge_exact_payment.chain_id;
end
$$;

comment on function ves.judge_exact_payment(bigint, text, text, bytea) is
'What is stored about an EIP-3009 authorization before it is verified: the contract that would settle it, null when its token is none of the chain''s (ves.set_payment_token) or the chain has none, and its status. One that was recorded before has the contract and status that are stored, whatever the settings are now (x402 part C).';
