-- Never waits for a stream: while another session holds its lock, the worker takes the next stream.
-- Locks (sql/README.md): 1, skipping streams whose lock is taken.
create or replace function ves.commit_due(tenant_id uuid, store_id uuid)
returns setof ves.commitment
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_policy ves.commit_policies;
  v_head bigint;
  v_done_to bigint;
  v_due_at timestamptz;
  v_place tid;
begin
  select p.* into v_policy from ves.commit_policies as p
  where p.tenant_id = commit_due.tenant_id and p.store_id = commit_due.store_id;
  if v_policy.mode is distinct from 'automatic' then
    delete from ves_store.cursor_keys as c
    where c.tenant_id = commit_due.tenant_id and c.store_id = commit_due.store_id and c.consumer = 'commit';
    return;
  end if;
  if not pg_try_advisory_xact_lock(ves_int.stream_lock_key(commit_due.tenant_id, commit_due.store_id)) then
    v_due_at := clock_timestamp() + interval '1 second';
    v_place := (select c.place from ves_int.lock_cursor(commit_due.tenant_id, commit_due.store_id, 'commit') as c);
    update ves_store.cursors as c set due_at = v_due_at, claimed_until = v_due_at
    where c.ctid = v_place and c.due_at is not null;
    return;
  end if;
  return query select n.* from ves.commit_next(commit_due.tenant_id, commit_due.store_id, v_policy.max_events) as n;
  v_done_to := ves_int.committed_to(commit_due.tenant_id, commit_due.store_id);
  select c.current_sequence into strict v_head from ves_store.ves_sequence_counters as c
  where c.tenant_id = commit_due.tenant_id and c.store_id = commit_due.store_id;
  if v_done_to < v_head then
    v_due_at := clock_timestamp();
    if v_head - v_done_to < v_policy.max_events then
      select e.sequenced_at + v_policy.max_age into v_due_at from ves_store.ves_events as e
      where e.tenant_id = commit_due.tenant_id and e.store_id = commit_due.store_id
        and e.sequence_number = v_done_to + 1;
    end if;
  end if;
  v_place := (select c.place from ves_int.lock_cursor(commit_due.tenant_id, commit_due.store_id, 'commit') as c);
  update ves_store.cursors as c
  set
    claimed_until = null, done_to = v_done_to, head_sequence = greatest(c.head_sequence, v_head),
    due_at = case when v_done_to < greatest(c.head_sequence, v_head) then greatest(v_due_at, clock_timestamp()) end
  where c.ctid = v_place;
end
$$;

comment on function ves.commit_due(uuid, uuid) is
'One step of the commit worker: commits the next range of a claimed stream as its policy says (ves.set_commit_policy) and sets when the stream is due again; no row when another session holds the stream, or nothing is left. Errors: those of ves.create_commitment.';
