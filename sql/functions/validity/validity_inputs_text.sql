create or replace function ves_int.validity_inputs_text(commitment ves_store.ves_commitments)
returns text
language sql
immutable
set search_path to pg_catalog, pg_temp
as $$
  -- Sorted members and no space: this text is its own compact form (VES 2.3), so it may be hashed as it is.
  select format(
    '{"allCompliant":true,"batchId":"%s","leafCount":%s,"merkleRoot":"%s","newStateRoot":"%s","paddedLeafCount":%s,'
    '"policyHash":"%s","policyLimit":0,"prevStateRoot":"%s","sequenceEnd":%s,"sequenceStart":%s,"storeId":"%s",'
    '"tenantId":"%s","treeDepth":%s,"vesVersion":%s}',
    commitment.batch_id, commitment.leaf_count, encode(commitment.merkle_root, 'hex'),
    encode(commitment.new_state_root, 'hex'), commitment.padded_leaf_count, repeat('0', 64),
    encode(commitment.prev_state_root, 'hex'), commitment.sequence_end, commitment.sequence_start,
    commitment.store_id, commitment.tenant_id, commitment.tree_depth, commitment.ves_version);
$$;

comment on function ves_int.validity_inputs_text(ves_store.ves_commitments) is
'The 15 canonical public inputs of a validity proof as JSON text in compact form (VES 12).';
