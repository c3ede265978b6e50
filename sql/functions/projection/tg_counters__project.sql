-- Fires in mode inline only: ves.set_projection_mode switches the trigger, so that other modes cost ingest
-- nothing. An append neither fails nor waits long because of a projection: what stops here, the worker does.
create or replace function ves_int.tg_counters__project()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
set lock_timeout to '50ms'
as $$
declare
  v_done record;
begin
  for v_attempt in 1 .. 2 loop
    select p.* into v_done from ves_int.project_stream(new.tenant_id, new.store_id, tg_argv[0], 1000) as p;
    exit when v_done.projected_to >= new.current_sequence;
  end loop;
  return null;
exception
  when others then
    return null;
end
$$;

comment on function ves_int.tg_counters__project() is
'Projects what the transaction has appended to a stream (ves or legacy: the argument), if at most 2,000 numbers wait and no other session holds the stream''s checkpoints for more than 50 ms.';
