create or replace function ves.get_legacy_inclusion_proof(
  tenant_id uuid, store_id uuid, sequence_number bigint, batch_id uuid
)
returns ves.inclusion_proof
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_commitment ves_store.commitments;
  v_proof ves.inclusion_proof;
begin
  select c.* into v_commitment from ves_store.commitments as c
  where c.batch_id = get_legacy_inclusion_proof.batch_id and c.tenant_id = get_legacy_inclusion_proof.tenant_id;
  if not found then
    perform ves_int.raise_error('commitment_not_found');
  end if;
  if v_commitment.store_id is distinct from get_legacy_inclusion_proof.store_id then
    perform ves_int.raise_error('commitment_access_denied');
  end if;
  if get_legacy_inclusion_proof.sequence_number between v_commitment.sequence_start and v_commitment.sequence_end then
    v_proof.leaf_index := get_legacy_inclusion_proof.sequence_number - v_commitment.sequence_start;
  else
    perform ves_int.raise_error('sequence_outside_commitment', jsonb_build_object(
      'sequence_start', v_commitment.sequence_start, 'sequence_end', v_commitment.sequence_end));
  end if;
  v_proof.sequence_number := get_legacy_inclusion_proof.sequence_number;
  v_proof.batch_id := v_commitment.batch_id;
  v_proof.merkle_root := v_commitment.events_root;
  with levels as (
    select
      n.level,
      substring(n.nodes from (32 * ((v_proof.leaf_index >> n.level) # 1) + 1)::integer for 32) as sibling,
      case when n.level = 0 then substring(n.nodes from (32 * v_proof.leaf_index + 1)::integer for 32) end as leaf
    from ves_store.commitment_nodes as n
    where n.batch_id = v_commitment.batch_id and n.tenant_id = v_commitment.tenant_id
  )
  -- a level without a sibling is left out, and its direction with it (VES 21, trap 12)
  select
    coalesce(array_agg(l.sibling order by l.level) filter (where octet_length(l.sibling) = 32), '{}'),
    coalesce(array_agg((v_proof.leaf_index >> l.level) & 1 = 0 order by l.level)
      filter (where octet_length(l.sibling) = 32), '{}'),
    (array_agg(l.leaf) filter (where l.level = 0))[1]
  into v_proof.proof_path, v_proof.directions, v_proof.leaf_hash
  from levels as l;
  return v_proof;
end
$$;

comment on function ves.get_legacy_inclusion_proof(uuid, uuid, bigint, uuid) is
'Inclusion proof of one legacy event (VES 17.3) from stored tree levels; merkle_root is the events_root. The directions are those of the levels that have a sibling, so folding with them is right for nodes that moved up too. Errors: VE605, VE606, VE607.';
