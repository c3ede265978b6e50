-- Rows of cursors are written at the end, so that wake-ups of consumers wait for them only briefly.
-- Locks (sql/README.md): rows of projection_checkpoints by stream, then rows of cursors.
create or replace function ves.project_events(
  consumer text, tenant_ids uuid[], store_ids uuid[], max_events integer default 2000
)
returns table (tenant_id uuid, store_id uuid, events integer, rejected integer, error text)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_stream constant text := case project_events.consumer
    when 'projection' then 'ves' when 'legacy_projection' then 'legacy' end;
  v_left integer := max_events;
  v_done record;
  v_cursor record;
  v_done_to bigint[] := array[]::bigint[];
begin
  if v_stream is null then
    perform ves_int.raise_error('invalid_field', '{"field": "consumer"}');
  end if;
  for tenant_id, store_id in
    select s.* from unnest(tenant_ids, store_ids) as s (tenant_id, store_id) order by s.tenant_id, s.store_id
  loop
    events := 0;
    rejected := 0;
    error := null;
    if v_left > 0 then
      begin
        select p.* into v_done from ves_int.project_stream(tenant_id, store_id, v_stream, v_left) as p;
        events := v_done.seen;
        rejected := v_done.rejected;
        v_left := v_left - events;
        v_done_to := v_done_to || v_done.projected_to;
      exception
        when others then
          if sqlstate ~ '^(40|53|57|58|XX)' then
            raise;
          end if;
          error := sqlstate || ' ' || sqlerrm;
          v_done_to := v_done_to || null::bigint;
      end;
    else
      v_done_to := v_done_to || -1::bigint;
    end if;
    return next;
  end loop;
  for v_done in
    select s.tenant_id, s.store_id, v_done_to[s.ordinality] as done_to
    from (
      select g.*, row_number() over (order by g.tenant_id, g.store_id) as ordinality
      from unnest(tenant_ids, store_ids) as g (tenant_id, store_id)
    ) as s
    where v_done_to[s.ordinality] is not null
    order by s.ordinality
  loop
    select c.* into v_cursor from ves_int.lock_cursor(v_done.tenant_id, v_done.store_id, project_events.consumer) as c;
    update ves_store.cursors as c
    set
      done_to = greatest(c.done_to, v_done.done_to), head_sequence = greatest(c.head_sequence, v_done.done_to),
      due_at = case when c.head_sequence > greatest(c.done_to, v_done.done_to) then clock_timestamp() end,
      claimed_until = null
    where c.ctid = v_cursor.place;
  end loop;
end
$$;

comment on function ves.project_events(text, uuid[], uuid[], integer) is
'One step of the projections worker: projects streams that it has claimed (ves.claim_cursors) for consumer projection (VES streams) or legacy_projection, max_events numbers in all. What is left is due at once; a stream that fails, of which error says why, when its claim ends. Errors: VE007.';
