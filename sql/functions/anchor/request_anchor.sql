-- Locks (sql/README.md): a row of commitment_anchors.
create or replace function ves.request_anchor(tenant_id uuid, batch_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
#variable_conflict use_column
begin
  update ves_store.commitment_anchors as a
  set status = 'pending', call_id = null, reason = null, requested_at = least(a.requested_at, clock_timestamp())
  where a.batch_id = request_anchor.batch_id and a.anchor = 'chain'
    and coalesce(a.status in ('pending', 'contradicted'), false)
    and request_anchor.tenant_id in (a.tenant_id, '00000000-0000-0000-0000-000000000000');
  return found;
end
$$;

comment on function ves.request_anchor(uuid, uuid) is
'Asks for a commitment of either stream to be anchored before those of its tenant that nobody asked for (http-api 6); one that the contract contradicts is tried again. The nil tenant finds every commitment. Whether it waits now; false: it is under way, anchored, or unknown.';
