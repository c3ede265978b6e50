-- An update of no row: the executor refuses it where the session may not write; otherwise nothing is written.
create or replace function ves.probe_write()
returns void
language sql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
  update ves_store.schema_state set singleton = singleton where false;
$$;

comment on function ves.probe_write() is
'Fails with 25006 where this session may not write (a standby, default_transaction_read_only); writes nothing. http-api 11.';
