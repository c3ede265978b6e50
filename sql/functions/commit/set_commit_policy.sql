create or replace function ves.set_commit_policy(
  tenant_id uuid, store_id uuid, mode text, max_events integer default null, max_age interval default null,
  context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set intervalstyle to 'postgres'
set plan_cache_mode to force_custom_plan
as $$
#variable_conflict use_column
declare
  v_field text;
  v_max_events integer;
  v_max_age interval;
begin
  v_field := case
    when num_nulls(set_commit_policy.tenant_id, set_commit_policy.store_id) = 1 then 'storeId'
    when coalesce(set_commit_policy.mode not in ('manual', 'automatic'), true) then 'mode'
    when set_commit_policy.max_events not between 1 and 1048576 then 'maxEvents'
    when set_commit_policy.max_age not between interval '0' and interval '366 days' then 'maxAge'
  end;
  if v_field is not null then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', v_field));
  end if;
  if set_commit_policy.tenant_id is null then
    update ves_store.commit_default as d
    set
      mode = set_commit_policy.mode, max_events = coalesce(set_commit_policy.max_events, d.max_events),
      max_age = coalesce(set_commit_policy.max_age, d.max_age)
    returning d.max_events, d.max_age into strict v_max_events, v_max_age;
  else
    insert into ves_store.commit_policies as p (tenant_id, store_id, mode, max_events, max_age)
    select
      set_commit_policy.tenant_id, set_commit_policy.store_id, set_commit_policy.mode,
      coalesce(set_commit_policy.max_events, d.max_events), coalesce(set_commit_policy.max_age, d.max_age)
    from ves_store.commit_default as d
    on conflict (tenant_id, store_id) do update set
      mode = excluded.mode, max_events = excluded.max_events, max_age = excluded.max_age
    returning p.max_events, p.max_age into strict v_max_events, v_max_age;
  end if;
  if set_commit_policy.mode = 'automatic' then
    -- for events that are not committed yet: a message wakes the worker; the two never wait for each other
    insert into pgmq.q_ves_commit (vt, message)
    select clock_timestamp(), jsonb_build_object(
      'tenant_id', c.tenant_id, 'store_id', c.store_id, 'sequence_from', o.committed_to + 1,
      'sequence_to', c.current_sequence)
    from ves_store.ves_sequence_counters as c
    cross join lateral (select ves_int.committed_to(c.tenant_id, c.store_id) as committed_to) as o
    where (
      set_commit_policy.tenant_id is null
      or (c.tenant_id = set_commit_policy.tenant_id and c.store_id = set_commit_policy.store_id)
    ) and c.current_sequence > o.committed_to;
  end if;
  perform ves_int.audit(
    'custom:commit_policy_set', set_commit_policy.tenant_id, 'commit_policy', set_commit_policy.store_id::text,
    jsonb_build_object(
      'mode', set_commit_policy.mode, 'max_events', v_max_events,
      'max_age_seconds', extract(epoch from v_max_age)),
    set_commit_policy.context);
end
$$;

comment on function ves.set_commit_policy(uuid, uuid, text, integer, interval, jsonb) is
'Says who commits a stream (VES 10.3); tenant_id and store_id null: every stream without a policy of its own (manual at first). manual: only who asks (ves.commit_next, ves.create_commitment). automatic: the commit worker as well, as soon as max_events wait (at most so many in one commitment) or one has waited max_age; null takes the default''s value (1024 and 10 seconds at first). Errors: VE007.';
