create or replace function ves_int.legacy_ingest_answer(event_ids uuid[], result ves.ingest_result)
returns jsonb
language sql
volatile
set search_path to pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'batch_id', gen_random_uuid(),
    'events_accepted', coalesce(result.last_sequence - result.first_sequence + 1, 0),
    'events_rejected', coalesce(jsonb_array_length(r.rejections), 0),
    'assigned_sequence_start', result.first_sequence,
    'assigned_sequence_end', result.last_sequence,
    'head_sequence', coalesce(result.head_sequence, 0)
  ) || case when r.rejections is null then '{}' else jsonb_build_object('rejections', r.rejections) end
  from (
    select jsonb_agg(jsonb_build_object(
      'event_id', event_ids[x.ord], 'reason', x.reason, 'message', x.message
    ) order by x.phase, x.ord) as rejections
    from jsonb_to_recordset(result.exceptions) as x (ord integer, phase integer, reason text, message text)
  ) as r;
$$;

comment on function ves_int.legacy_ingest_answer(uuid[], ves.ingest_result) is
'The JSON that POST /api/v1/events/ingest answers (VES 17.2).';
