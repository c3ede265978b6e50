-- Locks (sql/README.md): 0, then the row of what it is for.
create or replace function ves.plan_transaction(
  lease_token bigint, chain_id bigint, sender text, kind text, tenant_id uuid, reference_id uuid,
  part integer, to_address text, calldata bytea
)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_account ves_store.chain_accounts;
  v_id bigint;
begin
  select a.* into v_account from ves_store.chain_accounts as a
  where a.chain_id = plan_transaction.chain_id and a.sender = plan_transaction.sender;
  if not found then
    perform ves_int.raise_error('invalid_field', '{"field": "sender"}');
  end if;
  perform ves_int.require_lease(v_account.lease, lease_token);
  insert into ves_store.chain_transactions as t (
    chain_id, sender, kind, tenant_id, reference_id, part, to_address, calldata, status, created_at, updated_at
  )
  values (
    plan_transaction.chain_id, plan_transaction.sender, plan_transaction.kind, plan_transaction.tenant_id,
    plan_transaction.reference_id, plan_transaction.part, lower(plan_transaction.to_address),
    plan_transaction.calldata, 'planned', v_now, v_now)
  on conflict (reference_id, part, kind, tenant_id) where status not in ('failed', 'replaced') do nothing
  returning t.transaction_id into v_id;
  if not found then
    select t.transaction_id into strict v_id from ves_store.chain_transactions as t
    where t.reference_id = plan_transaction.reference_id and t.part = plan_transaction.part
      and t.kind = plan_transaction.kind and t.tenant_id = plan_transaction.tenant_id
      and t.status not in ('failed', 'replaced');
  end if;
  update ves_store.x402_settlements as s
  set is_planned = true
  where plan_transaction.kind = 'settlement' and s.batch_id = plan_transaction.reference_id
    and s.part = plan_transaction.part and s.tenant_id = plan_transaction.tenant_id and not s.is_planned;
  update ves_store.x402_exact_batches as b
  set is_planned = true
  where plan_transaction.kind = 'authorizations' and b.batch_id = plan_transaction.reference_id and not b.is_planned;
  return v_id;
end
$$;

comment on function ves.plan_transaction(bigint, bigint, text, text, uuid, uuid, integer, text, bytea) is
'Puts a call into the outbox, for the holder of the account''s lease: its number. What it is for has one row that is not failed or replaced; if there is one, that is answered. Another kind of transaction is a value of kind_is_a_known_one and a branch of ves_int.tell_target. Errors: VE406, VE007 the account is not open (ves.open_chain_account).';
