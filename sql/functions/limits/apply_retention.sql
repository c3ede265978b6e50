-- Locks (sql/README.md): rows of rejection_cuts by tenant, then of settled dead letters skipping locked ones.
create or replace function ves.apply_retention(
  since timestamptz default null, max_rows integer default 10000
)
returns table (rejections integer, api_keys integer, dead_letters integer, next_since timestamptz)
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
  v_most constant integer := least(greatest(coalesce(apply_retention.max_rows, 0), 0), 100000);
begin
  rejections := ves_int.retain_rejections(apply_retention.since, v_most)
    + ves_int.retain_rejected_events(apply_retention.since, v_most);

  -- one key of an agent stays, an active one or the newest: it is what names the agent
  delete from ves_store.api_keys as o
  where o.key_hash = any (array(
    select k.key_hash from ves_store.api_keys as k
    where not k.active
      and k.updated_at < v_now - (select l.max_age from ves_store.limits as l where l.name = 'revoked_api_keys')
      and (k.agent_id is null or exists (
        select from ves_store.api_keys as n
        where n.tenant_id = k.tenant_id and n.agent_id = k.agent_id
          and (n.active or (n.updated_at, n.key_hash) > (k.updated_at, k.key_hash))
      ))
    order by k.updated_at
    limit v_most
  ));
  get diagnostics api_keys = row_count;

  delete from ves_store.dead_letter_events as o
  where o.ctid = any (array(
    select d.ctid from ves_store.dead_letter_events as d
    where d.settled_at < v_now - (select l.max_age from ves_store.limits as l where l.name = 'settled_dead_letters')
    order by d.settled_at
    limit v_most
    for update skip locked
  ));
  get diagnostics dead_letters = row_count;
  -- rejections of transactions that are still open are older than this step when they appear
  next_since := v_now - interval '5 minutes';
  return next;
end
$$;

comment on function ves.apply_retention(timestamptz, integer) is
'One step of the retention worker, for what ves.list_limits gives an age: deletes up to max_rows (at most 100,000) rejections by ingest and as many by projectors that are too old or beyond the newest of a tenant, up to as many API keys that were revoked that long ago, but for the newest of an agent that has no active one, and as many dead letters that were settled that long ago. Only tenants with rejections after since are counted, null: all; next_since is that of the next step, once a step has deleted fewer than max_rows. Answers how many were deleted.';
