-- Locks (sql/README.md): 0.
create or replace function ves.open_chain_account(
  lease text, lease_token bigint, chain_id bigint, sender text, chain_nonce bigint
)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_next bigint;
begin
  perform ves_int.require_lease(lease, lease_token);
  insert into ves_store.chain_accounts as a (chain_id, sender, lease, next_nonce)
  values (
    open_chain_account.chain_id, open_chain_account.sender, open_chain_account.lease, open_chain_account.chain_nonce)
  on conflict (chain_id, sender) do update set next_nonce = greatest(a.next_nonce, excluded.next_nonce)
  where a.lease = excluded.lease
  returning a.next_nonce into v_next;
  if not found then
    perform ves_int.raise_error('invalid_field', '{"field": "sender"}');
  end if;
  return v_next;
end
$$;

comment on function ves.open_chain_account(text, bigint, bigint, text, bigint) is
'Makes an account known, or passes over nonces that something else has used (chain 8, point 3): chain_nonce is the number of its transactions in blocks of final depth, agreed on by several nodes. One that counts later blocks may leave a gap after a reorg, which holds up every later transaction. Its next nonce. The lease is the account''s for ever. Errors: VE406, VE007 the account belongs to another lease.';
