-- Each row is found by its last version: those before it are dead, and many (as in ves_int.lock_cursor).
-- A row that another transaction changes is not waited for: the change goes to another one, or to a new one.
-- What is not committed is missing in the answer, not in the sum.
-- Locks (sql/README.md): a row of dead_letter_counts, skipping locked ones.
create or replace function ves_int.count_open_letters(
  tenant_id uuid, store_id uuid, legacy boolean, consumer text, change bigint
)
returns bigint
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
as $$
#variable_conflict use_column
declare
  v_open bigint := change;
  v_row record;
  v_before bigint := 9223372036854775807;
  v_free tid;
begin
  loop
    select c.ctid as place, c.count_id, c.letters into v_row
    from ves_store.dead_letter_counts as c
    where c.tenant_id = count_open_letters.tenant_id and c.store_id = count_open_letters.store_id
      and c.consumer = count_open_letters.consumer and c.legacy = count_open_letters.legacy and c.count_id < v_before
    order by c.count_id desc, c.changes desc
    limit 1;
    exit when not found;
    v_before := v_row.count_id;
    v_open := v_open + v_row.letters;
    if v_free is null and change <> 0 then
      select c.ctid into v_free from ves_store.dead_letter_counts as c where c.ctid = v_row.place
      for update skip locked;
    end if;
  end loop;
  if v_free is not null then
    update ves_store.dead_letter_counts as c set letters = c.letters + change, changes = c.changes + 1
    where c.ctid = v_free;
  elsif change <> 0 then
    insert into ves_store.dead_letter_counts (tenant_id, store_id, legacy, consumer, letters)
    values (
      count_open_letters.tenant_id, count_open_letters.store_id, count_open_letters.legacy, count_open_letters.consumer,
      change
    );
  end if;
  return v_open;
end
$$;

comment on function ves_int.count_open_letters(uuid, uuid, boolean, text, bigint) is
'How many open dead letters a consumer has in a stream after a change of so many, which is recorded; 0: none.';
