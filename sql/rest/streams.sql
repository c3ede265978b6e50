create or replace view rest.streams with (security_barrier) as
select
  c.tenant_id, c.store_id, c.current_sequence as head_sequence,
  coalesce((
    select b.sequence_end from ves_store.ves_commitments as b
    where b.tenant_id = c.tenant_id and b.store_id = c.store_id
    order by b.sequence_start desc limit 1
  ), 0) as committed_to,
  coalesce(l.current_sequence, 0) as legacy_head_sequence,
  greatest(c.updated_at, l.updated_at) as updated_at
from ves_store.ves_sequence_counters as c
left join ves_store.sequence_counters as l on c.tenant_id = l.tenant_id and c.store_id = l.store_id
where
  c.tenant_id = (select ves_int.claimed_tenant('read'))
  and coalesce(c.store_id = any((select ves_int.claimed_stores())::uuid[]), true);

comment on view rest.streams is 'Streams of the token''s tenant: heads of the VES and the legacy numbering, how far the VES stream is committed.';
