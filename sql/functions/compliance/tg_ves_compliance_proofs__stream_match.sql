create or replace function ves_int.tg_ves_compliance_proofs__stream_match()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from ves_store.ves_events as e
    where e.event_id = new.event_id and e.tenant_id = new.tenant_id and e.store_id = new.store_id
  ) then
    perform ves_int.raise_error('proof_stream_mismatch');
  end if;
  return new;
end
$$;

comment on function ves_int.tg_ves_compliance_proofs__stream_match() is
'Refuses with VE623 a compliance proof whose event is not in the row''s stream (VES 19).';
