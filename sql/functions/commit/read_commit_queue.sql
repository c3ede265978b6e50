create or replace function ves.read_commit_queue(
  vt_seconds integer default 30, max_messages integer default 1000
)
returns table (msg_id bigint, tenant_id uuid, store_id uuid, sequence_from bigint, sequence_to bigint)
language sql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    m.msg_id,
    (m.message ->> 'tenant_id')::uuid,
    (m.message ->> 'store_id')::uuid,
    (m.message ->> 'sequence_from')::bigint,
    (m.message ->> 'sequence_to')::bigint
  from pgmq.read('ves_commit', greatest(vt_seconds, 0), greatest(max_messages, 0)) as m;
$$;

comment on function ves.read_commit_queue(integer, integer) is
'Takes up to max_messages waiting ranges off the queue for vt_seconds; they come back unless finished. At-least-once.';
