create or replace function ves.verify_audit(tenant_id uuid default null)
returns table (tenant_id uuid, number bigint, finding text)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  with chains as (
    select h.tenant_id from ves_store.audit_heads as h
    union
    select a.tenant_id from ves_store.audit_log as a
  )
  select c.tenant_id, f.number, f.finding
  from chains as c cross join lateral ves_int.check_audit_chain(c.tenant_id) as f
  where verify_audit.tenant_id is null or c.tenant_id = verify_audit.tenant_id
  union all
  select r.tenant_id, r.number, r.finding from ves_int.check_rows(verify_audit.tenant_id) as r
  order by 1, 2, 3;
$$;

comment on function ves.verify_audit(uuid) is
'Recomputes the hash chain of the audit log, of one tenant or of all (nil UUID: actions on the whole system). Then compares the rows of keys, schemas, groups, proofs, commitments, settings and streams with the chain of their changes (ves_store.row_changes; the finding starts with the table). No row: nothing was removed, changed or reordered. What the caller''s own transaction has not committed is not in the chains yet, and a finding. Whoever can write tables can also rewrite a whole chain; keep number and hash of a newest entry (ves.list_audit) elsewhere to notice that.';
