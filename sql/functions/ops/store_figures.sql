-- Streams of both kinds by store. A store may have a legacy head, a VES head or both.
create or replace function ves_int.store_figures(tenant_id uuid)
returns table (
  tenant_id uuid, store_id uuid, head_sequence bigint, ves_head_sequence bigint, updated_at timestamptz,
  projected_sequence bigint
)
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select
    coalesce(v.tenant_id, l.tenant_id), coalesce(v.store_id, l.store_id), coalesce(l.current_sequence, 0),
    coalesce(v.current_sequence, 0), greatest(v.updated_at, l.updated_at),
    coalesce((
      select min(c.last_projected_sequence) from ves_store.projection_checkpoints as c
      where c.tenant_id = l.tenant_id and c.store_id = l.store_id and c.stream = 'legacy' and c.is_live
    ), 0)
  from (select * from ves_store.ves_sequence_counters as c
    where c.tenant_id between coalesce(store_figures.tenant_id, '00000000-0000-0000-0000-000000000000')
      and coalesce(store_figures.tenant_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')) as v
  full join (select * from ves_store.sequence_counters as c
    where c.tenant_id between coalesce(store_figures.tenant_id, '00000000-0000-0000-0000-000000000000')
      and coalesce(store_figures.tenant_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')) as l
    on l.tenant_id = v.tenant_id and l.store_id = v.store_id;
$$;

comment on function ves_int.store_figures(uuid) is
'Each store of a tenant (null: of all) with the heads of its legacy and VES streams and its last change; projected_sequence: how far every projector has come in the legacy stream.';
