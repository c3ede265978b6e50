-- Generated from ves_stark.plpython.judge_compliance_proof by `make generate`; do not edit.
create or replace function ves_int.judge_compliance_proof(
  proof_type text,
  proof bytea,
  public_inputs text,
  witness_commitment bytea,
  payload text,
  out error text,
  out reason text,
  out amount_binding text,
  out options bytea,
  out strength text
)
returns record
language plpython3u
immutable called on null input parallel safe cost 50000
set search_path to pg_catalog, pg_temp
as $$
from ves_stark.plpython import judge_compliance_proof
from ves.plpython_guard import guard
return guard(plpy, judge_compliance_proof,
  proof_type, proof, public_inputs, witness_commitment, payload)
$$;

comment on function ves_int.judge_compliance_proof(text, bytea, text, bytea, text) is
'Verify a compliance proof for an event: the STARK, if proof_type names one, and the committed amount (VES 13). error is null if it verifies or its type has no verifier; options are the eight option bytes of a STARK; strength is JSON. The amount is compared with a plaintext payload.';
