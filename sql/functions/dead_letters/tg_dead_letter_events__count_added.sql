-- Within a transaction the row of one addition would be dead at the next and could not be removed: where the
-- last row of all is this transaction's own, it knows the sum, and the next one is added to it.
-- Rows that a concurrent addition replaces are skipped: they are missing in the check, not in the sum.
-- Locks (sql/README.md): rows of dead_letter_counts, skipping locked ones.
create or replace function ves_int.tg_dead_letter_events__count_added()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
as $$
declare
  v_limit constant bigint := (select l.max_rows from ves_store.limits as l where l.name = 'open_dead_letters');
  v_added record;
  v_open bigint;
begin
  for v_added in
    select a.tenant_id, a.store_id, a.legacy, a.consumer, count(*) as letters
    from added as a
    group by a.tenant_id, a.store_id, a.legacy, a.consumer
  loop
    v_open := (
      select case when o.counted_in = pg_current_xact_id() then o.open_letters end
      from ves_store.dead_letter_counts as o
      where o.tenant_id = v_added.tenant_id and o.store_id = v_added.store_id and o.consumer = v_added.consumer
        and o.legacy = v_added.legacy
      order by o.count_id desc
      limit 1
    ) + v_added.letters;
    if v_open is not null then
      insert into ves_store.dead_letter_counts (tenant_id, store_id, legacy, consumer, letters, open_letters)
      values (v_added.tenant_id, v_added.store_id, v_added.legacy, v_added.consumer, v_added.letters, v_open);
    else
      with replaced as (
        delete from ves_store.dead_letter_counts as c
        where c.ctid = any (array(
          select o.ctid from ves_store.dead_letter_counts as o
          where o.tenant_id = v_added.tenant_id and o.store_id = v_added.store_id and o.consumer = v_added.consumer
            and o.legacy = v_added.legacy
          for update skip locked
        ))
        returning c.letters
      ),
      counted as (
        select v_added.letters + coalesce(sum(r.letters), 0) as letters from replaced as r
      )
      insert into ves_store.dead_letter_counts as c (tenant_id, store_id, legacy, consumer, letters, open_letters)
      select v_added.tenant_id, v_added.store_id, v_added.legacy, v_added.consumer, n.letters, n.letters
      from counted as n
      returning c.open_letters into v_open;
    end if;
    if v_open > v_limit then
      perform ves_int.raise_error(
        'quota_exceeded', jsonb_build_object('quota', 'open_dead_letters', 'limit', v_limit));
    end if;
  end loop;
  return null;
end
$$;

comment on function ves_int.tg_dead_letter_events__count_added() is
'Counts new dead letters and refuses them (VE912) if their consumer then has more open ones in the stream than limit open_dead_letters.';
