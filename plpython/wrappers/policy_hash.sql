-- Hash of a compliance policy and the JSON text of its parameters (VES 13).
create or replace function ves_int.policy_hash(
  policy_id text,
  policy_params text
)
returns bytea
language plpython3u
immutable
strict
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves" not in GD or "ves.digests" not in GD:
    from ves import digests, plpython
    GD["ves"], GD["ves.digests"] = plpython, digests
return GD["ves"].guard(plpy, GD["ves.digests"].policy_hash, policy_id, policy_params.encode())
$$;

comment on function ves_int.policy_hash(text, text) is
'Hash of a compliance policy and the JSON text of its parameters (VES 13). Errors: VE001.';
