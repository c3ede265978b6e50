-- Volatile: its statements must see what ves.ingest_events has stored in the same call of the door. Accepted
-- events are read by their range of numbers, which is in their order: half the cost of a look-up for each.
create or replace function ves_int.ingest_answer(
  tenant_id uuid, store_id uuid, event_ids uuid[], result ves.ingest_result
)
returns jsonb
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_accepted jsonb;
  v_replayed jsonb;
  v_rejections jsonb;
  v_answer jsonb;
begin
  select jsonb_agg(jsonb_strip_nulls(d.receipt) order by d.sequence_number) into v_accepted
  from ves_int.receipt_documents as d
  where d.tenant_id = ingest_answer.tenant_id and d.store_id = ingest_answer.store_id
    and d.sequence_number between result.first_sequence and result.last_sequence;
  select
    jsonb_agg(
      jsonb_build_object('event_id', event_ids[x.ord], 'reason', x.reason, 'message', x.message) order by x.phase, x.ord
    ) filter (where x.outcome = 'rejected'),
    jsonb_agg((
      select jsonb_strip_nulls(d.receipt) from ves_int.receipt_documents as d
      where d.event_id = event_ids[x.ord] and d.tenant_id is not distinct from ingest_answer.tenant_id
      limit 1
    ) order by x.ord) filter (where x.outcome = 'replayed')
  into v_rejections, v_replayed
  from jsonb_to_recordset(result.exceptions) as x (ord integer, outcome text, phase integer, reason text, message text);
  v_answer := jsonb_build_object(
    'batchId', gen_random_uuid(),
    'eventsAccepted', coalesce(jsonb_array_length(v_accepted), 0),
    'eventsRejected', coalesce(jsonb_array_length(v_rejections), 0),
    'sequenceStart', result.first_sequence,
    'sequenceEnd', result.last_sequence,
    'headSequence', result.head_sequence,
    'receipts', coalesce(v_replayed || v_accepted, v_replayed, v_accepted)
  );
  if v_rejections is not null then
    v_answer := v_answer || jsonb_build_object('rejections', v_rejections);
  end if;
  return case when num_nonnulls(v_replayed, v_accepted) = 0 then v_answer - 'receipts' else v_answer end;
end
$$;

comment on function ves_int.ingest_answer(uuid, uuid, uuid[], ves.ingest_result) is
'Answer of an ingest call in the wire form (VES 14.3): rejections by phase, receipts with replays first. An absent sequencerSignature means: not signed yet.';
