-- Generated from ves.plpython_at_rest.current_key_ids by `make generate`; do not edit.
create or replace function ves_int.current_key_ids(
  tenant_ids uuid[]
)
returns bytea[]
language plpython3u
volatile called on null input parallel restricted cost 10000
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython_at_rest import current_key_ids
from ves.plpython_guard import guard
return guard(plpy, current_key_ids,
  tenant_ids)
$$;

comment on function ves_int.current_key_ids(uuid[]) is
'Ids of the tenants'' current keys, in every mode. Errors: VE510 no usable key ring, VE511 no key.';
