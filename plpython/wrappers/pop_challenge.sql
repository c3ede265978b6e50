-- Proof-of-possession challenge that the key owner signs at registration (VES 6.4).
create or replace function ves_int.pop_challenge(
  public_key bytea
)
returns bytea
language plpython3u
immutable
strict
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves.digests" not in GD:
    from ves import digests
    GD["ves.digests"] = digests
return GD["ves.digests"].pop_challenge(public_key)
$$;

comment on function ves_int.pop_challenge(bytea) is
'Proof-of-possession challenge that the key owner signs at registration (VES 6.4), over the Ed25519 key, the ML-DSA-65 key, or the first followed by the second.';
