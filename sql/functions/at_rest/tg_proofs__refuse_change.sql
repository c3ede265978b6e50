-- One change passes: another ciphertext of the proof, while ves_store.reencryptions names the transaction.
create or replace function ves_int.tg_proofs__refuse_change()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
declare
  v_before record;
begin
  if tg_op = 'UPDATE' and exists (
    select from ves_store.reencryptions as r where r.transaction_id = pg_current_xact_id()
  ) then
    v_before := old;
    v_before.proof := new.proof;
    v_before.proof_key_id := new.proof_key_id;
    -- images, not values: json has no equality
    if new.proof_key_id is not null and v_before operator(pg_catalog.*=) new then
      return new;
    end if;
  end if;
  perform ves_int.raise_error('append_only', jsonb_build_object('table', tg_table_name, 'operation', lower(tg_op)));
  return null;
end
$$;

comment on function ves_int.tg_proofs__refuse_change() is
'Refuses update and delete of stored proofs with VE501, but for the re-encryption of their bytes.';
