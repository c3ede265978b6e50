create or replace function ves_int.check_settlement(
  batch ves_store.x402_payment_batches, tx_hash text, block_number bigint, gas_used bigint
)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_wrong text;
begin
  if batch.status = 'failed' or exists (
    select from ves_store.x402_settlements as s
    where s.batch_id = batch.batch_id and s.tenant_id = batch.tenant_id
      and s.status in ('prepared', 'broadcast', 'unknown')
  ) then
    perform ves_int.raise_error('batch_not_settleable', jsonb_build_object('status', batch.status));
  end if;
  if batch.status = 'committed' and check_settlement.tx_hash is null then
    perform ves_int.raise_error('missing_field', '{"field": "tx_hash"}');
  end if;
  if batch.status = 'submitted' and check_settlement.block_number is null then
    perform ves_int.raise_error('missing_field', '{"field": "block_number"}');
  end if;
  v_wrong := case
    when check_settlement.tx_hash !~ '^(0x)?[0-9a-fA-F]{64}$' then 'tx_hash'
    when check_settlement.block_number < 0 then 'block_number'
    when check_settlement.gas_used < 0 then 'gas_used'
  end;
  if v_wrong is not null then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', v_wrong));
  end if;
  -- a submitted batch has no block yet; a settled one keeps every value, given or not
  v_wrong := case
    when check_settlement.tx_hash <> batch.tx_hash then 'tx_hash'
    when batch.status = 'settled' and check_settlement.block_number <> batch.block_number
      then 'block_number'
    when batch.status = 'settled' and check_settlement.gas_used <> coalesce(batch.gas_used, -1)
      then 'gas_used'
  end;
  if v_wrong is not null then
    perform ves_int.raise_error('settlement_mismatch', jsonb_build_object('field', v_wrong));
  end if;
end
$$;

comment on function ves_int.check_settlement(ves_store.x402_payment_batches, text, bigint, bigint) is
'Refuses what ves.record_payment_settlement cannot record of a batch (x402 A10): it has failed, the chain worker settles it, a value is missing or malformed or is not the one recorded before. Errors: VE007, VE008, VE715, VE716.';
