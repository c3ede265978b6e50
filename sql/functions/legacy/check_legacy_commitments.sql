create or replace function ves_int.check_legacy_commitments(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_commitment ves_store.commitments;
  v_previous ves_store.commitments;
  v_leaves bytea;
  v_levels bytea[];
begin
  for v_commitment in
    select c.* from ves_store.commitments as c
    where c.tenant_id = check_legacy_commitments.tenant_id and c.store_id = check_legacy_commitments.store_id
    order by c.sequence_start
  loop
    select string_agg(e.leaf_hash, ''::bytea order by e.sequence_number) into v_leaves
    from ves_store.events as e
    where e.tenant_id = v_commitment.tenant_id and e.store_id = v_commitment.store_id
      and e.sequence_number between v_commitment.sequence_start and v_commitment.sequence_end;
    v_levels := ves_int.legacy_tree_levels(v_leaves);
    return query
    select
      f.check_name,
      v_commitment.sequence_start - case f.check_name when 'before_first_commitment' then 1 else 0 end,
      v_commitment.batch_id, f.finding
    from (values
      (
        'legacy_commitment', 'events_root is not the root of the stored leaves',
        v_levels[cardinality(v_levels)] is distinct from v_commitment.events_root
        or octet_length(v_leaves) is distinct from 32 * v_commitment.event_count
      ),
      (
        'legacy_commitment', 'the stored tree levels are not those of the leaves',
        v_levels is distinct from (
          select array_agg(n.nodes order by n.level) from ves_store.commitment_nodes as n
          where n.batch_id = v_commitment.batch_id and n.tenant_id = v_commitment.tenant_id
          having min(n.level) = 0 and max(n.level) = count(*) - 1
        )
      ),
      (
        'legacy_commitment', 'prev_state_root is not the state root of the commitment before',
        v_commitment.prev_state_root <> coalesce(v_previous.new_state_root, decode(repeat('00', 32), 'hex'))
      ),
      (
        'legacy_commitment', 'the range does not start after the commitment before',
        v_commitment.sequence_start <> v_previous.sequence_end + 1
      ),
      (
        'before_first_commitment',
        'legacy numbers up to this one are before the first commitment: no commitment can cover them',
        v_previous.batch_id is null and v_commitment.sequence_start > 1
      )
    ) as f (check_name, finding, is_wrong)
    where f.is_wrong;
    v_previous := v_commitment;
  end loop;
end
$$;

comment on function ves_int.check_legacy_commitments(uuid, uuid) is
'Findings about the trees, stored levels and state-root chain of the commitments of a legacy stream. A state root itself cannot be recomputed: it covers the entity versions of its moment.';
