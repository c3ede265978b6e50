-- Locks (sql/README.md): 7.
create or replace function ves.bind_payer_address(
  tenant_id uuid, agent_id uuid, key_id integer, payer_address text, context jsonb default null
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  if coalesce(bind_payer_address.payer_address !~ '^0x[0-9a-fA-F]{40}$', true) then
    perform ves_int.raise_error('invalid_field', '{"field": "payer_address"}');
  end if;
  if not exists (
    select from ves_store.agent_signing_keys as k
    where k.agent_id = bind_payer_address.agent_id and k.key_id = bind_payer_address.key_id
      and k.tenant_id = bind_payer_address.tenant_id and k.key_algorithm in (0, 1, 5)
  ) then
    perform ves_int.raise_error('agent_key_not_found');
  end if;
  insert into ves_store.x402_payer_addresses (tenant_id, agent_id, key_id, payer_address, bound_at)
  values (
    bind_payer_address.tenant_id, bind_payer_address.agent_id, bind_payer_address.key_id,
    lower(bind_payer_address.payer_address), clock_timestamp())
  on conflict do nothing;
  if not found then
    return false;
  end if;
  perform ves_int.audit(
    'custom:payer_address_bound', bind_payer_address.tenant_id, 'agent_key',
    bind_payer_address.agent_id || '/' || bind_payer_address.key_id,
    jsonb_build_object('payer_address', lower(bind_payer_address.payer_address)), bind_payer_address.context);
  return true;
end
$$;

comment on function ves.bind_payer_address(uuid, uuid, integer, text, jsonb) is
'Records that an EVM address lets an agent''s Ed25519 key sign payments from it, which makes them settleable on chain (x402 T2). Whoever calls it has checked the address''s signature over the binding; none is checked here. Whether it is new. Audited. Errors: VE007, VE203, VE912.';
