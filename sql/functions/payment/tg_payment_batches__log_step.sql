create or replace function ves_int.tg_payment_batches__log_step()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' or old.status <> new.status then
    insert into ves_store.x402_status_log (tenant_id, store_id, subject, subject_id, from_status, to_status, reason)
    values (
      new.tenant_id, new.store_id, 'batch', new.batch_id, case when tg_op = 'UPDATE' then old.status else '' end,
      new.status, new.tx_hash);
  end if;
  return null;
end
$$;

comment on function ves_int.tg_payment_batches__log_step() is 'Logs the changes of state of a payment batch (x402 A11).';
