-- The checks of a key that need no cryptography; the same in full and core mode.
create or replace function ves_int.check_agent_key(
  key_algorithm integer, public_key bytea, public_key_bundle bytea, valid_from timestamptz,
  valid_to timestamptz
)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_part record;
  v_key bytea;
begin
  if key_algorithm is null or key_algorithm not between 0 and 6 then
    perform ves_int.raise_error('invalid_field', '{"field": "keyAlgorithm"}', 'keyAlgorithm is not known');
  end if;
  if octet_length(public_key) is distinct from 32 then
    perform ves_int.raise_error('invalid_public_key', '{"field": "publicKey"}', 'publicKey does not have 32 bytes');
  end if;
  if octet_length(public_key_bundle) > 65536 then
    perform ves_int.raise_error('invalid_public_key', '{"field": "publicKeyBundle"}', 'publicKeyBundle is too large');
  end if;
  for v_part in select * from (values
    ('ed25519_public_key', 'ed25519PublicKey', 32, '{}'::integer[], '{0,1,5}'::integer[]),
    ('ml_dsa_65_public_key', 'mlDsa65PublicKey', 1952, '{3,5}', '{}'),
    ('x25519_public_key', 'x25519PublicKey', 32, '{}', '{2,6}'),
    ('ml_kem_768_public_key', 'mlKem768PublicKey', 1184, '{4,6}', '{}')
  ) as p (member, field, length, needed_by, same_for)
  loop
    v_key := ves_int.key_bundle_part(public_key_bundle, v_part.member);
    if (v_key is null and key_algorithm = any(v_part.needed_by))
      or octet_length(v_key) <> v_part.length
      or (key_algorithm = any(v_part.same_for) and v_key <> public_key)
    then
      perform ves_int.raise_error(
        'invalid_public_key', jsonb_build_object('field', 'publicKeyBundle.' || v_part.field),
        format('publicKeyBundle.%s is missing, has not %s bytes, or differs from publicKey', v_part.field, v_part.length));
    end if;
  end loop;
  if not isfinite(valid_from) or not isfinite(valid_to) then
    perform ves_int.raise_error('invalid_field', '{"field": "validFrom"}', 'An open end of the window is null');
  end if;
  if valid_from > valid_to then
    perform ves_int.raise_error('invalid_field', '{"field": "validTo"}', 'validTo is before validFrom');
  end if;
end
$$;

comment on function ves_int.check_agent_key(integer, bytea, bytea, timestamptz, timestamptz) is
'Raises VE007 or VE201 unless algorithm, lengths, bundle and window of a key fit together (VES 6.3).';
