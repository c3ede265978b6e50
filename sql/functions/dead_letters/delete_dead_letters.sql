-- Messages first, as who claims them locks them; a retry that was scheduled meanwhile is waited for at its
-- letter, and has a new message then.
-- Locks (sql/README.md): 4.
create or replace function ves_int.delete_dead_letters(tenant_id uuid, consumer text)
returns bigint
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_letters bigint;
begin
  delete from pgmq.q_ves_dead_letters as q where q.message ->> 'consumer' = delete_dead_letters.consumer;
  -- stream by stream: a plan by the tenant would pass the letters of its other consumers
  delete from ves_store.dead_letter_events as d
  where d.ctid = any (array(
    select l.place
    from ves_store.ves_sequence_counters as s
    cross join lateral (
      select o.ctid as place from ves_store.dead_letter_events as o
      where o.store_id = s.store_id and o.tenant_id = s.tenant_id and o.consumer = delete_dead_letters.consumer
        and not o.legacy
      order by o.sequence_number
      for update
    ) as l
    where s.tenant_id = delete_dead_letters.tenant_id
  ));
  get diagnostics v_letters = row_count;
  if v_letters > 0 then
    delete from pgmq.q_ves_dead_letters as q where q.message ->> 'consumer' = delete_dead_letters.consumer;
    delete from ves_store.dead_letter_counts as d
    where d.ctid = any (array(
      select c.place
      from ves_store.ves_sequence_counters as s
      cross join lateral (
        select o.ctid as place from ves_store.dead_letter_counts as o
        where o.tenant_id = s.tenant_id and o.store_id = s.store_id and o.consumer = delete_dead_letters.consumer
          and not o.legacy
        order by o.count_id
        for update
      ) as c
      where s.tenant_id = delete_dead_letters.tenant_id
    ));
  end if;
  return v_letters;
end
$$;

comment on function ves_int.delete_dead_letters(uuid, text) is
'Deletes all dead letters of a consumer of VES streams that is gone, with their messages; how many. Nobody may add any meanwhile.';
