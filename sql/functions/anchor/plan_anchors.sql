-- Locks (sql/README.md): 0, then rows of commitment_anchors in order of their ids.
create or replace function ves.plan_anchors(
  lease_token bigint, chain_id bigint, sender text, to_address text, calldata bytea, batch_ids uuid[]
)
returns uuid
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000'::uuid;
  v_call_id constant uuid := gen_random_uuid();
  v_count bigint;
begin
  perform ves_int.require_lease('chain_anchor', lease_token);
  with claimed as (
    select a.batch_id, a.tenant_id from ves_store.commitment_anchors as a
    where a.batch_id = any(plan_anchors.batch_ids) and a.anchor = 'chain'
      and a.status is not distinct from 'pending'
    order by a.batch_id
    for update
  ),
  planned as (
    update ves_store.commitment_anchors as a
    set status = 'planned', call_id = v_call_id, reason = null
    from claimed as c
    where a.batch_id = c.batch_id and a.anchor = 'chain' and a.tenant_id = c.tenant_id
    returning a.batch_id
  )
  select count(*) into v_count from planned;
  if v_count = 0 or v_count <> cardinality(plan_anchors.batch_ids) then
    perform ves_int.raise_error('anchor_moved');
  end if;
  perform ves.plan_transaction(
    lease_token, plan_anchors.chain_id, plan_anchors.sender, 'anchors', v_nil, v_call_id, 0,
    plan_anchors.to_address, plan_anchors.calldata);
  return v_call_id;
end
$$;

comment on function ves.plan_anchors(bigint, bigint, text, text, bytea, uuid[]) is
'Puts one call that anchors pending commitments into the outbox and marks them planned, in one transaction (chain 8, point 1). calldata is the call of the contract for exactly these commitments. The id of the call. lease_token is that of lease chain_anchor. Errors: VE406, VE007 the account is not open, VE722 one of them is not pending any more.';
