create or replace function ves.get_stream_state(tenant_id uuid, store_id uuid, legacy boolean default false)
returns table (head_sequence bigint, batch_id uuid)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    coalesce(case
      when legacy then (
        select c.current_sequence from ves_store.sequence_counters as c
        where c.tenant_id = get_stream_state.tenant_id and c.store_id = get_stream_state.store_id
      )
      else (
        select c.current_sequence from ves_store.ves_sequence_counters as c
        where c.tenant_id = get_stream_state.tenant_id and c.store_id = get_stream_state.store_id
      )
    end, 0),
    case
      when legacy then (
        select c.batch_id from ves_store.commitments as c
        where c.tenant_id = get_stream_state.tenant_id and c.store_id = get_stream_state.store_id
        order by c.sequence_start desc limit 1
      )
      else (
        select c.batch_id from ves_store.ves_commitments as c
        where c.tenant_id = get_stream_state.tenant_id and c.store_id = get_stream_state.store_id
        order by c.sequence_start desc limit 1
      )
    end;
$$;

comment on function ves.get_stream_state(uuid, uuid, boolean) is
'Head of a stream, 0 for an unknown one, and the commitment over its highest numbers (null: none), of the VES or the legacy stream (grpc-api 3.3).';
