-- A snapshot does not see what transactions write that are not older than the oldest one that was open then.
create or replace function ves.list_heads(tenant_id uuid default null, moved_since bigint default null)
returns table (tenant_id uuid, store_id uuid, head_sequence bigint, seen_to bigint)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    c.tenant_id, c.store_id, c.current_sequence, pg_snapshot_xmin(pg_current_snapshot())::text::bigint
  from ves_store.ves_sequence_counters as c
  where c.tenant_id between coalesce(list_heads.tenant_id, '00000000-0000-0000-0000-000000000000')
      and coalesce(list_heads.tenant_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    and c.current_sequence > 0
    and (list_heads.moved_since is null
      or age(c.xmin) <= age(greatest(list_heads.moved_since, 3)::text::xid8::xid));
$$;

comment on function ves.list_heads(uuid, bigint) is
'Heads of all VES streams of a tenant, or of all tenants, in one snapshot; streams without events are left out. With moved_since, the seen_to of an earlier call, only those that have moved since that call, and some others.';
