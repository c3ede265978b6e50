-- Functions with a pinned search_path are never inlined and cost microseconds a call: what is the same for
-- the whole batch is computed once, and the receipt hash is written out (VES 11).
create or replace function ves_int.ingest_answer(
  tenant_id uuid, store_id uuid, event_ids uuid[], digests bytea, signer ves_store.signers,
  result ves.ingest_result
)
returns jsonb
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_prefix constant bytea := 'VES_RECEIPT_V1'::bytea || uuid_send(tenant_id) || uuid_send(store_id);
  v_sequenced_at constant text := ves_int.timestamp_text(result.sequenced_at);
  v_common constant jsonb := jsonb_strip_nulls(jsonb_build_object(
    'sequencerId', signer.sequencer_id,
    'sequencedAt', v_sequenced_at,
    'signatureAlg', signer.algorithm,
    'sequencerSignature', case when signer.algorithm = 'none' then '' end,
    'sequencerKeyVersion', signer.key_version,
    'receiptSignatureScheme', case when signer.algorithm = 'ed25519' then 1 end
  ));
  v_answer jsonb;
  v_replayed jsonb;
  v_accepted jsonb;
  v_rejections jsonb;
begin
  if result.exceptions is not null then
    select
      jsonb_agg(
        jsonb_build_object('event_id', event_ids[x.ord], 'reason', x.reason, 'message', x.message) order by x.phase, x.ord
      ) filter (where x.outcome = 'rejected'),
      jsonb_agg(d.receipt order by x.ord) filter (where x.outcome = 'replayed')
    into v_rejections, v_replayed
    from jsonb_to_recordset(result.exceptions) as x (ord integer, outcome text, phase integer, reason text, message text)
    left join ves_int.receipt_documents as d
      on x.outcome = 'replayed' and d.event_id = event_ids[x.ord] and d.tenant_id = ingest_answer.tenant_id;
  end if;
  select jsonb_agg(v_common || jsonb_build_object(
    'eventId', a.event_id,
    'sequenceNumber', a.sequence_number,
    'receiptHash', encode(sha256(
      v_prefix || uuid_send(a.event_id) || int8send(a.sequence_number)
      || substring(digests from (160 * a.ord - 95)::integer for 32)), 'hex')
  ) order by a.ord)
  into v_accepted
  from (
    select g.ord, g.event_id, result.first_sequence + row_number() over (order by g.ord) - 1 as sequence_number
    from unnest(event_ids) with ordinality as g (event_id, ord)
    where g.ord not in (
      select (x ->> 'ord')::bigint from jsonb_array_elements(coalesce(result.exceptions, '[]')) as x
    )
  ) as a;
  v_answer := jsonb_build_object(
    'batchId', gen_random_uuid(),
    'eventsAccepted', coalesce(jsonb_array_length(v_accepted), 0),
    'eventsRejected', coalesce(jsonb_array_length(v_rejections), 0),
    'sequenceStart', result.first_sequence,
    'sequenceEnd', result.last_sequence,
    'headSequence', result.head_sequence
  );
  if v_rejections is not null then
    v_answer := v_answer || jsonb_build_object('rejections', v_rejections);
  end if;
  if v_replayed is not null or v_accepted is not null then
    v_answer := v_answer || jsonb_build_object(
      'receipts', coalesce(v_replayed, jsonb_build_array()) || coalesce(v_accepted, jsonb_build_array()));
  end if;
  return v_answer;
end
$$;

comment on function ves_int.ingest_answer(uuid, uuid, uuid[], bytea, ves_store.signers, ves.ingest_result) is
'Answer of an ingest call in the wire form (VES 14.3): rejections by phase, receipts with replays first. An absent sequencerSignature means: not sealed yet.';
