create or replace function ves_int.check_commitments(
  tenant_id uuid, store_id uuid, from_sequence bigint, to_sequence bigint
)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_stream_id constant bytea := ves_int.stream_id(tenant_id, store_id);
  v_commitment ves_store.ves_commitments;
  v_previous ves_store.ves_commitments;
  v_leaves bytea;
  v_levels bytea[];
begin
  select c.* into v_previous from ves_store.ves_commitments as c
  where c.tenant_id = check_commitments.tenant_id and c.store_id = check_commitments.store_id
    and c.sequence_end < from_sequence
  order by c.sequence_end desc limit 1;
  for v_commitment in
    select c.* from ves_store.ves_commitments as c
    where c.tenant_id = check_commitments.tenant_id and c.store_id = check_commitments.store_id
      and c.sequence_end >= from_sequence and c.sequence_start <= to_sequence
    order by c.sequence_start
  loop
    check_name := 'commitment';
    batch_id := v_commitment.batch_id;
    sequence_number := v_commitment.sequence_start;
    select string_agg(e.leaf_hash, ''::bytea order by e.sequence_number) into v_leaves
    from ves_store.ves_events as e
    where e.tenant_id = check_commitments.tenant_id and e.store_id = check_commitments.store_id
      and e.sequence_number between v_commitment.sequence_start and v_commitment.sequence_end;
    if octet_length(v_leaves) is distinct from 32 * v_commitment.leaf_count then
      finding := 'the committed range is not complete';
      return next;
      v_leaves := null;
    end if;
    v_levels := ves_int.tree_levels(v_leaves);
    if v_levels[cardinality(v_levels)] is distinct from v_commitment.merkle_root then
      finding := 'merkle_root is not the root of the stored leaves';
      return next;
    end if;
    if v_commitment.tree_depth is distinct from cardinality(v_levels) - 1 then
      finding := 'tree_depth is not that of a tree over the range';
      return next;
    end if;
    if v_levels is distinct from (
      select array_agg(n.nodes order by n.level) from ves_store.ves_commitment_nodes as n
      where n.batch_id = v_commitment.batch_id and n.tenant_id = v_commitment.tenant_id
      having min(n.level) = 0 and max(n.level) = count(*) - 1
    ) then
      finding := 'the stored tree levels are not those of the leaves';
      return next;
    end if;
    check_name := 'state_root';
    if v_commitment.prev_state_root <> coalesce(v_previous.new_state_root, decode(repeat('00', 32), 'hex')) then
      finding := 'prev_state_root is not the state root of the commitment before';
      return next;
    end if;
    if v_commitment.new_state_root <> ves_int.state_root(
      v_stream_id, v_commitment.prev_state_root, v_commitment.merkle_root, v_commitment.sequence_start,
      v_commitment.sequence_end, v_commitment.leaf_count
    ) then
      finding := 'new_state_root does not follow from the commitment';
      return next;
    end if;
    if v_previous.batch_id is not null and v_commitment.sequence_start <> v_previous.sequence_end + 1 then
      finding := 'the range does not start after the commitment before';
      return next;
    end if;
    if v_previous.batch_id is null and v_commitment.sequence_start > 1 then
      check_name := 'before_first_commitment';
      sequence_number := v_commitment.sequence_start - 1;
      finding := 'numbers up to this one are before the first commitment: no commitment can cover them';
      return next;
    end if;
    v_previous := v_commitment;
  end loop;
end
$$;

comment on function ves_int.check_commitments(uuid, uuid, bigint, bigint) is
'Findings about trees, stored levels and the state-root chain of the commitments that touch a range of a stream.';
