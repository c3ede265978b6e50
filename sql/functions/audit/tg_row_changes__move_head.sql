-- Once for all changes of a transaction, for the reason of ves_int.tg_audit_log__move_head.
create or replace function ves_int.tg_row_changes__move_head()
returns trigger
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
declare
  v_before bigint;
begin
  update ves_store.row_change_heads as h set number = new.number, hash = new.hash
  from ves_store.row_change_heads as before
  where h.tenant_id = new.tenant_id and before.tenant_id = h.tenant_id
    and not exists (
      select from ves_store.row_changes as c where c.tenant_id = new.tenant_id and c.number = new.number + 1)
  returning before.number into v_before;
  if found then
    -- both ends are given: the planner takes a range without an end for a third of the history
    insert into ves_store.row_counts as c (tenant_id, table_name, row_count)
    select a.tenant_id, a.table_name, sum(a.added)
    from ves_store.row_changes as a
    where a.tenant_id = new.tenant_id and a.number > v_before and a.number <= new.number
    group by a.tenant_id, a.table_name
    having sum(a.added) <> 0
    on conflict (tenant_id, table_name) do update set row_count = c.row_count + excluded.row_count;
  end if;
  return null;
end
$$;

comment on function ves_int.tg_row_changes__move_head() is
'Makes the newest change of a tenant the head of its chain, and adds what the changes since the head before added to ves_store.row_counts.';
