-- Locks (sql/README.md): 0, then 2, then the row of the settlement.
create or replace function ves_int.claim_settlement(
  lease_token bigint, tenant_id uuid, batch_id uuid, part integer
)
returns ves_store.x402_settlements
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_settlement ves_store.x402_settlements;
begin
  perform ves_int.require_lease('x402_settlement', lease_token);
  perform from ves_store.ves_sequence_counters as c
  where c.tenant_id = claim_settlement.tenant_id and c.store_id = (
    select s.store_id from ves_store.x402_settlements as s
    where s.batch_id = claim_settlement.batch_id and s.part = claim_settlement.part
      and s.tenant_id = claim_settlement.tenant_id
  )
  for update;
  select s.* into v_settlement from ves_store.x402_settlements as s
  where s.batch_id = claim_settlement.batch_id and s.part = claim_settlement.part
    and s.tenant_id = claim_settlement.tenant_id
  for update;
  if not found then
    perform ves_int.raise_error('payment_batch_not_found');
  end if;
  return v_settlement;
end
$$;

comment on function ves_int.claim_settlement(bigint, uuid, uuid, integer) is
'Locks a part of a batch and its stream for the holder of lease x402_settlement. Errors: VE406, VE702.';
