-- What cannot be judged by a range: it needs the last number, or joins the stream with a register.
create or replace function ves.verify_stream_totals(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query select * from ves_int.check_counters(verify_stream_totals.tenant_id, verify_stream_totals.store_id);
  return query select * from ves_int.check_registers(verify_stream_totals.tenant_id, verify_stream_totals.store_id);
  return query
  select * from ves_int.check_legacy_events(verify_stream_totals.tenant_id, verify_stream_totals.store_id);
  return query
  select * from ves_int.check_legacy_payloads(verify_stream_totals.tenant_id, verify_stream_totals.store_id);
  return query
  select * from ves_int.check_legacy_commitments(verify_stream_totals.tenant_id, verify_stream_totals.store_id);
  return query
  select * from ves_int.check_payment_intents(verify_stream_totals.tenant_id, verify_stream_totals.store_id);
  return query
  select * from ves_int.check_payment_batches(verify_stream_totals.tenant_id, verify_stream_totals.store_id);
  return query
  select * from ves_int.check_payment_log(verify_stream_totals.tenant_id, verify_stream_totals.store_id);
end
$$;

comment on function ves.verify_stream_totals(uuid, uuid) is
'The part of ves.verify_stream that no range of events has: the counter, entity versions, registers of commands, consumers, the legacy stream beside the VES one, and its payments (checks payment_...). Findings as there.';
