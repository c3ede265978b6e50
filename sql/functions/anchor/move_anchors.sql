-- Locks (sql/README.md): rows of commitment_anchors.
create or replace function ves_int.move_anchors(
  moved ves_store.chain_transactions, settled uuid[], failed uuid[], reasons text[]
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_is_void constant boolean := moved.status in ('failed', 'replaced');
begin
  if moved.status = 'planned' then
    return;
  end if;
  if moved.status = 'final' and (
    cardinality(failed) is distinct from cardinality(reasons) or array_position(reasons, null) is not null or (
      select array_agg(g.batch_id order by g.batch_id) from unnest(settled || failed) as g (batch_id)
    ) is distinct from (
      select array_agg(a.batch_id order by a.batch_id) from ves_store.commitment_anchors as a
      where a.call_id = moved.reference_id
    )
  ) then
    perform ves_int.raise_error('array_shape');
  end if;
  update ves_store.commitment_anchors as a
  set
    status = g.status, call_id = case when not v_is_void then a.call_id end,
    chain_id = case when g.is_sent then moved.chain_id end, chain_tx_hash = case when g.is_sent then moved.tx_hash end,
    chain_block_number = case when g.is_sent then moved.block_number end, reason = g.reason,
    anchored_at = case when g.status = 'anchored' then clock_timestamp() end
  from (
    select
      t.batch_id, t.tenant_id, not v_is_void and f.reason is null as is_sent, coalesce(f.reason, moved.reason) as reason,
      case
        when f.reason is not null then 'contradicted'
        when v_is_void then 'pending'
        when moved.status = 'final' then 'anchored'
        else 'submitted'
      end as status
    from ves_store.commitment_anchors as t
    left join unnest(failed, reasons) as f (batch_id, reason) on t.batch_id = f.batch_id
    where t.call_id = moved.reference_id
    order by t.batch_id
    for update of t
  ) as g
  where a.batch_id = g.batch_id and a.anchor = 'chain' and a.tenant_id = g.tenant_id
    and (a.status, a.chain_tx_hash, a.chain_block_number, a.reason)
    is distinct from (g.status, moved.tx_hash, moved.block_number, g.reason);
end
$$;

comment on function ves_int.move_anchors(ves_store.chain_transactions, uuid[], uuid[], text[]) is
'Moves the commitments of a call of the anchor contract with its transaction (chain 8, points 6 to 8): their hash is shown from the signature on, the block once it is mined, and they are anchored when it is final. settled: the contract has them with the root of this database; failed: it has not, for the reason given. Those of a call that reverted wait again. Errors: VE502 a commitment is missing or named twice.';
