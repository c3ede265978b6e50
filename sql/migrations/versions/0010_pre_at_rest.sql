-- Encryption at rest (VES 16). Frozen once released; sql/types and sql/tables hold the desired state.
set local lock_timeout = '4s';
-- the new constraints are checked against every stored event
set local statement_timeout = '30min';

alter table ves_store.ves_events
add column payload_at_rest bytea,
add column payload_key_id bytea,
add column shredded_at timestamptz,
drop constraint payload_matches_kind,
add constraint payload_has_one_stored_form check (
  case
    when
      shredded_at is not null
      then payload is null and payload_encrypted is null and payload_at_rest is null
    when payload_kind = 0 then (payload is null) <> (payload_at_rest is null) and payload_encrypted is null
    else payload_kind = 1 and payload_encrypted is not null and payload is null and payload_at_rest is null
  end
),
add constraint ciphertext_names_its_key check (
  (payload_at_rest is null) = (payload_key_id is null) and octet_length(payload_key_id) = 8
);

alter table ves_store.ves_events alter column payload_at_rest set storage external;

comment on column ves_store.ves_events.payload is 'The JSON text as received, when it is stored in plaintext. Type json, not jsonb: jsonb would rewrite numbers and refuse escapes.';
comment on column ves_store.ves_events.payload_encrypted is 'VES-ENC-1 object, its known members only; never encrypted again, its key was never here.';
comment on column ves_store.ves_events.payload_at_rest is 'The JSON text as received, encrypted (VES 16: SSE1 blob); null when it is stored in plaintext.';
comment on column ves_store.ves_events.payload_key_id is 'Key of payload_at_rest, 8 bytes: the start of SHA-256("VES_ATREST_KEY_ID_V1" || key).';
comment on column ves_store.ves_events.shredded_at is 'When the payload was destroyed (ves_store.shredded_payloads says why); the hashes remain.';

alter table ves_store.events
add column payload_at_rest bytea,
add column payload_key_id bytea,
add column shredded_at timestamptz,
alter column payload drop not null,
add constraint payload_has_one_stored_form check (
  case
    when shredded_at is not null then payload is null and payload_at_rest is null
    else (payload is null) <> (payload_at_rest is null)
  end
),
add constraint ciphertext_names_its_key check (
  (payload_at_rest is null) = (payload_key_id is null) and octet_length(payload_key_id) = 8
);

alter table ves_store.events alter column payload_at_rest set storage external;

comment on column ves_store.events.payload is 'The JSON text as received, when it is stored in plaintext.';
comment on column ves_store.events.payload_at_rest is 'The compact form of the payload, encrypted (VES 16: SSE1 blob); null when it is stored in plaintext.';
comment on column ves_store.events.payload_key_id is 'Key of payload_at_rest, 8 bytes: the start of SHA-256("VES_ATREST_KEY_ID_V1" || key).';
comment on column ves_store.events.shredded_at is 'When the payload was destroyed (ves_store.shredded_payloads says why); the hashes remain.';

alter table ves_store.ves_compliance_proofs
add column proof_key_id bytea,
drop constraint proof_has_at_most_2_mib,
add constraint proof_has_at_most_2_mib check (
  octet_length(proof) between 1 and case when proof_key_id is null then 2097152 else 2097184 end
),
add constraint key_id_has_8_bytes check (octet_length(proof_key_id) = 8);

comment on column ves_store.ves_compliance_proofs.proof is 'The proof''s bytes, at most 2 MiB; an SSE1 blob of them (VES 16) when proof_key_id is not null.';
comment on column ves_store.ves_compliance_proofs.proof_key_id is 'Key of the encrypted proof, 8 bytes as in ves_events.payload_key_id; null when the proof is stored as it is.';

alter table ves_store.ves_validity_proofs
add column proof_key_id bytea,
drop constraint proof_has_at_most_2_mib,
add constraint proof_has_at_most_2_mib check (
  octet_length(proof) between 1 and case when proof_key_id is null then 2097152 else 2097184 end
),
add constraint key_id_has_8_bytes check (octet_length(proof_key_id) = 8);

comment on column ves_store.ves_validity_proofs.proof is 'The proof''s bytes, at most 2 MiB; an SSE1 blob of them (VES 16) when proof_key_id is not null.';
comment on column ves_store.ves_validity_proofs.proof_key_id is 'Key of the encrypted proof, 8 bytes as in ves_events.payload_key_id; null when the proof is stored as it is.';

create table ves_store.shredded_payloads (
  tenant_id uuid not null,
  store_id uuid not null,
  stream text not null,
  sequence_number bigint not null,
  event_id uuid not null,
  reason text not null,
  shredded_by text not null,
  shredded_at timestamptz not null,
  constraint shredded_payloads_pkey primary key (tenant_id, store_id, stream, sequence_number),
  constraint stream_is_ves_or_legacy check (stream in ('ves', 'legacy')),
  constraint reason_has_1_to_1000_characters check (char_length(reason) between 1 and 1000)
);

comment on table ves_store.shredded_payloads is
'Payloads that were destroyed on purpose: one row an event, append-only. Hashes, leaf, receipt and proofs of the event stay.';
comment on column ves_store.shredded_payloads.tenant_id is 'Tenant.';
comment on column ves_store.shredded_payloads.store_id is 'Store.';
comment on column ves_store.shredded_payloads.stream is 'ves or legacy: the two streams of a store are numbered apart.';
comment on column ves_store.shredded_payloads.sequence_number is 'Number of the event in its stream.';
comment on column ves_store.shredded_payloads.event_id is 'The event.';
comment on column ves_store.shredded_payloads.reason is 'Why, in the words of who did it.';
comment on column ves_store.shredded_payloads.shredded_by is 'Who: the actor of the context, else the database role.';
comment on column ves_store.shredded_payloads.shredded_at is 'When; the same instant as in the event.';

alter type ves.legacy_event
add attribute payload_at_rest bytea,
add attribute payload_key_id bytea,
add attribute shredded_at timestamptz;

comment on type ves.legacy_event is 'One stored legacy event (VES 17.1); payload is the text received or the compact form; null when it is shredded, or still encrypted (payload_at_rest).';

alter type ves.compliance_proof
add attribute proof_key_id bytea;

comment on type ves.compliance_proof is
'One stored compliance proof (VES 13). JSON members are texts as received; proof is null in lists, and an SSE1 blob (VES 16) while proof_key_id is not null.';

alter type ves.validity_proof
add attribute proof_key_id bytea;

comment on type ves.validity_proof is 'One stored validity proof of a commitment (VES 12); proof is null in lists, and an SSE1 blob (VES 16) while proof_key_id is not null.';

create type ves.reencrypt_step as (
  scanned bigint,
  updated bigint,
  skipped_current_key bigint,
  next_cursor jsonb
);

comment on type ves.reencrypt_step is
'What one batch of a re-encryption did. updated counts what would be updated in a dry run; next_cursor goes into the next call, null when there is nothing more.';
