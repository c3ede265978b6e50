-- Transition tables have no index: whatever its callers set, old and new rows are joined by their hashes.
create or replace function ves_int.tg_payment_intents__log_steps()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
set enable_hashjoin to on
set enable_nestloop to off
as $$
begin
  if tg_op = 'INSERT' then
    insert into ves_store.x402_status_log (tenant_id, store_id, subject, subject_id, from_status, to_status)
    select n.tenant_id, n.store_id, 'intent', n.intent_id, '', n.status
    from new_rows as n;
  else
    insert into ves_store.x402_status_log (tenant_id, store_id, subject, subject_id, from_status, to_status, reason)
    select n.tenant_id, n.store_id, 'intent', n.intent_id, o.status, n.status, coalesce(n.failure, n.tx_hash)
    from new_rows as n
    join old_rows as o on o.intent_id = n.intent_id and o.tenant_id = n.tenant_id
    where o.status <> n.status;
  end if;
  return null;
end
$$;

comment on function ves_int.tg_payment_intents__log_steps() is
'Logs the changes of state of payment intents (x402 A11), one insert for a statement.';
