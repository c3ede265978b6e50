-- Locks (sql/README.md): 0, then a row of timestamps, then rows of commitment_anchors in order of their ids.
create or replace function ves.move_timestamp(
  lease_token bigint, timestamp_id uuid, to_status text, due_seconds integer, proof bytea default null,
  block_height bigint default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_wrong constant text := case
    when coalesce(to_status not in ('submitted', 'anchored', 'expired'), true) then 'to_status'
    when (to_status = 'anchored') is distinct from (num_nulls(move_timestamp.proof, move_timestamp.block_height) = 0)
      then 'proof'
  end;
begin
  perform ves_int.require_lease('timestamps', lease_token);
  if v_wrong is not null then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', v_wrong));
  end if;
  update ves_store.timestamps as t
  set
    status = to_status, proof = coalesce(move_timestamp.proof, t.proof), block_height = move_timestamp.block_height,
    due_at = clock_timestamp() + make_interval(secs => due_seconds)
  where t.timestamp_id = move_timestamp.timestamp_id and t.status is not distinct from 'submitted';
  if not found or to_status = 'submitted' then
    return;
  end if;
  update ves_store.commitment_anchors as a
  set
    status = case when to_status = 'anchored' then 'anchored' else 'pending' end,
    call_id = case when to_status = 'anchored' then a.call_id end,
    proof_path = case when to_status = 'anchored' then a.proof_path end,
    chain_block_number = move_timestamp.block_height,
    reason = case when to_status = 'expired' then 'no calendar kept its promise in time' end,
    anchored_at = case when to_status = 'anchored' then clock_timestamp() end
  from (
    select o.batch_id, o.tenant_id from ves_store.commitment_anchors as o
    where o.call_id = move_timestamp.timestamp_id and o.anchor = 'opentimestamps'
    order by o.batch_id
    for update
  ) as g
  where a.batch_id = g.batch_id and a.anchor = 'opentimestamps' and a.tenant_id = g.tenant_id;
end
$$;

comment on function ves.move_timestamp(bigint, uuid, text, integer, bytea, bigint) is
'What became of a digest that calendars have. submitted: nothing yet, it is due again after due_seconds; anchored: proof leads to the Merkle root of the Bitcoin block at block_height, and its commitments are anchored; expired: they wait again for another digest. One that is not submitted stays as it is. lease_token is that of lease timestamps. Errors: VE406, VE007.';
