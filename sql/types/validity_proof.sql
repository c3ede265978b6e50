create type ves.validity_proof as (
  proof_id uuid,
  batch_id uuid,
  tenant_id uuid,
  store_id uuid,
  proof_type text,
  proof_version integer,
  proof_hash bytea,
  public_inputs json,
  public_inputs_hash bytea,
  submitted_at timestamptz,
  proof bytea,
  proof_key_id bytea
);

comment on type ves.validity_proof is 'One stored validity proof of a commitment (VES 12); proof is null in lists, and an SSE1 blob (VES 16) while proof_key_id is not null.';
