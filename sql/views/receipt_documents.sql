-- Written out instead of calling functions: one with a pinned search_path is never inlined, and 10,000
-- receipts took seconds.
create or replace view ves_int.receipt_documents as
select
  e.tenant_id,
  e.store_id,
  e.sequence_number,
  e.event_id,
  e.event_signing_hash,
  jsonb_build_object(
    'sequencerId', s.sequencer_id,
    'eventId', e.event_id,
    'sequenceNumber', e.sequence_number,
    'sequencedAt', to_char(e.sequenced_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    || case
      when extract(microseconds from e.sequenced_at)::bigint % 1000000 = 0 then ''
      when extract(microseconds from e.sequenced_at)::bigint % 1000 = 0
        then to_char(e.sequenced_at at time zone 'UTC', '.MS')
      else to_char(e.sequenced_at at time zone 'UTC', '.US')
    end || '+00:00',
    'receiptHash', encode(sha256(
      'VES_RECEIPT_V1'::bytea || uuid_send(e.tenant_id) || uuid_send(e.store_id) || uuid_send(e.event_id)
      || int8send(e.sequence_number) || e.event_signing_hash
    ), 'hex'),
    'signatureAlg', s.algorithm,
    'sequencerSignature',
    -- One lookup an event: joined on the stream alone, a few events would read every receipt of the stream.
    case when s.algorithm = 'none' then '' else encode((
      select r.sequencer_signature from ves_store.ves_sequencer_receipts as r
      where r.tenant_id = e.tenant_id and r.store_id = e.store_id and r.sequence_number = e.sequence_number
    ), 'hex') end,
    'sequencerKeyVersion', s.key_version
  )
  || case when s.algorithm = 'ed25519' then '{"receiptSignatureScheme": 1}'::jsonb else '{}'::jsonb end
    as receipt
from ves_store.ves_events as e
inner join ves_store.signers as s on e.signer_id = s.signer_id;

comment on view ves_int.receipt_documents is
'Receipt of every event in the wire form (VES 11); sequencerSignature null means: not stored yet.';
