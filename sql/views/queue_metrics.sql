create or replace view ves.queue_metrics as
select 'ves_commit' as queue_name, count(*) as waiting, min(q.enqueued_at) as oldest_at
from pgmq.q_ves_commit as q;

comment on view ves.queue_metrics is 'Length and age of the queue of uncommitted ranges.';
