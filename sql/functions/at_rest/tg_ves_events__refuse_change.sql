-- Two changes pass: another ciphertext, while ves_store.reencryptions names the transaction, and the
-- destruction of a payload that ves_store.shredded_payloads records. Only functions of the owner can write
-- those two tables.
create or replace function ves_int.tg_ves_events__refuse_change()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
declare
  v_before ves_store.ves_events := old;
begin
  if tg_op = 'UPDATE' and old.shredded_at is null then
    v_before.payload := new.payload;
    v_before.payload_encrypted := new.payload_encrypted;
    v_before.payload_at_rest := new.payload_at_rest;
    v_before.payload_key_id := new.payload_key_id;
    v_before.shredded_at := new.shredded_at;
    -- images, not values: json has no equality
    if v_before operator(pg_catalog.*=) new then
      if new.shredded_at is null and new.payload_at_rest is not null and new.payload is null and new.payload_encrypted is null
        and exists (
          select from ves_store.reencryptions as r where r.transaction_id = pg_current_xact_id()
        ) then
        return new;
      end if;
      if new.shredded_at is not null and exists (
        select from ves_store.shredded_payloads as s
        where s.tenant_id = old.tenant_id and s.store_id = old.store_id and s.stream = 'ves'
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

comment on function ves_int.tg_ves_events__refuse_change() is
'Refuses update and delete of stored events with VE501, but for the re-encryption of a payload and its recorded destruction.';
