-- A caller can grant, revoke or change only rights that it has itself (http-api 7.3).
create or replace function ves_int.check_caller_covers(
  caller jsonb, store_ids uuid[], can_read boolean, can_write boolean, can_admin boolean, rate_limit integer
)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_own record;
  v_missing text;
begin
  if check_caller_covers.caller is null then
    return;
  end if;
  select c.* into v_own
  from jsonb_to_record(check_caller_covers.caller) as c (
    store_ids uuid[], can_read boolean, can_write boolean, can_admin boolean, rate_limit integer
  );
  if v_own.can_admin is not true then
    v_missing := case
      when check_caller_covers.can_read and v_own.can_read is not true then 'read'
      when check_caller_covers.can_write and v_own.can_write is not true then 'write'
      when check_caller_covers.can_admin then 'admin'
    end;
    if v_missing is not null then
      perform ves_int.raise_error(
        'insufficient_permissions', jsonb_build_object('permission', v_missing),
        initcap(v_missing) || ' permission required');
    end if;
  end if;
  -- no stores means all stores
  if cardinality(v_own.store_ids) > 0 and not (
    cardinality(check_caller_covers.store_ids) > 0 and check_caller_covers.store_ids <@ v_own.store_ids
  ) then
    perform ves_int.raise_error('store_access_denied');
  end if;
  if v_own.can_admin is not true and v_own.rate_limit is not null
    and coalesce(check_caller_covers.rate_limit > v_own.rate_limit, true)
  then
    perform ves_int.raise_error(
      'insufficient_permissions', '{}', 'The rate limit exceeds that of the credential');
  end if;
end
$$;

comment on function ves_int.check_caller_covers(jsonb, uuid[], boolean, boolean, boolean, integer) is
'Refuses rights of an API key that exceed those of the caller {store_ids, can_read, can_write, can_admin, rate_limit}: an administrator covers every right and limit in its stores, everybody else the own ones. A null caller is an operator. Errors: VE105, VE107.';
