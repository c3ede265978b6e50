-- STARK proofs stored unverified (VES 13). Frozen once released; sql/tables holds the desired state.
set local lock_timeout = '4s';
set local statement_timeout = '60s';

-- Who is unverified holds no place (0009). The constraint keeps its name: the functions of the previous code
-- name it. Rows from before hold their place.
alter table ves_store.ves_compliance_proofs
add column verified boolean,
drop constraint ves_compliance_proofs_event_id_tenant_id_proof_type_proof_versi,
add constraint ves_compliance_proofs_event_id_tenant_id_proof_type_proof_versi
exclude using btree (
  event_id with =, tenant_id with =, proof_type with =, proof_version with =, policy_hash with =
) where (verified is not false);

-- What is unverified is one row for each different submission.
create unique index ves_compliance_proofs_submission_idx on ves_store.ves_compliance_proofs (
  event_id,
  tenant_id,
  proof_type,
  proof_version,
  policy_hash,
  proof_hash,
  public_inputs_hash,
  witness_commitment,
  verified
);

comment on table ves_store.ves_compliance_proofs is
'Compliance proofs of events (VES 13), one for each event, type, version and policy, and beside it those that were stored unverified. Append-only. A proof gives the amount away: only those who may read the event may read it.';
comment on column ves_store.ves_compliance_proofs.verified is 'True: verified before it was stored. False: a STARK stored while verification on submission was off; it holds no place, so it keeps no later proof out. Null: of a type that nobody verifies.';
