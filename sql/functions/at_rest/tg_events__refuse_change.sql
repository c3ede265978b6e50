-- Guards the events of both streams. Two changes pass: another ciphertext, while ves_store.reencryptions
-- names the transaction, and the destruction of a payload that ves_store.shredded_payloads records. Only
-- functions of the owner can write those two tables. That one form of a payload is stored is a constraint of
-- both tables.
create or replace function ves_int.tg_events__refuse_change()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
declare
  -- What may change; the legacy table has no payload_encrypted.
  v_cleared constant jsonb := jsonb_build_object(
    'payload', null, 'payload_encrypted', null, 'payload_at_rest', null, 'payload_key_id', null, 'shredded_at', null);
begin
  if tg_op = 'UPDATE' and old.shredded_at is null then
    -- images, not values: json has no equality
    if jsonb_populate_record(old, v_cleared) operator(pg_catalog.*=) jsonb_populate_record(new, v_cleared) then
      if new.shredded_at is null and new.payload_at_rest is not null and exists (
        select from ves_store.reencryptions as r where r.transaction_id = pg_current_xact_id()
      ) then
        return new;
      end if;
      if new.shredded_at is not null and exists (
        select from ves_store.shredded_payloads as s
        where s.tenant_id = old.tenant_id and s.store_id = old.store_id
          and s.stream = case tg_table_name when 'events' then 'legacy' else 'ves' end
          and s.sequence_number = old.sequence_number and s.shredded_at = new.shredded_at
      ) then
        return new;
      end if;
    end if;
  end if;
  perform ves_int.raise_error('append_only', jsonb_build_object('table', tg_table_name, 'operation', lower(tg_op)));
  return null;
end
$$;

comment on function ves_int.tg_events__refuse_change() is
'Refuses update and delete of stored events with VE501, but for the re-encryption of a payload and its recorded destruction.';
