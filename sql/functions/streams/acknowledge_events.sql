-- Locks (sql/README.md): the row of the agent, after which the function takes none.
create or replace function ves.acknowledge_events(
  tenant_id uuid, store_id uuid, agent_id uuid, done_to bigint
)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_head constant bigint := ves_int.sequenced_to(acknowledge_events.tenant_id, acknowledge_events.store_id);
  v_done_to bigint;
begin
  perform ves_int.require_fields(jsonb_build_object('tenantId', tenant_id, 'storeId', store_id, 'agentId', agent_id));
  if coalesce(acknowledge_events.done_to not between 0 and v_head, true) then
    perform ves_int.raise_error('cursor_beyond_head', jsonb_build_object('head_sequence', v_head));
  end if;
  insert into ves_store.agent_sync_state as s (tenant_id, store_id, agent_id, last_pulled_sequence, last_sync_at)
  values (
    acknowledge_events.tenant_id, acknowledge_events.store_id, acknowledge_events.agent_id,
    acknowledge_events.done_to, clock_timestamp()
  )
  on conflict (tenant_id, agent_id, store_id) do update set
    last_pulled_sequence = greatest(s.last_pulled_sequence, excluded.last_pulled_sequence),
    last_sync_at = excluded.last_sync_at
  returning s.last_pulled_sequence into v_done_to;
  return v_done_to;
end
$$;

comment on function ves.acknowledge_events(uuid, uuid, uuid, bigint) is
'Records that an agent has processed a VES stream up to a number; an older acknowledgement changes only the time. Answers the number that counts (grpc-api 3.4). Errors: VE405 beyond the stream''s head.';
