create or replace function ves_int.receipt_json(event ves_store.ves_events, signature bytea)
returns jsonb
language sql
stable
set search_path to ''
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'sequencerId', s.sequencer_id,
    'eventId', event.event_id,
    'sequenceNumber', event.sequence_number,
    'sequencedAt', ves_int.timestamp_text(event.sequenced_at),
    'receiptHash', encode(ves_int.receipt_hash(
      event.tenant_id, event.store_id, event.event_id, event.sequence_number, event.event_signing_hash), 'hex'),
    'signatureAlg', s.algorithm,
    'sequencerKeyVersion', s.key_version,
    'receiptSignatureScheme', case when s.algorithm = 'ed25519' then 1 end
  )) || jsonb_build_object(
    'sequencerSignature', case when s.algorithm = 'none' then '' else encode(signature, 'hex') end
  )
  from ves_store.signers as s
  where s.signer_id = event.signer_id;
$$;

comment on function ves_int.receipt_json(ves_store.ves_events, bytea) is
'Receipt of an event in the wire form (VES 11); sequencerSignature null means: not stored yet.';
