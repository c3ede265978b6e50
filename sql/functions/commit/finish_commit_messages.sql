create or replace function ves.finish_commit_messages(msg_ids bigint[])
returns bigint
language sql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
  select count(*) from pgmq.delete('ves_commit', msg_ids);
$$;

comment on function ves.finish_commit_messages(bigint[]) is 'Removes handled messages; answers how many were there. A repeat is harmless.';
