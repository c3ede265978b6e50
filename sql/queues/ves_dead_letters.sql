-- The schedule of retries: a message becomes visible when a dead letter is due. It only wakes: the table
-- decides.
do $$
begin
  if to_regclass('pgmq.q_ves_dead_letters') is null then
    perform pgmq.create('ves_dead_letters');
  end if;
end
$$;
-- A plan that walks it in order of time passes the messages of all other consumers.
drop index if exists pgmq.q_ves_dead_letters_vt_idx;
create index if not exists q_ves_dead_letters_consumer_idx
on pgmq.q_ves_dead_letters ((message ->> 'consumer'), vt, msg_id);
-- The turn of a tenant (ves_int.next_retry_tenant).
create index if not exists q_ves_dead_letters_tenant_idx
on pgmq.q_ves_dead_letters ((message ->> 'consumer'), (message ->> 'tenant_id'), vt, msg_id);
grant select, insert, update, delete on pgmq.q_ves_dead_letters to ves_owner;
