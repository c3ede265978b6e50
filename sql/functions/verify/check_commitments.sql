-- A plan without the arguments takes a range for a ninth of the table and reads all of it (tests/plans).
create or replace function ves_int.check_commitments(
  tenant_id uuid, store_id uuid, from_sequence bigint, to_sequence bigint
)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language plpgsql
stable
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_stream_id constant bytea := ves_int.stream_id(tenant_id, store_id);
  v_commitment ves_store.ves_commitments;
  v_previous ves_store.ves_commitments;
  v_leaves bytea;
  v_is_complete boolean;
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
    v_leaves := ves_int.range_leaves(
      v_commitment.tenant_id, v_commitment.store_id, v_commitment.sequence_start, v_commitment.sequence_end);
    v_is_complete := octet_length(v_leaves) is not distinct from 32 * v_commitment.leaf_count;
    v_levels := ves_int.tree_levels(case when v_is_complete then v_leaves end);
    return query
    select
      f.check_name, v_commitment.sequence_start - case w.name when 'first_range' then 1 else 0 end,
      v_commitment.batch_id, f.finding
    from (values
      ('range', not v_is_complete),
      ('merkle_root', v_levels[cardinality(v_levels)] is distinct from v_commitment.merkle_root),
      ('tree_depth', v_commitment.tree_depth is distinct from cardinality(v_levels) - 1),
      ('tree_levels', v_levels is distinct from (
        select array_agg(n.nodes order by n.level) from ves_store.ves_commitment_nodes as n
        where n.batch_id = v_commitment.batch_id and n.tenant_id = v_commitment.tenant_id
        having min(n.level) = 0 and max(n.level) = count(*) - 1
      )),
      ('prev_state_root',
        v_commitment.prev_state_root <> coalesce(v_previous.new_state_root, decode(repeat('00', 32), 'hex'))),
      ('new_state_root', v_commitment.new_state_root <> ves_int.state_root(
        v_stream_id, v_commitment.prev_state_root, v_commitment.merkle_root, v_commitment.sequence_start,
        v_commitment.sequence_end, v_commitment.leaf_count)),
      ('range_start', v_commitment.sequence_start <> v_previous.sequence_end + 1),
      ('first_range', v_previous.batch_id is null and v_commitment.sequence_start > 1)
    ) as w (name, is_wrong)
    join ves_int.findings as f on f.name = w.name
    where w.is_wrong;
    v_previous := v_commitment;
  end loop;
end
$$;

comment on function ves_int.check_commitments(uuid, uuid, bigint, bigint) is
'Findings about trees, stored levels and the state-root chain of the commitments that touch a range of a stream.';
