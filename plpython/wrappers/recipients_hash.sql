-- recipients_hash of an encrypted payload (VES 8.2 step 6).
create or replace function ves_int.recipients_hash(
  payload_encrypted text
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
return ves.guard(plpy, ves.recipients_hash, payload_encrypted)
$$;

comment on function ves_int.recipients_hash(text) is
'recipients_hash of an encrypted payload (VES 8.2 step 6). Errors: VE002, VE007.';
