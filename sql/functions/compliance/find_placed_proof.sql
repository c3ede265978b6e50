create or replace function ves_int.find_placed_proof(
  tenant_id uuid, event_id uuid, proof_type text, proof_version integer, policy_hash bytea
)
returns uuid
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select p.proof_id from ves_store.ves_compliance_proofs as p
  where p.event_id = find_placed_proof.event_id and p.tenant_id = find_placed_proof.tenant_id
    and p.proof_type = find_placed_proof.proof_type and p.proof_version = find_placed_proof.proof_version
    and p.policy_hash = find_placed_proof.policy_hash and p.verified is not false;
$$;

comment on function ves_int.find_placed_proof(uuid, uuid, text, integer, bytea) is
'Id of the one proof that holds the place of event, type, version and policy (VES 13): verified, or of a type that nobody verifies. Null when the place is free.';
