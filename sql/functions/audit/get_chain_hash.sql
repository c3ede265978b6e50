create or replace function ves.get_chain_hash(tenant_id uuid, chain text, number bigint)
returns bytea
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select a.hash from ves_store.audit_log as a
  where get_chain_hash.chain = 'audit' and a.tenant_id = get_chain_hash.tenant_id and a.number = get_chain_hash.number
  union all
  select c.hash from ves_store.row_changes as c
  where get_chain_hash.chain = 'changes' and c.tenant_id = get_chain_hash.tenant_id and c.number = get_chain_hash.number;
$$;

comment on function ves.get_chain_hash(uuid, text, bigint) is
'Hash of an entry of a tenant''s chain, audit or changes (ves.list_chain_heads), by its number; null when there is no such entry.';
