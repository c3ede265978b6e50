create or replace function ves.server_is_durable()
returns boolean
language plpgsql
stable
security definer
set search_path to ''
as $$
begin
  if current_setting('fsync') = 'off' or current_setting('full_page_writes') = 'off' then
    perform ves_int.raise_error('server_not_durable', jsonb_build_object(
      'fsync', current_setting('fsync'), 'full_page_writes', current_setting('full_page_writes')));
  end if;
  return current_setting('synchronous_commit') not in ('off');
end
$$;

comment on function ves.server_is_durable() is
'True when a commit of this session is flushed before it is answered. Raises VE901 when the server has fsync or full_page_writes off.';
