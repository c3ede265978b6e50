-- AAD of a stored compliance proof (VES 16).
create or replace function ves_int.at_rest_compliance_aad(
  tenant_id uuid,
  store_id uuid,
  event_id uuid,
  proof_id uuid,
  policy_hash bytea,
  proof_version integer,
  proof_type text,
  proof_hash bytea
)
returns bytea
language plpython3u
immutable
strict
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves.values" not in GD:
    from ves import plpython_values
    GD["ves.values"] = plpython_values
ves = GD["ves.values"]
ids = (tenant_id, store_id, event_id, proof_id)
return ves.guard(plpy, ves.at_rest_compliance_aad, ids, policy_hash, proof_version, proof_type, proof_hash)
$$;

comment on function ves_int.at_rest_compliance_aad(uuid, uuid, uuid, uuid, bytea, integer, text, bytea) is
'AAD of a stored compliance proof (VES 16).';
