-- Locks (sql/README.md): the row of projection_mode, then 7; when inline starts or ends, the tables of
-- counters.
create or replace function ves.set_projection_mode(mode text, context jsonb default null)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
declare
  v_before text;
begin
  if coalesce(set_projection_mode.mode not in ('off', 'asynchronous', 'inline'), true) then
    perform ves_int.raise_error('invalid_field', '{"field": "mode"}');
  end if;
  select m.mode into strict v_before from ves_store.projection_mode as m for update;
  if v_before = set_projection_mode.mode then
    return false;
  end if;
  update ves_store.projection_mode as m set mode = set_projection_mode.mode;
  if 'inline' in (v_before, set_projection_mode.mode) then
    perform ves_int.switch_inline_projection();
  end if;
  if set_projection_mode.mode = 'off' then
    delete from ves_store.cursor_keys as c where c.consumer in ('projection', 'legacy_projection');
  elsif v_before = 'off' then
    insert into pgmq.q_ves_commit (vt, message)
    select clock_timestamp(), jsonb_build_object(
      'tenant_id', c.tenant_id, 'store_id', c.store_id, 'sequence_from', 1, 'sequence_to', c.current_sequence,
      'legacy', c.is_legacy)
    from (
      select v.tenant_id, v.store_id, v.current_sequence, false as is_legacy
      from ves_store.ves_sequence_counters as v
      union all
      select l.tenant_id, l.store_id, l.current_sequence, true from ves_store.sequence_counters as l
    ) as c
    where c.current_sequence > 0;
  end if;
  perform ves_int.audit(
    'config_updated', null, 'projection_mode', 'mode',
    jsonb_build_object('before', v_before, 'after', set_projection_mode.mode), set_projection_mode.context);
  return true;
end
$$;

comment on function ves.set_projection_mode(text, jsonb) is
'Says when events are projected, for the whole database (operations 5): off (the default: each event costs about as much again); asynchronous: by the projections worker; inline: in the transaction that appends, as far as a stream is not far behind, and else by the worker. What was appended while it was off is projected when it is on again. Audited; answers whether anything changed. Errors: VE007.';
