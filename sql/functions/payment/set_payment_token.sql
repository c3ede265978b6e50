-- Locks (sql/README.md): a row of x402_tokens, then 7.
create or replace function ves.set_payment_token(
  network text, asset text, token_address text, context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_wrong constant text := case
    when not exists (select from ves_store.x402_networks as n where n.network = set_payment_token.network) then 'network'
    when coalesce(asset not in ('usdc', 'usdt', 'ssusd', 'wssusd', 'dai', 'eth'), true) then 'asset'
    when coalesce(token_address !~ '^0x[0-9a-fA-F]{40}$', true) then 'token_address'
  end;
begin
  if v_wrong is not null then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', v_wrong));
  end if;
  insert into ves_store.x402_tokens as t (network, asset, token_address)
  values (set_payment_token.network, set_payment_token.asset, set_payment_token.token_address)
  on conflict (network, asset) do update set token_address = excluded.token_address;
  perform ves_int.audit(
    'config_updated', null, 'payment_token', set_payment_token.network || ' ' || set_payment_token.asset,
    jsonb_build_object('token_address', set_payment_token.token_address), set_payment_token.context);
end
$$;

comment on function ves.set_payment_token(text, text, text, jsonb) is
'Sets the token contract of an asset on a network (x402 A3) for intents that are submitted from now on. Audited. Errors: VE007.';
