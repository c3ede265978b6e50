create or replace function ves_int.committed_to(tenant_id uuid, store_id uuid)
returns bigint
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select coalesce((
    select c.sequence_end from ves_store.ves_commitments as c
    where c.tenant_id = committed_to.tenant_id and c.store_id = committed_to.store_id
    order by c.sequence_start desc limit 1
  ), 0);
$$;

comment on function ves_int.committed_to(uuid, uuid) is 'Last committed number of a stream; 0 when there is none.';
