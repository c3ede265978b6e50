-- Locks (sql/README.md): 0, then rows of commitment_anchors in order of their ids.
create or replace function ves.store_timestamp(
  lease_token bigint, root bytea, proof bytea, batch_ids uuid[], paths bytea[], due_seconds integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_id constant uuid := gen_random_uuid();
  v_now constant timestamptz := clock_timestamp();
  v_count bigint;
begin
  perform ves_int.require_lease('timestamps', lease_token);
  if cardinality(store_timestamp.batch_ids) is distinct from cardinality(paths) then
    perform ves_int.raise_error('array_shape');
  end if;
  insert into ves_store.timestamps (timestamp_id, root, proof, status, created_at, due_at)
  values (
    v_id, store_timestamp.root, store_timestamp.proof, 'submitted', v_now,
    v_now + make_interval(secs => due_seconds));
  with claimed as (
    select a.batch_id, a.tenant_id, g.path
    from unnest(store_timestamp.batch_ids, paths) as g (batch_id, path)
    join ves_store.commitment_anchors as a
      on g.batch_id = a.batch_id and a.anchor = 'opentimestamps' and a.status is not distinct from 'pending'
    order by a.batch_id
    for update of a
  ),
  submitted as (
    update ves_store.commitment_anchors as a
    set status = 'submitted', call_id = v_id, proof_path = c.path, reason = null
    from claimed as c
    where a.batch_id = c.batch_id and a.anchor = 'opentimestamps' and a.tenant_id = c.tenant_id
    returning a.batch_id
  )
  select count(*) into v_count from submitted;
  if v_count = 0 or v_count <> cardinality(store_timestamp.batch_ids) then
    perform ves_int.raise_error('anchor_moved');
  end if;
  return v_id;
end
$$;

comment on function ves.store_timestamp(bigint, bytea, bytea, uuid[], bytea[], integer) is
'Stores what calendars have promised for a digest over pending commitments, and marks them submitted (chain 8). proof is the serialized timestamp of root, each path leads from the digest of the commitment of the same place to root. The calendars are asked again after due_seconds. lease_token is that of lease timestamps. Errors: VE406, VE502, VE722 one of them is not pending any more.';
