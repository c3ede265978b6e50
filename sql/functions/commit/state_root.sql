create or replace function ves_int.state_root(
  stream_id bytea, prev_state_root bytea, merkle_root bytea, sequence_start bigint, sequence_end bigint,
  leaf_count integer
)
returns bytea
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select sha256(
    'VES_STATE_ROOT_V1'::bytea || stream_id || prev_state_root || merkle_root
    || int8send(sequence_start) || int8send(sequence_end) || int4send(leaf_count)
  );
$$;

comment on function ves_int.state_root(bytea, bytea, bytea, bigint, bigint, integer) is 'new_state_root (VES 10.2).';
