-- Locks (sql/README.md): 1.
create or replace function ves_int.lock_range(
  tenant_id uuid, store_id uuid, sequence_start bigint, sequence_end bigint
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
begin
  if num_nulls(tenant_id, store_id, sequence_start, sequence_end) > 0 then
    perform ves_int.raise_error('missing_field', '{"field": "tenant_id, store_id, sequence_start, sequence_end"}');
  end if;
  perform pg_advisory_xact_lock(ves_int.stream_lock_key(tenant_id, store_id));
  if sequence_end < sequence_start then
    perform ves_int.raise_error('range_is_empty');
  end if;
end
$$;

comment on function ves_int.lock_range(uuid, uuid, bigint, bigint) is
'The first step of a commitment, of VES (10.3) or legacy events (17.3): takes the stream''s advisory lock until the end of the transaction. Errors: VE008 a null, VE601 end below start.';
