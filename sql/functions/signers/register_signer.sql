create or replace function ves.register_signer(
  sequencer_id uuid, key_version integer, algorithm text, public_key bytea, context jsonb default null
)
returns integer
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_signer ves_store.signers;
begin
  if num_nulls(register_signer.sequencer_id, register_signer.key_version, register_signer.algorithm) > 0 then
    perform ves_int.raise_error('missing_field', '{"field": "sequencer_id, key_version, algorithm"}');
  end if;
  if register_signer.algorithm not in ('none', 'ed25519')
    or (register_signer.algorithm = 'none') is distinct from (register_signer.public_key is null)
    or octet_length(register_signer.public_key) <> 32
  then
    perform ves_int.raise_error('invalid_field', '{"field": "algorithm, public_key"}');
  end if;
  insert into ves_store.signers (sequencer_id, key_version, algorithm, public_key)
  values (
    register_signer.sequencer_id, register_signer.key_version, register_signer.algorithm, register_signer.public_key
  )
  on conflict (sequencer_id, key_version, algorithm) do nothing;
  if found then
    perform ves_int.audit(
      'custom:signer_registered', null, 'signer', register_signer.sequencer_id::text,
      jsonb_build_object('key_version', register_signer.key_version, 'algorithm', register_signer.algorithm),
      register_signer.context);
  end if;
  select s.* into v_signer from ves_store.signers as s
  where s.sequencer_id = register_signer.sequencer_id and s.key_version = register_signer.key_version
    and s.algorithm = register_signer.algorithm;
  if v_signer.public_key is distinct from register_signer.public_key then
    perform ves_int.raise_error('signer_key_conflict');
  end if;
  return v_signer.signer_id;
end
$$;

comment on function ves.register_signer(uuid, integer, text, bytea, jsonb) is
'Names a receipt signer; the same values answer the same signer_id. A new one is audited as an action on the whole system. Error VE206: another key under the same id and version (raise the version).';
