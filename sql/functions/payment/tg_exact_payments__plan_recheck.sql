-- The payer has the signature, and what was sent is public: until valid_before somebody else may use it.
create or replace function ves_int.tg_exact_payments__plan_recheck()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  new.recheck_at := case
    when new.status = 'failed' and new.reason <> 'invalid_exact_evm_nonce_already_used'
      then ves_int.authorization_end(new.valid_before)
  end;
  return new;
end
$$;

comment on function ves_int.tg_exact_payments__plan_recheck() is
'Has a payment that fails looked at again when its authorization cannot be used any more.';
