create or replace function ves.server_is_durable()
returns boolean
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
begin
  if 'off' in (current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')) then
    perform ves_int.raise_error('server_not_durable', jsonb_build_object(
      'fsync', current_setting('fsync'),
      'full_page_writes', current_setting('full_page_writes'),
      'synchronous_commit', current_setting('synchronous_commit')));
  end if;
  if current_setting('session_replication_role') <> 'origin' then
    perform ves_int.raise_error('database_unsuitable', jsonb_build_object(
      'setting', 'session_replication_role', 'found', current_setting('session_replication_role'), 'needed', 'origin'));
  end if;
  return true;
end
$$;

comment on function ves.server_is_durable() is
'True: a commit of this session is flushed before it is answered, and its changes are recorded and checked. Raises VE901 when fsync, full_page_writes or this session''s synchronous_commit is off, VE914 when its session_replication_role keeps triggers from running.';
