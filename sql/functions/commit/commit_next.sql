-- Locks (sql/README.md): 1.
create or replace function ves.commit_next(tenant_id uuid, store_id uuid, max_events integer default 1024)
returns setof ves.commitment
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_start bigint;
  v_head bigint;
begin
  -- The lock comes before the look: a racer waits here and then sees the range as committed.
  perform pg_advisory_xact_lock(ves_int.stream_lock_key(commit_next.tenant_id, commit_next.store_id));
  v_start := ves_int.committed_to(commit_next.tenant_id, commit_next.store_id) + 1;
  v_head := ves_int.sequenced_to(commit_next.tenant_id, commit_next.store_id);
  if v_head >= v_start then
    return next ves.create_commitment(
      commit_next.tenant_id, commit_next.store_id, v_start, least(v_head, v_start + greatest(max_events, 1) - 1));
  end if;
end
$$;

comment on function ves.commit_next(uuid, uuid, integer) is
'Commits the next uncommitted range, at most max_events (default 1024) events; no row when there is nothing to commit.';
