create or replace function ves.register_agent(
  key_hash text, tenant_id uuid, agent_id uuid, store_ids uuid[] default '{}', can_write boolean default true,
  rate_limit integer default null, details jsonb default null, context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
begin
  perform ves_int.store_api_key(
    register_agent.key_hash, register_agent.tenant_id, register_agent.store_ids, register_agent.agent_id, true,
    register_agent.can_write, false, register_agent.rate_limit
  );
  perform ves_int.audit(
    'custom:agent_registered', register_agent.tenant_id, 'agent', register_agent.agent_id::text,
    register_agent.details, register_agent.context
  );
end
$$;

comment on function ves.register_agent(text, uuid, uuid, uuid[], boolean, integer, jsonb, jsonb) is
'Stores the first API key of an agent that registered itself, in a tenant of its own (http-api 7.1): it may read, and write if told, never administer. Audited as custom:agent_registered with the details. Errors: VE111 exists, VE007, VE912 too many.';
