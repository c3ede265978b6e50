-- Generated from ves.digests.at_rest_compliance_aad by `make generate`; do not edit.
create or replace function ves_int.at_rest_compliance_aad(
  tenant_id uuid,
  store_id uuid,
  event_id uuid,
  proof_id uuid,
  policy_digest bytea,
  proof_version bigint,
  proof_type text,
  proof_hash bytea
)
returns bytea
language plpython3u
immutable strict parallel safe cost 100
set search_path to pg_catalog, pg_temp
as $$
from uuid import UUID
from ves.digests import at_rest_compliance_aad
from ves.plpython_guard import guard
return guard(plpy, at_rest_compliance_aad,
  UUID(tenant_id), UUID(store_id), UUID(event_id), UUID(proof_id), policy_digest, proof_version, proof_type, proof_hash)
$$;

comment on function ves_int.at_rest_compliance_aad(uuid, uuid, uuid, uuid, bytea, bigint, text, bytea) is
'AAD of a stored compliance proof (VES 16).';
