-- Locks (sql/README.md): as ves_int.count_open_letters.
create or replace function ves_int.tg_dead_letter_events__count_settled()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  perform ves_int.count_open_letters(new.tenant_id, new.store_id, new.legacy, new.consumer, -1);
  return null;
end
$$;

comment on function ves_int.tg_dead_letter_events__count_settled() is
'Counts a dead letter that was resolved or discarded, without waiting for other sessions.';
