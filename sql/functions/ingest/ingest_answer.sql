create or replace function ves_int.ingest_answer(
  tenant_id uuid, store_id uuid, event_ids uuid[], digests bytea, signer ves_store.signers, result ves.ingest_result
)
returns jsonb
language sql
stable
set search_path to ''
as $$
  with exceptions as (
    select x.*
    from jsonb_to_recordset(coalesce((result).exceptions, '[]')) as x (
      ord bigint, outcome text, sequence_number bigint, phase integer, reason text, message text
    )
  ),
  outcomes as (
    select
      g.ord,
      g.event_id,
      coalesce(x.outcome, 'accepted') as outcome,
      coalesce(
        x.sequence_number,
        case when x.ord is null
          then (result).first_sequence + count(*) filter (where x.ord is null) over (order by g.ord) - 1
        end
      ) as sequence_number,
      x.phase,
      x.reason,
      x.message
    from unnest(event_ids) with ordinality as g (event_id, ord)
    left join exceptions as x on x.ord = g.ord
  )
  select jsonb_build_object(
    'batchId', gen_random_uuid(),
    'eventsAccepted', count(*) filter (where o.outcome = 'accepted'),
    'eventsRejected', count(*) filter (where o.outcome = 'rejected'),
    'sequenceStart', (result).first_sequence,
    'sequenceEnd', (result).last_sequence,
    'headSequence', (result).head_sequence
  ) || jsonb_strip_nulls(jsonb_build_object(
    'rejections', jsonb_agg(
      jsonb_build_object('event_id', o.event_id, 'reason', o.reason, 'message', o.message) order by o.phase, o.ord
    ) filter (where o.outcome = 'rejected')
  )) || jsonb_strip_nulls(jsonb_build_object(
    'receipts', jsonb_agg(
      case when o.outcome = 'replayed' then (select ves_int.receipt_json(e, r.sequencer_signature)
        from ves_store.ves_events as e
        left join ves_store.ves_sequencer_receipts as r
          on r.tenant_id = e.tenant_id and r.store_id = e.store_id and r.sequence_number = e.sequence_number
        where e.event_id = o.event_id and e.tenant_id is not distinct from ingest_answer.tenant_id)
      else jsonb_build_object(
        'sequencerId', (signer).sequencer_id,
        'eventId', o.event_id,
        'sequenceNumber', o.sequence_number,
        'sequencedAt', ves_int.timestamp_text((result).sequenced_at),
        'receiptHash', encode(ves_int.receipt_hash(
          ingest_answer.tenant_id, ingest_answer.store_id, o.event_id, o.sequence_number,
          substring(digests from (160 * o.ord - 95)::integer for 32)), 'hex'),
        'signatureAlg', (signer).algorithm,
        'sequencerSignature', case when (signer).algorithm = 'none' then '' end,
        'sequencerKeyVersion', (signer).key_version,
        'receiptSignatureScheme', case when (signer).algorithm = 'ed25519' then 1 end
      ) end order by o.outcome desc, o.ord
    ) filter (where o.outcome <> 'rejected')
  ))
  from outcomes as o;
$$;

comment on function ves_int.ingest_answer(uuid, uuid, uuid[], bytea, ves_store.signers, ves.ingest_result) is
'Answer of an ingest call in the wire form (VES 14.3): rejections by phase, receipts with replays first. An absent sequencerSignature means: not sealed yet.';
