-- An insert would wait for one of the same key: who makes cursors holds a lock of their tenant, and a key
-- that is there, though another transaction may be deleting it, is not inserted. ves.unsubscribe waits for
-- the lock, so what is seen of a subscription under it stays true.
-- Locks (sql/README.md): 4, the advisory lock of the making of cursors, unless it is taken.
create or replace function ves_int.make_cursors(tenant_ids uuid[], store_ids uuid[], consumers text[])
returns boolean
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_bitmapscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  -- in a statement before the one that looks at subscriptions
  v_locked constant boolean[] := array(
    select pg_try_advisory_xact_lock(ves_int.cursors_lock_key(m.tenant_id))
    from unnest(tenant_ids) with ordinality as m (tenant_id, number) order by m.number
  );
begin
  -- a key whose cursor somebody deleted alone would otherwise be met in every turn
  delete from ves_store.cursor_keys as k
  using unnest(tenant_ids, store_ids, consumers) as m (tenant_id, store_id, consumer)
  where k.tenant_id = m.tenant_id and k.store_id = m.store_id and k.consumer = m.consumer
    and not exists (
      select from ves_store.cursors as c
      where c.tenant_id = k.tenant_id and c.store_id = k.store_id and c.consumer = k.consumer
    );
  with created as (
    insert into ves_store.cursor_keys as k (tenant_id, store_id, consumer)
    select m.tenant_id, m.store_id, m.consumer
    from unnest(tenant_ids, store_ids, consumers, v_locked) as m (tenant_id, store_id, consumer, is_locked)
    where m.is_locked
      and not exists (
        select from ves_store.cursor_keys as h
        where h.tenant_id = m.tenant_id and h.store_id = m.store_id and h.consumer = m.consumer
      )
      and (not starts_with(m.consumer, 'sub/') or exists (
        select from ves_store.subscriptions as s
        where s.tenant_id = m.tenant_id and s.subscription_id = split_part(m.consumer, '/', 2)::bigint
      ))
    on conflict (tenant_id, store_id, consumer) do nothing
    returning k.*
  )
  insert into ves_store.cursors (tenant_id, store_id, consumer, head_sequence)
  select n.tenant_id, n.store_id, n.consumer, 0 from created as n;
  return found;
end
$$;

comment on function ves_int.make_cursors(uuid[], uuid[], text[]) is
'Makes cursors at 0 for consumers of streams, but those that are there, that another transaction makes, or of a subscription that is gone; whether it made any.';
