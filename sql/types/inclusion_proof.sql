create type ves.inclusion_proof as (
  sequence_number bigint,
  batch_id uuid,
  merkle_root bytea,
  leaf_hash bytea,
  leaf_index bigint,
  proof_path bytea [],
  directions boolean []
);

comment on type ves.inclusion_proof is
'Inclusion proof of one event (VES 9.3): siblings from the leaf level up; directions[d] is true when the running hash is the left input.';
