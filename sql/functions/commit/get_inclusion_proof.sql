create or replace function ves.get_inclusion_proof(
  tenant_id uuid, store_id uuid, sequence_number bigint, batch_id uuid default null
)
returns ves.inclusion_proof
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_commitment ves_store.ves_commitments;
  v_proof ves.inclusion_proof;
begin
  if get_inclusion_proof.batch_id is not null then
    select c.* into v_commitment from ves_store.ves_commitments as c
    where c.batch_id = get_inclusion_proof.batch_id and c.tenant_id = get_inclusion_proof.tenant_id;
    if found and v_commitment.store_id <> get_inclusion_proof.store_id then
      perform ves_int.raise_error('commitment_access_denied');
    end if;
  else
    select c.* into v_commitment from ves_store.ves_commitments as c
    where c.tenant_id = get_inclusion_proof.tenant_id and c.store_id = get_inclusion_proof.store_id
      and c.sequence_start <= get_inclusion_proof.sequence_number
    order by c.sequence_start desc limit 1;
  end if;
  if v_commitment.batch_id is null then
    perform ves_int.raise_error('commitment_not_found');
  end if;
  if get_inclusion_proof.sequence_number not between v_commitment.sequence_start and v_commitment.sequence_end then
    perform ves_int.raise_error('sequence_outside_commitment', jsonb_build_object(
      'sequence_start', v_commitment.sequence_start, 'sequence_end', v_commitment.sequence_end));
  end if;

  v_proof.sequence_number := get_inclusion_proof.sequence_number;
  v_proof.batch_id := v_commitment.batch_id;
  v_proof.merkle_root := v_commitment.merkle_root;
  v_proof.leaf_index := get_inclusion_proof.sequence_number - v_commitment.sequence_start;
  -- A stored level ends where only padding follows; a missing sibling is the all-padding subtree of that height.
  with recursive padding (level, node) as (
    select 0, ves_int.pad_hash()
    union all
    select p.level + 1, ves_int.node_hash(p.node, p.node) from padding as p where p.level + 1 < v_commitment.tree_depth
  ),
  levels as (
    select
      n.level,
      substring(n.nodes from (32 * ((v_proof.leaf_index >> n.level) # 1) + 1)::integer for 32) as sibling,
      case when n.level = 0 then substring(n.nodes from (32 * v_proof.leaf_index + 1)::integer for 32) end as leaf
    from ves_store.ves_commitment_nodes as n
    where n.batch_id = v_commitment.batch_id and n.tenant_id = v_commitment.tenant_id
  )
  select
    coalesce(array_agg(
      case when octet_length(l.sibling) = 32 then l.sibling else p.node end order by l.level
    ) filter (where l.level < v_commitment.tree_depth), '{}'),
    coalesce(array_agg((v_proof.leaf_index >> l.level) & 1 = 0 order by l.level)
      filter (where l.level < v_commitment.tree_depth), '{}'),
    (array_agg(l.leaf) filter (where l.level = 0))[1]
  into v_proof.proof_path, v_proof.directions, v_proof.leaf_hash
  from levels as l
  left join padding as p on p.level = l.level;
  return v_proof;
end
$$;

comment on function ves.get_inclusion_proof(uuid, uuid, bigint, uuid) is
'Inclusion proof of one event (VES 9.3), from stored tree levels: reads depth nodes and no event. batch_id null: the commitment that covers the number. Errors: VE605, VE606, VE607.';
