-- Commits one range of a legacy stream (VES 17.3). Takes the advisory lock of ves.create_commitment, so the
-- two kinds of commitments of one stream wait for each other; neither takes another lock. Reads leaf hashes
-- only.
-- Locks (sql/README.md): 1.
create or replace function ves.create_legacy_commitment(
  tenant_id uuid, store_id uuid, sequence_start bigint, sequence_end bigint
)
returns ves.legacy_commitment
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_last ves_store.commitments;
  v_same ves_store.commitments;
  v_new ves_store.commitments;
  v_leaves bytea;
  v_levels bytea[];
  v_head bigint;
begin
  perform ves_int.lock_range(
    create_legacy_commitment.tenant_id, create_legacy_commitment.store_id, create_legacy_commitment.sequence_start,
    create_legacy_commitment.sequence_end);
  select c.* into v_same from ves_store.commitments as c
  where c.tenant_id = create_legacy_commitment.tenant_id and c.store_id = create_legacy_commitment.store_id
    and c.sequence_start = create_legacy_commitment.sequence_start;
  if found then
    perform ves_int.raise_error('range_is_committed', jsonb_build_object(
      'sequence_start', v_same.sequence_start, 'sequence_end', v_same.sequence_end));
  end if;
  select c.* into v_last from ves_store.commitments as c
  where c.tenant_id = create_legacy_commitment.tenant_id and c.store_id = create_legacy_commitment.store_id
  order by c.sequence_start desc limit 1;
  v_head := ves.get_legacy_head(create_legacy_commitment.tenant_id, create_legacy_commitment.store_id);
  perform ves_int.check_range(
    create_legacy_commitment.sequence_start, create_legacy_commitment.sequence_end, v_last.sequence_end, v_head);

  select string_agg(e.leaf_hash, ''::bytea order by e.sequence_number) into v_leaves
  from ves_store.events as e
  where e.tenant_id = create_legacy_commitment.tenant_id and e.store_id = create_legacy_commitment.store_id
    and e.sequence_number between create_legacy_commitment.sequence_start and create_legacy_commitment.sequence_end;
  v_new.event_count := (create_legacy_commitment.sequence_end - create_legacy_commitment.sequence_start + 1)::integer;
  if octet_length(v_leaves) is distinct from 32 * v_new.event_count then
    perform ves_int.raise_error('range_has_no_events', jsonb_build_object('head_sequence', v_head));
  end if;

  v_levels := ves_int.legacy_tree_levels(v_leaves);
  v_new.tenant_id := create_legacy_commitment.tenant_id;
  v_new.store_id := create_legacy_commitment.store_id;
  v_new.batch_id := gen_random_uuid();
  v_new.events_root := v_levels[cardinality(v_levels)];
  v_new.prev_state_root := coalesce(v_last.new_state_root, decode(repeat('00', 32), 'hex'));
  v_new.new_state_root := ves_int.legacy_entities_root(v_new.tenant_id, v_new.store_id);
  v_new.sequence_start := create_legacy_commitment.sequence_start;
  v_new.sequence_end := create_legacy_commitment.sequence_end;
  v_new.previous_end := v_last.sequence_end;
  v_new.committed_at := clock_timestamp();
  insert into ves_store.commitments select v_new.*;
  insert into ves_store.commitment_nodes (tenant_id, batch_id, level, nodes)
  select v_new.tenant_id, v_new.batch_id, l.level - 1, l.nodes
  from unnest(v_levels) with ordinality as l (nodes, level);
  return ves.get_legacy_commitment(v_new.tenant_id, v_new.batch_id);
end
$$;

comment on function ves.create_legacy_commitment(uuid, uuid, bigint, bigint) is
'Commits a range of a legacy stream (VES 17.3); the state root covers every entity version at this moment. Errors: VE601 end below start, VE603 not the next range, VE604 not all sequenced, VE608 more than 1,048,576 events, VE610 start committed already.';
