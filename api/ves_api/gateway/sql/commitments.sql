-- Commitments and inclusion proofs of the VES stream. Sent as role ves_api; only objects of schema ves.

-- name: create_commitment
-- Commit a range; the same range again answers the stored commitment.
select commitment.*
from ves.create_commitment(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  sequence_start => %(sequence_start)s,
  sequence_end => %(sequence_end)s
) as commitment;

-- name: list_commitments
-- Commitments of a stream that are not on a chain yet, oldest first.
select commitment.*
from ves.list_commitments(tenant_id => %(tenant_id)s, store_id => %(store_id)s) as commitment;

-- name: get_commitment
-- One commitment of a tenant (nil: of any tenant).
select commitment.*
from ves.get_commitment(tenant_id => %(tenant_id)s, batch_id => %(batch_id)s) as commitment;

-- name: get_inclusion_proof
-- The path from one event to the root of its commitment.
select
  proof.sequence_number,
  proof.batch_id,
  proof.merkle_root,
  proof.leaf_hash,
  proof.leaf_index,
  proof.proof_path,
  proof.directions
from ves.get_inclusion_proof(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  sequence_number => %(sequence_number)s,
  batch_id => %(batch_id)s
) as proof;
