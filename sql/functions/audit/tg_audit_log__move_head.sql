-- At the commit and once: the next update of a row walks all versions that its transaction left of it, so
-- many entries would cost their square. As the owner: a deferred trigger runs as who commits.
create or replace function ves_int.tg_audit_log__move_head()
returns trigger
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
begin
  update ves_store.audit_heads as h set number = new.number, hash = new.hash
  where h.tenant_id = new.tenant_id
    and not exists (
      select from ves_store.audit_log as a where a.tenant_id = new.tenant_id and a.number = new.number + 1);
  return null;
end
$$;

comment on function ves_int.tg_audit_log__move_head() is
'Makes the newest entry of a tenant''s audit log the head of its chain.';
