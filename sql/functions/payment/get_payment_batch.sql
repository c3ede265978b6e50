create or replace function ves.get_payment_batch(tenant_id uuid, batch_id uuid)
returns setof ves.payment_batch
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select (ves_int.payment_batch(b)).*
  from ves_store.x402_payment_batches as b
  where b.batch_id = get_payment_batch.batch_id
    and get_payment_batch.tenant_id in (b.tenant_id, '00000000-0000-0000-0000-000000000000');
$$;

comment on function ves.get_payment_batch(uuid, uuid) is
'A batch of payment intents (x402 A10); none for another tenant''s id. The nil tenant finds every batch.';
