-- The tenant whose turn was last is kept in the session: a row would grow dead versions.
-- Locks nothing.
create or replace function ves_int.next_retry_tenant(consumer text, due_from timestamptz, due_to timestamptz)
returns uuid
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_sort to off
set enable_incremental_sort to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_turns constant jsonb := coalesce(nullif(current_setting('ves.retry_turns', true), '')::jsonb, '{}');
  v_last constant uuid := coalesce(
    v_turns ->> next_retry_tenant.consumer, '00000000-0000-0000-0000-000000000000')::uuid;
  v_seen uuid;
  v_found uuid;
begin
  foreach v_seen in array array(
    select r.tenant_id
    from (
      (
        select t.tenant_id, 1 as round from ves_store.retry_tenants as t
        where t.consumer = next_retry_tenant.consumer and t.tenant_id > v_last
        order by t.tenant_id
        limit 32
      )
      union all
      (
        select t.tenant_id, 2 from ves_store.retry_tenants as t
        where t.consumer = next_retry_tenant.consumer and t.tenant_id <= v_last
        order by t.tenant_id
        limit 32
      )
    ) as r
    order by r.round, r.tenant_id
    limit 32
  ) loop
    select v_seen into v_found
    from pgmq.q_ves_dead_letters as q
    where (q.message ->> 'consumer', q.message ->> 'tenant_id', q.vt)
      >= (next_retry_tenant.consumer, v_seen::text, due_from)
      and (q.message ->> 'consumer', q.message ->> 'tenant_id', q.vt)
      <= (next_retry_tenant.consumer, v_seen::text, due_to)
    order by q.message ->> 'consumer', q.message ->> 'tenant_id', q.vt
    limit 1;
    exit when v_found is not null;
  end loop;
  if v_seen is not null then
    perform set_config(
      'ves.retry_turns', (v_turns || jsonb_build_object(next_retry_tenant.consumer, v_seen))::text, false);
  end if;
  return v_found;
end
$$;

comment on function ves_int.next_retry_tenant(text, timestamptz, timestamptz) is
'The next tenant in turn that has a due dead letter of a consumer: the first of up to 32 after the one whose turn was last in this session; null: none of them, or a consumer of one tenant. The next call goes on behind them.';
