-- Ids of current keys.
create or replace function ves_int.current_key_ids(
  tenant_ids uuid[]
)
returns bytea[]
language plpython3u
stable
called on null input
parallel restricted
cost 10000
set search_path to pg_catalog, pg_temp
as $$
if "ves.at_rest" not in GD:
    from ves import plpython_at_rest
    GD["ves.at_rest"] = plpython_at_rest
ves = GD["ves.at_rest"]
return ves.guard(plpy, ves.current_key_ids, tenant_ids)
$$;

comment on function ves_int.current_key_ids(uuid[]) is
'Ids of the tenants'' current keys. Errors: VE510 no usable key ring, VE511 no key.';
