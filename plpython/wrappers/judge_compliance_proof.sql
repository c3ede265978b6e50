-- Verifies a compliance proof for an event: the STARK if proof_type names one (VES 13), and the committed
-- amount against a plaintext payload.
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
immutable
called on null input
parallel safe
cost 50000
set search_path to pg_catalog, pg_temp
as $$
if "ves_stark.registry" not in GD:
    from ves_stark import registry
    GD["ves_stark.registry"] = registry
judged = GD["ves_stark.registry"].judge(proof_type, proof, public_inputs, witness_commitment, payload)
return judged.error, judged.reason, judged.amount_binding, judged.options, judged.strength_json()
$$;

comment on function ves_int.judge_compliance_proof(text, bytea, text, bytea, text) is
'Verification result of a compliance proof for an event (VES 13): error is null if it verifies or its type has no verifier; options are the eight option bytes of a STARK; strength is JSON.';
