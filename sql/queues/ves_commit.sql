-- The queue of ranges that wait for a commitment. It only wakes: the tables decide.
do $$
begin
  if to_regclass('pgmq.q_ves_commit') is null then
    perform pgmq.create('ves_commit');
  end if;
end
$$;

-- Each read updates a row and each finish deletes one: keep the table small.
alter table pgmq.q_ves_commit set (
  fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000
);
-- A message carries the trace of its transaction (ves.mark_trace) to the workers.
alter table pgmq.q_ves_commit alter column headers set default (
  case
    when current_setting('ves.traceparent', true) <> ''
      then jsonb_build_object('traceparent', left(current_setting('ves.traceparent', true), 55))
  end
);
grant usage on schema pgmq to ves_owner;
grant select, insert, update, delete on pgmq.q_ves_commit to ves_owner;
grant select on pgmq.q_ves_commit_msg_id_seq to ves_owner;
-- pgmq's functions call each other as their caller; none is open to PUBLIC (sql/schemas/schemas.sql).
grant execute on all functions in schema pgmq to ves_owner;
