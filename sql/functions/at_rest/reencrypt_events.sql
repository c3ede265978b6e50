create or replace function ves.reencrypt_events(
  tenant_id uuid default null, store_id uuid default null, batch_size integer default 500,
  cursor jsonb default null, dry_run boolean default false, force boolean default false,
  context jsonb default null
)
returns ves.reencrypt_step
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_stream constant text := case cursor ->> 'stream' when 'legacy' then 'legacy' else 'ves' end;
  v_step ves.reencrypt_step;
begin
  v_step := ves_int.reencrypt(
    v_stream, 'events', reencrypt_events.tenant_id, reencrypt_events.store_id, batch_size, cursor, dry_run,
    force, context);
  if v_step.next_cursor is not null then
    v_step.next_cursor := v_step.next_cursor || jsonb_build_object('stream', v_stream);
  elsif v_stream = 'ves' then
    v_step.next_cursor := '{"stream": "legacy"}';
  end if;
  return v_step;
end
$$;

comment on function ves.reencrypt_events(uuid, uuid, integer, jsonb, boolean, boolean, jsonb) is
'Re-encrypts one batch of stored payloads, the VES stream first, then the legacy one, under the current keys of the server''s key ring (VES 16); all tenants, one, or one store. Rows under the current key are skipped unless force; rows in plaintext are encrypted; rows that another transaction holds are left for the next run. Content that does not open or does not match its hash stops the batch (nothing of it is changed). Each call is one transaction: after a kill start again without a cursor. Errors: VE007 batch_size, VE204 in core mode, VE510, VE511 no key, VE512.';
