create or replace function ves_int.tg_ves_validity_proofs__stream_match()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from ves_store.ves_commitments as c
    where c.batch_id = new.batch_id and c.tenant_id = new.tenant_id and c.store_id = new.store_id
  ) then
    perform ves_int.raise_error('proof_stream_mismatch');
  end if;
  return new;
end
$$;

comment on function ves_int.tg_ves_validity_proofs__stream_match() is
'Refuses with VE623 a validity proof whose commitment is not in the row''s stream (VES 19).';
