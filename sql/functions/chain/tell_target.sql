-- Locks (sql/README.md): those of ves.mark_settlement, ves.settle_payments, ves_int.free_settlement,
-- ves_int.move_exact_batch, ves_int.free_exact_batch and ves_int.move_anchors.
create or replace function ves_int.tell_target(
  lease_token bigint, moved ves_store.chain_transactions, settled uuid[] default '{}',
  failed uuid[] default '{}', reasons text[] default '{}'
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
declare
  v_hash constant text := '0x' || encode(moved.tx_hash, 'hex');
  -- so that no payment makes the operator pay for reverts for ever
  v_max_reverts constant integer := 3;
  v_status text;
begin
  if moved.kind = 'settlement' then
    select s.status into strict v_status from ves_store.x402_settlements as s
    where s.batch_id = moved.reference_id and s.part = moved.part and s.tenant_id = moved.tenant_id;
    -- after a reorg below the final depth the transaction is sent again, and its outcomes stay
    if v_status = 'settled' then
      return;
    end if;
    if moved.status in ('signed', 'broadcast', 'mined') then
      perform ves.mark_settlement(
        lease_token, moved.tenant_id, moved.reference_id, moved.part, v_status, 'broadcast', v_hash);
    elsif moved.status = 'unknown' then
      perform ves.mark_settlement(
        lease_token, moved.tenant_id, moved.reference_id, moved.part, v_status, 'unknown', null, moved.reason);
    elsif moved.status in ('failed', 'replaced') then
      perform ves_int.free_settlement(lease_token, moved, v_status, v_max_reverts);
    elsif moved.status = 'final' then
      perform ves.settle_payments(
        lease_token, moved.tenant_id, moved.reference_id, moved.part, v_hash, moved.block_number, moved.gas_used,
        settled, failed, reasons);
    end if;
  elsif moved.kind = 'authorizations' then
    select b.status into strict v_status from ves_store.x402_exact_batches as b
    where b.batch_id = moved.reference_id;
    if v_status = 'settled' then
      return;
    end if;
    if moved.status in ('signed', 'broadcast', 'mined') then
      perform ves_int.move_exact_batch(moved.reference_id, 'broadcast', v_hash);
    elsif moved.status = 'unknown' then
      perform ves_int.move_exact_batch(moved.reference_id, 'unknown', null, moved.reason);
    elsif moved.status in ('failed', 'replaced') then
      perform ves_int.free_exact_batch(moved, v_max_reverts);
    elsif moved.status = 'final' then
      perform ves_int.settle_exact_batch(
        moved.reference_id, v_hash, moved.block_number, moved.gas_used, settled, failed, reasons);
    end if;
  elsif moved.kind = 'anchors' then
    perform ves_int.move_anchors(moved, settled, failed, reasons);
  end if;
end
$$;

comment on function ves_int.tell_target(bigint, ves_store.chain_transactions, uuid[], uuid[], text[]) is
'Moves what a transaction of the outbox is for, in the database transaction of its step. A payment whose transactions revert while it is alone fails at the third one. A new kind has its branch here. Errors: those of ves.mark_settlement, ves.settle_payments, ves_int.settle_exact_batch and ves_int.move_anchors.';
