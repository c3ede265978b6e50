-- Locks (sql/README.md): as ves_int.count_open_letters.
create or replace function ves_int.tg_dead_letter_events__count_added()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
declare
  v_limit constant bigint := (select l.max_rows from ves_store.limits as l where l.name = 'open_dead_letters');
  v_added record;
begin
  for v_added in
    select a.tenant_id, a.store_id, a.legacy, a.consumer, count(*) as letters
    from added as a
    group by a.tenant_id, a.store_id, a.legacy, a.consumer
  loop
    if ves_int.count_open_letters(
      v_added.tenant_id, v_added.store_id, v_added.legacy, v_added.consumer, v_added.letters) > v_limit then
      perform ves_int.raise_error(
        'quota_exceeded', jsonb_build_object('quota', 'open_dead_letters', 'limit', v_limit));
    end if;
  end loop;
  return null;
end
$$;

comment on function ves_int.tg_dead_letter_events__count_added() is
'Counts new dead letters and refuses them (VE912) if their consumer then has more open ones in the stream than limit open_dead_letters.';
