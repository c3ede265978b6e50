create type ves.proof_verdict as (
  proof_id uuid,
  proof_hash_match boolean,
  policy_hash_match boolean,
  public_inputs_match boolean,
  stark_valid boolean,
  stark_error text,
  stark_verification_time_ms bigint,
  valid boolean,
  reason text,
  amount_binding text,
  strength jsonb
);

comment on type ves.proof_verdict is
'What a check of a stored proof found (VES 13). stark_valid is null when no STARK was verified; reason is null when valid; strength says what the proof is worth (bits, what is bound and what is not), null for proofs that we cannot judge.';
