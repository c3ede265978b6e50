-- Destroys one payload in the live table. Hashes, leaf, receipt, proofs and commitments are other columns and
-- other rows: nothing that was signed or proved changes.
-- Locks (sql/README.md): the row of the event, then 7.
create or replace function ves.shred_payload(
  tenant_id uuid, store_id uuid, sequence_number bigint, reason text, stream text default 'ves',
  context jsonb default null
)
returns timestamptz
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_event_id uuid;
  v_shredded_at timestamptz;
begin
  if stream is null or stream not in ('ves', 'legacy') then
    perform ves_int.raise_error('invalid_field', '{"field": "stream"}', 'stream must be ves or legacy');
  end if;
  if reason is null or char_length(reason) not between 1 and 1000 then
    perform ves_int.raise_error('invalid_field', '{"field": "reason"}', 'reason must have 1 to 1000 characters');
  end if;
  if stream = 'ves' then
    select e.event_id, e.shredded_at into v_event_id, v_shredded_at
    from ves_store.ves_events as e
    where e.tenant_id = shred_payload.tenant_id and e.store_id = shred_payload.store_id
      and e.sequence_number = shred_payload.sequence_number
    for no key update;
  else
    select e.event_id, e.shredded_at into v_event_id, v_shredded_at
    from ves_store.events as e
    where e.tenant_id = shred_payload.tenant_id and e.store_id = shred_payload.store_id
      and e.sequence_number = shred_payload.sequence_number
    for no key update;
  end if;
  if v_event_id is null then
    perform ves_int.raise_error('event_not_found');
  end if;
  if v_shredded_at is not null then
    perform ves_int.raise_error(
      'payload_is_shredded', jsonb_build_object('sequence_number', shred_payload.sequence_number));
  end if;
  insert into ves_store.shredded_payloads values (
    shred_payload.tenant_id, shred_payload.store_id, stream, shred_payload.sequence_number, v_event_id, reason,
    left(coalesce(nullif(context ->> 'actor', ''), session_user::text), 256), v_now);
  if stream = 'ves' then
    update ves_store.ves_events as e
    set payload = null, payload_encrypted = null, payload_at_rest = null, payload_key_id = null, shredded_at = v_now
    where e.tenant_id = shred_payload.tenant_id and e.store_id = shred_payload.store_id
      and e.sequence_number = shred_payload.sequence_number;
  else
    update ves_store.events as e
    set payload = null, payload_at_rest = null, payload_key_id = null, shredded_at = v_now
    where e.tenant_id = shred_payload.tenant_id and e.store_id = shred_payload.store_id
      and e.sequence_number = shred_payload.sequence_number;
  end if;
  perform ves_int.audit(
    'custom:payload_shredded', shred_payload.tenant_id, 'event', v_event_id::text,
    jsonb_build_object(
      'store_id', shred_payload.store_id, 'stream', stream, 'sequence_number', shred_payload.sequence_number,
      'reason', reason),
    context);
  return v_now;
end
$$;

comment on function ves.shred_payload(uuid, uuid, bigint, text, text, jsonb) is
'Destroys the payload of one event for good (stream: ves or legacy), whatever form it is stored in, and records who, when and why (ves.shredded_payloads, audit). Hashes, leaf, receipt, proofs and commitments stay and stay verifiable; reads answer the event without its payload. Until VACUUM the dead row, and for as long as they are kept WAL, replicas that lag and backups, still hold what was stored: ciphertext, if it was encrypted at rest. Errors: VE007 reason or stream, VE513 destroyed before, VE609 unknown event.';
