-- Volatile: its statement must see what ves.ingest_events has stored in the same call of the door.
create or replace function ves_int.ingest_answer(tenant_id uuid, event_ids uuid[], result ves.ingest_result)
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
  v_answer jsonb;
  v_lists jsonb;
begin
  select
    jsonb_build_object(
      'batchId', gen_random_uuid(),
      'eventsAccepted', count(*) filter (where x.outcome is null),
      'eventsRejected', count(*) filter (where x.outcome = 'rejected'),
      'sequenceStart', result.first_sequence,
      'sequenceEnd', result.last_sequence,
      'headSequence', result.head_sequence
    ),
    jsonb_build_object(
      'rejections', jsonb_agg(
        jsonb_build_object('event_id', g.event_id, 'reason', x.reason, 'message', x.message)
        order by x.phase, g.ord
      ) filter (where x.outcome = 'rejected'),
      'receipts', jsonb_agg(
        case when x.outcome is null then jsonb_strip_nulls(d.receipt) else d.receipt end order by x.outcome, g.ord
      ) filter (where x.outcome is distinct from 'rejected')
    )
  into v_answer, v_lists
  from unnest(event_ids) with ordinality as g (event_id, ord)
  left join jsonb_to_recordset(result.exceptions)
    as x (ord integer, outcome text, phase integer, reason text, message text) on x.ord = g.ord
  left join ves_int.receipt_documents as d
    on d.event_id = g.event_id and d.tenant_id = ingest_answer.tenant_id and x.outcome is distinct from 'rejected';
  -- a list without elements is absent
  return v_answer || (
    select coalesce(jsonb_object_agg(l.key, l.value), '{}') from jsonb_each(v_lists) as l where l.value <> 'null');
end
$$;

comment on function ves_int.ingest_answer(uuid, uuid[], ves.ingest_result) is
'Answer of an ingest call in the wire form (VES 14.3): rejections by phase, receipts with replays first. An absent sequencerSignature means: not sealed yet.';
