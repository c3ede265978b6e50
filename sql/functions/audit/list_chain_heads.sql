create or replace function ves.list_chain_heads(tenant_id uuid default null)
returns table (tenant_id uuid, chain text, number bigint, hash bytea)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select h.tenant_id, 'audit', h.number, h.hash from ves_store.audit_heads as h
  where h.number > 0 and (list_chain_heads.tenant_id is null or h.tenant_id = list_chain_heads.tenant_id)
  union all
  select h.tenant_id, 'changes', h.number, h.hash from ves_store.row_change_heads as h
  where h.number > 0 and (list_chain_heads.tenant_id is null or h.tenant_id = list_chain_heads.tenant_id)
  order by 1, 2;
$$;

comment on function ves.list_chain_heads(uuid) is
'Newest entry of the audit log (chain audit) and of the row changes (chain changes) of a tenant or of all: number and 32-byte hash. Keep them where the database''s operator cannot write; `ves fsck --expect` and ves.get_chain_hash compare.';
