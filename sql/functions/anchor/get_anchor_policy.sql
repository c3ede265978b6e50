create or replace function ves.get_anchor_policy()
returns table (anchors text[], required integer)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select p.anchors, p.required from ves_store.anchor_policy as p;
$$;

comment on function ves.get_anchor_policy() is
'Which anchors count, and how many of them must have a commitment (ves.set_anchor_policy).';
