-- Rows are claimed with skip locked and every step looks at the state that it finds, so any number of workers
-- may run and any may die: what is not committed is found again. Audit entries come last, because they lock a
-- tenant's chain.
create or replace function ves.apply_due_rotations(max_rotations integer default 100)
returns table (completed integer, in_progress integer, failed integer, cancelled integer, expired integer)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_most constant integer := least(greatest(coalesce(max_rotations, 0), 0), 10000);
  v_taken integer := 0;
  v_due record;
  v_done jsonb;
  v_counts jsonb := '{}'::jsonb;
  v_entries jsonb := '[]'::jsonb;
  v_entry jsonb;
begin
  perform ves_int.check_keys(v_now, 10 * v_most);

  for v_due in
    select r.rotation_id, r.tenant_id, r.agent_id, r.reason
    from ves_int.due_rotations(v_now, v_most) as d
    join ves_store.scheduled_key_rotations as r on r.rotation_id = d.rotation_id and r.tenant_id = d.tenant_id
  loop
    exit when v_taken >= v_most;
    v_done := ves_int.apply_rotation(v_due.rotation_id, v_due.tenant_id);
    continue when v_done is null;
    v_taken := v_taken + 1;
    v_counts := v_counts || jsonb_build_object(
      v_done ->> 'outcome', coalesce((v_counts ->> (v_done ->> 'outcome'))::integer, 0) + 1);
    if v_done ? 'key' then
      v_entries := v_entries || jsonb_build_object(
        'tenant_id', v_due.tenant_id, 'name', ves_int.key_name(v_due.agent_id, (v_done ->> 'key')::integer),
        'details', v_done -> 'details' || jsonb_build_object('reason', v_due.reason));
    end if;
  end loop;
  expired := ves_int.mark_expired_keys(v_most);

  for v_entry in select e.value from jsonb_array_elements(v_entries) as e order by e.value ->> 'tenant_id' loop
    perform ves_int.audit(
      'agent_key_rotated', (v_entry ->> 'tenant_id')::uuid, 'agent_key', v_entry ->> 'name', v_entry -> 'details',
      '{"actor": "keys worker", "actor_type": "database"}');
  end loop;
  completed := coalesce((v_counts ->> 'completed')::integer, 0);
  in_progress := coalesce((v_counts ->> 'in_progress')::integer, 0);
  failed := coalesce((v_counts ->> 'failed')::integer, 0);
  cancelled := coalesce((v_counts ->> 'cancelled')::integer, 0);
  return next;
end
$$;

comment on function ves.apply_due_rotations(integer) is
'One step of the keys worker: makes the rotations that policies ask for, does up to max_rotations (at most 10,000) that are due, of all tenants in turns, passing locked ones, and marks keys whose window is over. Answers how many ended how. It never makes a key: a due key hands over to one that the agent registered, or is retired and the rotation stays in_progress until the agent registers one.';
