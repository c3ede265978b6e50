create or replace view rest.schemas with (security_barrier) as
select
  s.tenant_id, s.schema_id, s.event_type, s.version, s.schema_json, s.status, s.compatibility, s.description,
  s.created_at, s.updated_at, s.created_by
from ves_store.event_schemas as s
where s.tenant_id = (select ves_int.claimed_tenant('read'));

comment on view rest.schemas is 'Registered schemas of the token''s tenant, every version.';
