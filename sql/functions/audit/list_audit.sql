create or replace function ves.list_audit(
  tenant_id uuid default null, action text default null, actor text default null,
  resource_type text default null, resource_id text default null, from_time timestamptz default null,
  to_time timestamptz default null, success boolean default null, after_tenant uuid default null,
  after_number bigint default null, max_rows integer default 100, newest_first boolean default false
)
returns setof ves.audit_entry
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
declare
  v_backwards boolean := coalesce(list_audit.newest_first, false);
  v_after_tenant uuid := coalesce(list_audit.after_tenant, list_audit.tenant_id);
begin
  if list_audit.max_rows is null or list_audit.max_rows not between 1 and 1000 then
    perform ves_int.raise_error('invalid_field', '{"field": "limit"}');
  end if;
  if (list_audit.after_number is null) <> (v_after_tenant is null) and list_audit.tenant_id is null then
    perform ves_int.raise_error('invalid_field', '{"field": "after_tenant"}');
  end if;
  -- Planned for these values: the filters that are not used vanish and the primary key gives the order.
  return query execute format(
    $q$select
      a.tenant_id, a.number, a.id, a.timestamp, a.action, a.actor, a.actor_type, a.database_role, a.resource_type,
      a.resource_id, a.request_id, a.ip_address, a.user_agent, a.details, a.success, a.error_message,
      a.previous_hash, a.hash
    from ves_store.audit_log as a
    where ($1 is null or a.tenant_id = $1) and ($2 is null or a.action = $2) and ($3 is null or a.actor = $3)
      and ($4 is null or a.resource_type = $4) and ($5 is null or a.resource_id = $5)
      and ($6 is null or a.timestamp >= $6) and ($7 is null or a.timestamp < $7)
      and ($8 is null or a.success = $8) and ($10 is null or (a.tenant_id, a.number) %s ($9, $10))
    order by a.tenant_id %s, a.number %2$s
    limit $11$q$,
    case when v_backwards then '<' else '>' end, case when v_backwards then 'desc' else 'asc' end)
  using list_audit.tenant_id, list_audit.action, list_audit.actor, list_audit.resource_type, list_audit.resource_id,
    list_audit.from_time, list_audit.to_time, list_audit.success, v_after_tenant, list_audit.after_number,
    list_audit.max_rows;
end
$$;

comment on function ves.list_audit(
  uuid, text, text, text, text, timestamptz, timestamptz, boolean, uuid, bigint, integer, boolean
) is
'Entries of the audit log in the order of tenant and number, or the other way round; from_time inclusive, to_time exclusive; every filter null means any. At most max_rows (1 to 1000); the next page starts after the tenant_id and number of the last row. Numbers have no gaps, so whoever follows them misses nothing. Errors: VE007.';
