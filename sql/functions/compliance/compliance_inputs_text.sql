create or replace function ves_int.compliance_inputs_text(
  event ves_store.ves_events, policy_id text, policy_params text, policy_hash bytea
)
returns text
language sql
immutable
set search_path to pg_catalog, pg_temp
as $$
  select format(
    '{"eventId":"%s","tenantId":"%s","storeId":"%s","sequenceNumber":%s,"payloadKind":%s,"payloadPlainHash":"%s",'
    '"payloadCipherHash":"%s","eventSigningHash":"%s","policyId":%s,"policyParams":%s,"policyHash":"%s"}',
    event.event_id, event.tenant_id, event.store_id, event.sequence_number, event.payload_kind,
    encode(event.payload_plain_hash, 'hex'), encode(event.payload_cipher_hash, 'hex'),
    encode(event.event_signing_hash, 'hex'), to_json(policy_id), policy_params, encode(policy_hash, 'hex'));
$$;

comment on function ves_int.compliance_inputs_text(ves_store.ves_events, text, text, bytea) is
'The 11 canonical public inputs of a compliance proof as JSON text (VES 13); the parameters stay the text received.';
