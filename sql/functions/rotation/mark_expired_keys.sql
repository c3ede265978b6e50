-- Locks (sql/README.md): 5, skipping locked ones.
create or replace function ves_int.mark_expired_keys(max_keys integer)
returns integer
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
as $$
#variable_conflict use_column
declare
  -- a variable: a volatile function would be a filter over the whole index
  v_now constant timestamptz := clock_timestamp();
  v_key ves_store.agent_signing_keys;
  v_count integer := 0;
begin
  for v_key in
    select k.* from ves_store.agent_signing_keys as k
    where k.status = 'active' and k.valid_to < v_now
    order by k.valid_to
    limit max_keys
    for update skip locked
  loop
    update ves_store.agent_signing_keys as k set status = 'expired'
    where k.agent_id = v_key.agent_id and k.key_id = v_key.key_id and k.tenant_id = v_key.tenant_id;
    if v_key.expires_at is not null then
      perform ves_int.log_key_change(
        'grace_period_ended', v_key.tenant_id, v_key.agent_id, ves_int.key_type(v_key.key_algorithm), v_key.key_id,
        null, '{}', '{"actor": "keys worker", "actor_type": "system"}');
    end if;
    perform ves_int.log_key_change(
      'key_expired', v_key.tenant_id, v_key.agent_id, ves_int.key_type(v_key.key_algorithm), v_key.key_id,
      null, jsonb_build_object('valid_to', v_key.valid_to), '{"actor": "keys worker", "actor_type": "system"}');
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;

comment on function ves_int.mark_expired_keys(integer) is
'Notes in the key log, once a key, that its window is over; how many. Ingest never reads the mark: only the window counts.';
