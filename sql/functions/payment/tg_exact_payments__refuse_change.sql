create or replace function ves_int.tg_exact_payments__refuse_change()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  if (
    new.tenant_id, new.payment_id, new.chain_id, new.settlement_contract, new.token_address, new.payer_address,
    new.nonce, new.payee_address, new.amount, new.valid_after, new.valid_before, new.signature, new.digest,
    new.payment_identifier, new.resource, new.delivery_id, new.created_at
  ) is distinct from (
    old.tenant_id, old.payment_id, old.chain_id, old.settlement_contract, old.token_address, old.payer_address,
    old.nonce, old.payee_address, old.amount, old.valid_after, old.valid_before, old.signature, old.digest,
    old.payment_identifier, old.resource, old.delivery_id, old.created_at
  ) then
    perform ves_int.raise_error('append_only', jsonb_build_object('table', tg_table_name, 'operation', 'update'));
  end if;
  return new;
end
$$;

comment on function ves_int.tg_exact_payments__refuse_change() is
'Refuses a change of anything but the state of a payment. Errors: VE501.';
