create or replace function ves_int.tg_payment_intents__seal_record()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  new.record_hash := ves_int.payment_record_hash(new);
  return new;
end
$$;

comment on function ves_int.tg_payment_intents__seal_record() is 'Sets the record hash of a new payment intent.';
