create type ves.compliance_proof as (
  proof_id uuid,
  event_id uuid,
  tenant_id uuid,
  store_id uuid,
  proof_type text,
  proof_version integer,
  policy_id text,
  policy_params json,
  policy_hash bytea,
  proof_hash bytea,
  public_inputs json,
  public_inputs_hash bytea,
  witness_commitment bytea,
  proof_options bytea,
  amount_binding text,
  submitted_at timestamptz,
  proof bytea,
  proof_key_id bytea
);

comment on type ves.compliance_proof is
'One stored compliance proof (VES 13). JSON members are texts as received; proof is null in lists, and an SSE1 blob (VES 16) while proof_key_id is not null.';
