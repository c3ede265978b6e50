create or replace function ves.register_agent_key(
  tenant_id uuid, agent_id uuid, key_id integer, public_key bytea,
  key_algorithm smallint default 1, public_key_bundle bytea default null,
  valid_from timestamptz default null, valid_to timestamptz default null
)
returns void
language plpgsql
volatile
security definer
set search_path to ''
as $$
#variable_conflict use_column
begin
  if octet_length(register_agent_key.public_key) is distinct from 32 then
    perform ves_int.raise_error('invalid_public_key', '{"field": "publicKey"}');
  end if;
  if register_agent_key.key_algorithm not between 0 and 6 then
    perform ves_int.raise_error('invalid_field', '{"field": "keyAlgorithm"}');
  end if;
  if register_agent_key.key_algorithm in (0, 1) and (select s.mode from ves_store.schema_state as s) = 'full' then
    if not ves_int.is_acceptable_ed25519_key(register_agent_key.public_key) then
      perform ves_int.raise_error('invalid_public_key', '{"field": "publicKey"}');
    end if;
  end if;
  if register_agent_key.valid_from > register_agent_key.valid_to then
    perform ves_int.raise_error('invalid_field', '{"field": "validTo"}');
  end if;
  insert into ves_store.agent_signing_keys (
    tenant_id, agent_id, key_id, public_key, key_algorithm, public_key_bundle, valid_from, valid_to
  )
  values (
    register_agent_key.tenant_id, register_agent_key.agent_id, register_agent_key.key_id,
    register_agent_key.public_key, case when register_agent_key.key_algorithm = 0 then 1 else register_agent_key.key_algorithm end,
    register_agent_key.public_key_bundle, register_agent_key.valid_from, register_agent_key.valid_to
  )
  on conflict (agent_id, key_id, tenant_id) do nothing;
  if not found then
    perform ves_int.raise_error('agent_key_exists');
  end if;
end
$$;

comment on function ves.register_agent_key(uuid, uuid, integer, bytea, smallint, bytea, timestamptz, timestamptz) is
'Registers an agent''s public key (VES 6.2). key_id is the unsigned number by bit pattern. An Ed25519 key must be a canonical point of the prime-order group (checked here in full mode, by the API in any). Errors: VE301 the key number is taken, VE201, VE007.';
