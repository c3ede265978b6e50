-- Commits one range (VES 10.3). Takes the stream's advisory lock until the end of the transaction, so
-- concurrent calls get the one commitment of that range. Reads leaf hashes only.
-- Locks (sql/README.md): 1.
create or replace function ves.create_commitment(
  tenant_id uuid, store_id uuid, sequence_start bigint, sequence_end bigint
)
returns ves.commitment
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_last ves_store.ves_commitments;
  v_same ves_store.ves_commitments;
  v_new ves_store.ves_commitments;
  v_leaves bytea;
  v_levels bytea[];
  v_head bigint;
begin
  perform ves_int.lock_range(
    create_commitment.tenant_id, create_commitment.store_id, create_commitment.sequence_start,
    create_commitment.sequence_end);
  select c.* into v_same from ves_store.ves_commitments as c
  where c.tenant_id = create_commitment.tenant_id and c.store_id = create_commitment.store_id
    and c.sequence_start = create_commitment.sequence_start;
  if found then
    if v_same.sequence_end = create_commitment.sequence_end then
      return ves.get_commitment(v_same.tenant_id, v_same.batch_id);
    end if;
    perform ves_int.raise_error('commitment_exists', jsonb_build_object(
      'sequence_start', v_same.sequence_start, 'sequence_end', v_same.sequence_end));
  end if;

  select c.* into v_last from ves_store.ves_commitments as c
  where c.tenant_id = create_commitment.tenant_id and c.store_id = create_commitment.store_id
  order by c.sequence_start desc limit 1;
  v_head := ves_int.sequenced_to(create_commitment.tenant_id, create_commitment.store_id);
  perform ves_int.check_range(
    create_commitment.sequence_start, create_commitment.sequence_end, v_last.sequence_end, v_head);

  v_leaves := ves_int.range_leaves(
    create_commitment.tenant_id, create_commitment.store_id, create_commitment.sequence_start,
    create_commitment.sequence_end);
  v_new.leaf_count := (create_commitment.sequence_end - create_commitment.sequence_start + 1)::integer;
  if octet_length(v_leaves) is distinct from 32 * v_new.leaf_count then
    perform ves_int.raise_error('range_has_no_events', jsonb_build_object('head_sequence', v_head));
  end if;

  v_levels := ves_int.tree_levels(v_leaves);
  v_new.tenant_id := create_commitment.tenant_id;
  v_new.store_id := create_commitment.store_id;
  v_new.batch_id := gen_random_uuid();
  v_new.ves_version := 1;
  v_new.tree_depth := cardinality(v_levels) - 1;
  v_new.padded_leaf_count := 1 << v_new.tree_depth;
  v_new.merkle_root := v_levels[cardinality(v_levels)];
  v_new.prev_state_root := coalesce(v_last.new_state_root, decode(repeat('00', 32), 'hex'));
  v_new.sequence_start := create_commitment.sequence_start;
  v_new.sequence_end := create_commitment.sequence_end;
  v_new.previous_end := v_last.sequence_end;
  v_new.new_state_root := ves_int.state_root(
    ves_int.stream_id(v_new.tenant_id, v_new.store_id), v_new.prev_state_root, v_new.merkle_root,
    v_new.sequence_start, v_new.sequence_end, v_new.leaf_count);
  v_new.committed_at := clock_timestamp();
  insert into ves_store.ves_commitments select v_new.*;
  insert into ves_store.ves_commitment_nodes (tenant_id, batch_id, level, nodes)
  select v_new.tenant_id, v_new.batch_id, l.level - 1, l.nodes
  from unnest(v_levels) with ordinality as l (nodes, level);
  return ves.get_commitment(v_new.tenant_id, v_new.batch_id);
end
$$;

comment on function ves.create_commitment(uuid, uuid, bigint, bigint) is
'Commits a range of a stream (VES 10.3); the same range again returns the stored commitment. Errors: VE601 end below start, VE602 start taken with another end, VE603 not the next range, VE604 not all sequenced, VE608 more than 1,048,576 events.';
